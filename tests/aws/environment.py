"""An environment on an emulated account: its names, and what its stack would create."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from resources.account.aws_names import LAYER_OF, LAYERS, AwsNames
from resources.account.client import client
from resources.dynamodb.ledger_table import ledger_definition
from resources.dynamodb.table import definition

ACCOUNT = "123456789012"
REGION = "eu-central-1"
CARD_KEY = "c0" * 32
_NUMBERS = itertools.count(1)


def variables_of(endpoint: str, names: AwsNames) -> dict[str, str]:
    """Return the environment variables of a process that works in this environment."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": names.region,
        "AWS_DEFAULT_REGION": names.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CUSTOMER360_DEPLOYMENT": f"aws://{names.account}/{names.region}/{names.environment}",
    }


@contextmanager
def new_environment(endpoint: str) -> Iterator[AwsNames]:
    """Yield an environment of this test alone, fully created; the process's variables name it."""
    number = f"{os.getpid() % 10_000}n{next(_NUMBERS)}"
    names = AwsNames(account=ACCOUNT, region=REGION, environment=f"branch-{number}")
    with mock.patch.dict(os.environ, variables_of(endpoint, names)):
        for variable in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "CUSTOMER360_CARD_KEY"):
            os.environ.pop(variable, None)
        create(names)
        yield names


def create(names: AwsNames) -> None:
    """Create the buckets, queue, tables, databases and secrets of an environment."""
    s3, glue, secrets = (client(s, names.region) for s in ("s3", "glue", "secretsmanager"))
    for layer in LAYERS:
        bucket = names.bucket(layer)
        place = {"LocationConstraint": names.region}
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for schema in LAYER_OF:
        database = {
            "Name": names.database(schema),
            "LocationUri": names.schema_location(schema),
        }
        glue.create_database(DatabaseInput=database)
    temporary = {"Name": names.temporary_database, "LocationUri": names.temporary}
    glue.create_database(DatabaseInput=temporary)
    for table in (definition(names), ledger_definition(names)):
        client("dynamodb", names.region).create_table(**table)
    client("sqs", names.region).create_queue(QueueName=names.landing_queue)
    secrets.create_secret(Name=names.card_key_secret, SecretString=CARD_KEY)
    for secret in (names.core_banking_secret, names.crm_secret):
        secrets.create_secret(Name=secret, SecretString="{}")

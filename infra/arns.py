"""ARNs made from an environment's names, for policies that cannot refer to the resource."""

from __future__ import annotations

from resources.account.aws_names import LAYER_OF, LAYERS, AwsNames

SCHEMAS = tuple(LAYER_OF)


def of(names: AwsNames, service: str, rest: str) -> str:
    """Return the ARN of a resource of a service in the environment's region."""
    return f"arn:aws:{service}:{names.region}:{names.account}:{rest}"


def root(names: AwsNames) -> str:
    """Return the ARN of the account itself."""
    return f"arn:aws:iam::{names.account}:root"


def bucket(name: str) -> str:
    """Return a bucket's ARN."""
    return f"arn:aws:s3:::{name}"


def under(address: str) -> str:
    """Return the ARN of all objects under an s3:// address."""
    return f"arn:aws:s3:::{address.removeprefix('s3://')}/*"


def buckets(names: AwsNames) -> list[str]:
    """Return the ARNs of the buckets of the layers."""
    return [bucket(names.bucket(layer)) for layer in LAYERS]


def warehouses(names: AwsNames) -> list[str]:
    """Return the ARNs of the objects of all tables."""
    return [under(f"s3://{names.bucket(layer)}/warehouse") for layer in LAYERS]


def databases(names: AwsNames) -> list[str]:
    """Return the ARNs of the environment's Glue databases."""
    return [names.database(schema) for schema in SCHEMAS] + [names.temporary_database]


def catalog(names: AwsNames) -> list[str]:
    """Return the ARNs of the Glue catalog and of the environment's databases and tables in it."""
    owned = databases(names)
    return [
        of(names, "glue", "catalog"),
        *(of(names, "glue", f"database/{name}") for name in owned),
        *(of(names, "glue", f"table/{name}/*") for name in owned),
    ]


def workgroup(names: AwsNames, name: str) -> str:
    """Return the ARN of an Athena workgroup."""
    return of(names, "athena", f"workgroup/{name}")


def data_catalog(names: AwsNames) -> str:
    """Return the ARN of Athena's data catalog over Glue."""
    return of(names, "athena", "datacatalog/AwsDataCatalog")


def secret(names: AwsNames, name: str) -> str:
    """Return the ARN of a secret: Secrets Manager appends six characters of its own."""
    return of(names, "secretsmanager", f"secret:{name}-??????")


def executions(names: AwsNames) -> str:
    """Return the ARN of the state machine's executions."""
    return of(names, "states", f"execution:{names.state_machine}:*")


def log_group(names: AwsNames, name: str) -> str:
    """Return the ARN of a log group."""
    return of(names, "logs", f"log-group:{name}")

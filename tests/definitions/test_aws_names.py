"""No environment can name what another environment owns; a wrong address is refused in one line."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from resources.account.aws_names import LAYER_OF, LAYERS, AwsNames
from resources.deployment.deployment import DeploymentError, deployment
from tests.patience import PATIENCE

ACCOUNT = "1" * 12
REGIONS = ("eu-central-1", "us-east-1")
# Slugs that could be part of another environment's name: services, layers, schemas, scripts.
SLUGS = (
    *("x", "a1", "prod", "staging", "branch", "raw", "stage", "analytics", "logs", "temporary"),
    *("spark", "queries", "code", "location", "lake", "glue", "emr", "landing", "dead", "alarms"),
    *("customer", "core", "banking", "card", "token", "key", "dimension", "profile", "history"),
    "ledger",
)
ENVIRONMENTS = ("prod", "staging", "branch", *(f"branch-{slug}" for slug in SLUGS))
PREFIXES = ("customer360", "c36", "prod", "branch")
SCRIPTS = ("customer_360", "customer_history", "core_banking_transactions")
SERVICES = (
    *("code-location", "queries", "glue", "emr", "spark", "lake-formation"),
    *("analyst", "steward", "location", "formation"),
)
ARGUMENTS: dict[str, list[tuple[str, ...]]] = {
    "bucket": [(layer,) for layer in LAYERS],
    "database": [(schema,) for schema in (*LAYER_OF, "temporary")],
    "schema_location": [(schema,) for schema in LAYER_OF],
    "table_location": [(schema, table) for schema in LAYER_OF for table in ("card", "account")],
    "glue_job": [(script,) for script in SCRIPTS],
    "log_group": [(service,) for service in SERVICES],
    "reader_results": [(service,) for service in SERVICES],
    "reader_workgroup": [(service,) for service in SERVICES],
    "role": [(service,) for service in SERVICES],
    "stack": [("foundation",), ("platform",)],
    "role_arn": [(service,) for service in SERVICES],
}
NOT_A_NAME = {"parse", "tags", "account", "region", "environment", "prefix"}


def _environments() -> Iterator[AwsNames]:
    for prefix, region, environment in itertools.product(PREFIXES, REGIONS, ENVIRONMENTS):
        with suppress(ValueError):  # an environment whose bucket would be longer than S3 allows
            yield AwsNames(account=ACCOUNT, region=region, environment=environment, prefix=prefix)


def _names(of: AwsNames) -> dict[tuple[str, ...], str]:
    """Every name that there is, by how it is asked for."""
    found: dict[tuple[str, ...], str] = {}
    for name, member in vars(AwsNames).items():
        if name.startswith(("_", "model_")) or name in NOT_A_NAME:
            continue
        if isinstance(member, property):
            found[(name,)] = getattr(of, name)
        elif callable(member):
            for arguments in ARGUMENTS[name]:  # a method that is new here is a KeyError
                found[(name, *arguments)] = getattr(of, name)(*arguments)
    return found


def test_every_name_there_is_is_looked_at() -> None:
    looked_at = {key[0] for key in _names(next(_environments()))}
    assert {"bucket", "database", "workgroup", "state_machine_arn", "role", "landing_queue"} <= (
        looked_at
    )
    assert len(looked_at) > 25
    assert {names.environment for names in _environments()} == set(ENVIRONMENTS)


def test_no_environment_names_what_another_owns() -> None:
    owners: dict[tuple[str, str], tuple[str, str, str]] = {}
    clashes = []
    for names in _environments():
        me = (names.prefix, names.region, names.environment)
        for asked, name in _names(names).items():
            # A name of one kind, whatever it was asked for, is one environment's. Regions part
            # all but what is one per account (roles) or per world (buckets).
            everywhere = asked[0] in ("bucket", "access_logs", "landing", "archive", "temporary")
            kind = asked[0] if everywhere else f"{asked[0]} {names.region}"
            owner = owners.setdefault((kind, name), me)
            if owner != me:
                clashes.append(f"{kind} {name}: {owner} and {me}")
    assert clashes == []


def test_a_clash_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        AwsNames,
        "workgroup",
        property(lambda self: f"{self.prefix}-{self.environment.split('-')[0]}"),
    )
    with pytest.raises(AssertionError, match="workgroup"):
        test_no_environment_names_what_another_owns()


@pytest.mark.parametrize("environment", ["prod", "branch", "branch-x"])
def test_no_place_of_an_environment_lies_in_a_place_of_another(environment: str) -> None:
    mine = AwsNames(account=ACCOUNT, region="eu-central-1", environment=environment)
    places = [n for n in _names(mine).values() if n.startswith("s3://")]
    assert places
    for other in _environments():
        if other == mine:
            continue
        for place in (n for n in _names(other).values() if n.startswith("s3://")):
            assert not place.startswith(tuple(f"{p}/" for p in places)), (place, other)


def test_the_keys_of_tags_are_those_of_deployed_accounts() -> None:
    names = AwsNames(account=ACCOUNT, region="eu-central-1", environment="prod")
    assert names.tags == {"application": "customer360", "stage": "prod"}


def test_names_that_aws_accepts() -> None:
    for names in _environments():
        found = _names(names)
        for asked, name in found.items():
            if asked[0] in ("bucket", "access_logs"):
                assert len(name) <= 63, name
            if asked[0] == "role":
                assert len(name) <= 64, name
            if asked[0] in ("database", "temporary_database"):
                assert name.replace("_", "").isalnum(), name
                assert name == name.lower(), name
            if asked[0] in ("landing_queue", "dead_letters"):
                assert len(name) <= 80, name


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("prod", "aws://<account>/<region>/<environment>"),
        ("s3://111111111111/eu-central-1/prod", "aws://<account>/<region>/<environment>"),
        ("aws://111111111111/eu-central-1", "aws://<account>/<region>/<environment>"),
        ("aws://111111111111/eu-central-1/prod/x", "aws://<account>/<region>/<environment>"),
        (
            "aws://111111111111/eu-central-1/prod?environment=x",
            "aws://<account>/<region>/<environment>",
        ),
        ("aws://111111111111/eu-central-1/prod#x", "aws://<account>/<region>/<environment>"),
        ("aws://111111111111/eu-central-1/prod?prefix=aa&prefix=bb", "aws://<account>/<region>"),
        ("aws://1111/eu-central-1/prod", "the account is 12 digits"),
        ("aws://user:secret@111111111111/eu-central-1/prod", "the account is 12 digits"),
        ("aws://111111111111/frankfurt/prod", "the region is one like eu-central-1"),
        ("aws://111111111111/eu-central-1/dev", "the environment is prod, staging, branch"),
        ("aws://111111111111/eu-central-1/branch-A", "the environment is prod, staging, branch"),
        ("aws://111111111111/eu-central-1/branch-a-b", "the environment is prod, staging, branch"),
        ("aws://111111111111/eu-central-1/prod?prefix=", "the prefix is 2 to 20"),
        ("aws://111111111111/eu-central-1/prod?prefix=a_b", "the prefix is 2 to 20"),
        (
            "aws://111111111111/ap-southeast-2/branch-abcdefghijkl",
            "S3 allows 63: shorten the prefix or the branch",
        ),
    ],
)
def test_a_wrong_address_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str, says: str
) -> None:
    monkeypatch.setenv("CUSTOMER360_DEPLOYMENT", address)
    with pytest.raises(DeploymentError) as refused:
        deployment(tmp_path)
    message = str(refused.value)
    assert message.startswith("CUSTOMER360_DEPLOYMENT is 'local', else it is aws://")
    assert says in message
    assert "\n" not in message
    assert "secret" not in message


LOOK = """
import json, sys

seen = {"sockets": [], "files": []}

def note(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        seen["sockets"].append(str(args[-1]))
    elif event == "open" and isinstance(args[0], str):
        seen["files"].append(args[0])

import dagster
before = {name.split(".")[0] for name in sys.modules}
sys.addaudithook(note)
from customer360_assets.definitions import defs
found = defs()
assets = len(list(found.resolve_all_asset_specs()))
seen["assets"] = assets
seen["loaded"] = sorted({name.split(".")[0] for name in sys.modules} - before)
print(json.dumps(seen))
"""


def _look(tmp_path: Path, look: str = LOOK) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", look],
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
            "CUSTOMER360_HOME": str(tmp_path / "home"),
            "CUSTOMER360_DEPLOYMENT": f"aws://{ACCOUNT}/eu-central-1/branch-x",
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _credentials(found: dict[str, Any], tmp_path: Path) -> list[str]:
    return [f for f in found["files"] if f.startswith(str(tmp_path)) or "/.aws/" in f]


@pytest.mark.slow
def test_a_code_location_on_aws_loads_without_a_call_or_a_credential(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[default]\n", "utf-8")
    found = _look(tmp_path)
    assert found["assets"] > 20
    assert found["sockets"] == []
    assert _credentials(found, tmp_path) == []
    assert {"boto3", "botocore", "pyiceberg", "duckdb", "pysail"} & set(found["loaded"]) == set()


@pytest.mark.slow
def test_a_credential_that_is_read_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[default]\n", "utf-8")
    planted = "import boto3\nboto3.Session().get_credentials()\nprint(json.dumps(seen))"
    found = _look(tmp_path, LOOK.replace("print(json.dumps(seen))", planted))
    assert _credentials(found, tmp_path) != []

"""Deliveries on S3: taken in and parsed by one worker, known to another, as in a folder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from customer360_assets.deliveries.intake.take_in import take_in
from customer360_assets.deliveries.log import DeliveryLog
from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.deployment.card_token import CardKeyError, key_of
from resources.deployment.deployment import Deployment
from resources.dynamodb.ledger import DynamoLedger
from resources.embedded.sqlite_ledger import SqliteLedger
from resources.files.folder_archive import LocalArchive
from resources.files.folder_landing import LocalLanding
from resources.protocols.ledger import Receipt
from resources.s3.archive import S3Archive
from resources.s3.landing import S3Landing
from tests.aws.environment import CARD_KEY

WORKSHOP = Path(__file__).parents[4] / "shared" / "data" / "workshop"
TODAY = dt.date(2024, 5, 23)
FEEDS = {"card", "crm_customer", "web_visitor_map"}

pytestmark = pytest.mark.skipif(not WORKSHOP.exists(), reason=f"no real deliveries in {WORKSHOP}")


@pytest.fixture
def landed(aws: AwsNames) -> None:
    s3 = client("s3", aws.region)
    for path in sorted(p for p in WORKSHOP.rglob("*") if p.is_file()):
        key = f"landing/{path.relative_to(WORKSHOP).as_posix()}"
        s3.put_object(Bucket=aws.bucket("raw"), Key=key, Body=path.read_bytes())


def on_aws(aws: AwsNames, home: Path) -> DeliveryLog:
    deployment = Deployment(home=home, aws=aws)
    archive = S3Archive(deployment.archive_dir, deployment.lake_dir, aws)
    ledger = DynamoLedger(aws.ledger_table, aws.region, aws.archive)
    return DeliveryLog.of(deployment, S3Landing(aws.landing, aws.region), archive, ledger)


def registered(log: DeliveryLog, feeds: set[str]) -> tuple[Receipt, ...]:
    """Archive what is new, and parse nothing yet; give the receipts."""
    wanted = {feed: log.feeds[feed] for feed in feeds}
    return take_in(log.landing, log.archive, log.ledger, wanted, TODAY).taken


def raw_rows(folder: Path, feed: str) -> list[tuple[object, ...]]:
    files = [str(p) for p in sorted((folder / "raw" / feed / "data").rglob("*.parquet"))]
    return duckdb.execute("SELECT * FROM read_parquet(?) ORDER BY ALL", [files]).fetchall()


@pytest.mark.usefixtures("landed")
def test_another_worker_knows_what_one_has_parsed(
    aws: AwsNames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = on_aws(aws, tmp_path / "one"), on_aws(aws, tmp_path / "two")
    assert len(registered(one, FEEDS)) == 3
    assert registered(two, FEEDS) == ()
    assert {len(two.known()[feed].outstanding) for feed in FEEDS} == {1}
    for feed in FEEDS:
        one.settled(feed)
    assert not any(two.known()[feed].outstanding for feed in FEEDS)
    assert two.manifest() == one.manifest()
    assert not list((tmp_path / "two").rglob("*.parquet"))
    assert not list((tmp_path / "two" / "archive").rglob("content/*/*"))

    monkeypatch.setenv("CUSTOMER360_CARD_KEY", CARD_KEY)
    local = Deployment(home=tmp_path / "local")
    archive, ledger = LocalArchive(local.archive_dir), SqliteLedger(local.ledger_path)
    here = DeliveryLog.of(local, LocalLanding(WORKSHOP), archive, ledger)
    here.take_in(TODAY, FEEDS)
    for feed in FEEDS:
        here.settled(feed)
        assert raw_rows(tmp_path / "one" / "lake", feed) == raw_rows(local.lake_dir, feed)
    assert here.manifest() == one.manifest()


@pytest.mark.usefixtures("landed")
def test_a_worker_with_an_empty_home_parses_from_the_archive(aws: AwsNames, tmp_path: Path) -> None:
    registered(on_aws(aws, tmp_path / "one"), {"card"})
    two = on_aws(aws, tmp_path / "two")
    settled = two.settled("card")
    assert settled is not None
    (row,) = settled.manifest()
    assert (row["status"], row["loaded"] + row["quarantined"]) == ("loaded", row["records"])
    found = client("s3", aws.region).list_objects_v2(
        Bucket=aws.bucket("raw"), Prefix="warehouse/raw/card/"
    )
    assert {item["Key"].rpartition(".")[2] for item in found["Contents"]} == {"parquet"}


def test_the_key_is_that_of_the_environment_whatever_the_variable_says(
    aws_deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUSTOMER360_CARD_KEY", "ab" * 32)
    assert key_of(aws_deployment).secret == bytes.fromhex(CARD_KEY)
    assert key_of(Deployment(home=aws_deployment.home)).secret == b"\xab" * 32
    assert not aws_deployment.key_path.exists()


def test_an_environment_without_a_key_says_how_it_gets_one(aws: AwsNames, tmp_path: Path) -> None:
    secrets = client("secretsmanager", aws.region)
    deployment = Deployment(home=tmp_path, aws=aws)
    secrets.put_secret_value(SecretId=aws.card_key_secret, SecretString="not a key 4711")
    with pytest.raises(CardKeyError, match="is not a key in hex digits") as raised:
        key_of(deployment)
    assert "4711" not in str(raised.value)
    secrets.delete_secret(SecretId=aws.card_key_secret, ForceDeleteWithoutRecovery=True)
    with pytest.raises(CardKeyError, match="put-secret-value"):
        key_of(deployment)

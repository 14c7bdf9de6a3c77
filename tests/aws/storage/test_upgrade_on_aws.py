"""An environment whose receipts are objects of its archive, as an earlier release has left it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from typer.testing import CliRunner

from customer360_assets.cli.main import app
from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.account.errors import AwsError
from resources.deployment.whereabouts import LAYOUT
from resources.dynamodb.ledger import DynamoLedger
from resources.dynamodb.ledger_table import layout_key
from resources.protocols.ledger import FileState, LedgerError, Receipt
from tests.aws.whole.hooks import on_request

DAY = dt.date(2024, 5, 1)
COUNT = 120


def old_receipt(feed: str, seq: int) -> dict[str, Any]:
    """Return a receipt as the earlier release wrote it."""
    dates = {"run_date": "2024-05-02", "business_date": "2024-05-01" if seq % 2 else None}
    reason = None if seq % 2 else "no business date: x"
    digest = f"{seq:064x}"
    file = {"file": f"{feed}/{seq}.csv", "bytes": seq, "sha256": digest}
    return {"feed": feed, "seq": seq, **file, **dates, "refused": reason}


def receipt(feed: str, seq: int) -> Receipt:
    date, reason = (DAY, None) if seq % 2 else (None, "no business date: x")
    file, digest = f"{feed}/{seq}.csv", f"{seq:064x}"
    return Receipt(feed, seq, file, seq, digest, dt.date(2024, 5, 2), date, reason)


def old_result(number: int) -> dict[str, Any]:
    return {"delivery_id": f"card-{number:06d}", "fingerprint": "f" * 64, "status": "loaded"}


@pytest.fixture
def old(aws: AwsNames) -> AwsNames:
    """Return an environment with what an earlier release kept in its bucket."""
    objects = {
        f"archive/receipts/{feed}/{seq:08d}.json": old_receipt(feed, seq)
        for feed, count in (("card", COUNT), ("card_2", 1))
        for seq in range(1, count + 1)
    }
    objects |= {
        f"warehouse/raw/card/data/card-{n:06d}-ffffffff/parsed.json": old_result(n) for n in (1, 2)
    }
    objects |= {
        "archive/seen/card.json": {"card/1.csv": ["1 x", "a" * 64]},
        "archive/seen/card.taken.json": {"card/1.csv": ["1 x", "a" * 64]},
        "warehouse/raw/card/data/card-000003-ffffffff/rows.parquet": {},
    }
    texts = {key: json.dumps(value) for key, value in objects.items()}
    texts["warehouse/raw/card/data/card-000004-ffffffff/parsed.json"] = '{"delivery_id": "ca'
    texts |= {"archive/notes/card_token_key": "identity", "archive/content/aa/aa": "bytes"}
    s3 = client("s3", aws.region)
    for key, text in texts.items():
        s3.put_object(Bucket=aws.bucket("raw"), Key=key, Body=text.encode())
    return aws


def ledger_of(names: AwsNames) -> DynamoLedger:
    return DynamoLedger(names.ledger_table, names.region, names.archive)


def upgrade(code: int = 0) -> str:
    done = CliRunner().invoke(app, ["upgrade"])
    assert done.exit_code == code, done.output
    return done.output


def item_count(names: AwsNames) -> int:
    pages = client("dynamodb", names.region).get_paginator("scan")
    found = pages.paginate(TableName=names.ledger_table, Select="COUNT")
    return sum(page["Count"] for page in found)


def assert_is_upgraded(names: AwsNames) -> None:
    ledger = ledger_of(names)
    assert ledger.receipts("card") == [receipt("card", n) for n in range(1, COUNT + 1)]
    assert ledger.receipts("card_2") == [receipt("card_2", 1)]
    assert [json.loads(r.text) for r in ledger.results("card")] == [old_result(1), old_result(2)]
    for moment in ("seen", "taken"):
        assert ledger.states("card", moment) == {"card/1.csv": FileState("1 x", "a" * 64)}
    assert ledger.noted("card_token_key") == "identity"
    assert ledger.register([receipt("card", COUNT + 1)])


def test_what_was_in_the_bucket_is_in_the_ledger(old: AwsNames) -> None:
    copied, done = upgrade().splitlines()
    assert copied == "Ledger: 121 receipts and 2 results of parsing copied into it."
    assert done.startswith(f"The environment {old.base} has layout {LAYOUT} now.")
    assert_is_upgraded(old)
    before = item_count(old)
    assert upgrade().splitlines() == [
        f"The environment {old.base} has the layout of this release ({LAYOUT}): nothing to upgrade."
    ]
    assert item_count(old) == before


@pytest.mark.parametrize(
    "written", [4, *(pytest.param(n, marks=pytest.mark.slow) for n in (0, 1, 2, 3, 5, 6, 7, 8))]
)
def test_an_upgrade_that_is_killed_is_repeated(old: AwsNames, written: int) -> None:
    dynamo, left = client("dynamodb", old.region), iter(range(written))

    def die(params: dict[str, Any]) -> dict[str, Any]:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return params

    with (
        on_request(dynamo, "TransactWriteItems", die),
        on_request(dynamo, "BatchWriteItem", die),
    ):
        CliRunner().invoke(app, ["upgrade"])
    with pytest.raises(LedgerError, match="run customer360 upgrade"):
        ledger_of(old).receipts("card")
    upgrade()
    assert_is_upgraded(old)


def test_it_is_refused_until_it_is_upgraded(old: AwsNames) -> None:
    for ask in (
        lambda ledger: ledger.begin(),
        lambda ledger: ledger.receipts("card"),
        lambda ledger: ledger.register([receipt("new", 1)]),
        lambda ledger: ledger.states("card", "seen"),
        lambda ledger: ledger.noted("card_token_key"),
    ):
        with pytest.raises(LedgerError, match="run customer360 upgrade") as raised:
            ask(ledger_of(old))
        assert "\n" not in str(raised.value)
    assert item_count(old) == 0


@pytest.mark.slow
def test_a_receipt_that_is_missing_or_damaged_is_named(old: AwsNames) -> None:
    s3, bucket = client("s3", old.region), old.bucket("raw")
    where = {"Bucket": bucket, "Key": "archive/receipts/card/00000070.json"}
    s3.put_object(**where, Body=b'{"feed": "card", "file": "4711"')
    said = " ".join(upgrade(1).split())
    assert f"The receipt s3://{bucket}/{where['Key']} is damaged" in said
    assert "4711" not in said
    s3.delete_object(**where)
    said = " ".join(upgrade(1).split())
    assert "Receipts of feed card are missing in the archive: their numbers have a gap" in said
    s3.put_object(**where, Body=json.dumps(old_receipt("card", 70)).encode())
    upgrade()
    assert_is_upgraded(old)


def test_a_new_environment_is_in_use_at_once(aws: AwsNames) -> None:
    assert ledger_of(aws).receipts("card") == []
    assert "nothing to upgrade" in upgrade()
    client("s3", aws.region).put_object(
        Bucket=aws.bucket("raw"), Key="archive/content/aa/aa", Body=b"bytes"
    )
    assert ledger_of(aws).register([receipt("card", 1)])


def test_a_table_that_was_lost_is_not_taken_for_new(old: AwsNames) -> None:
    from resources.dynamodb.ledger_table import ledger_definition

    upgrade()
    dynamo = client("dynamodb", old.region)
    dynamo.delete_table(TableName=old.ledger_table)
    with pytest.raises(AwsError, match="it does not exist"):
        ledger_of(old).receipts("card")
    dynamo.create_table(**ledger_definition(old))
    with pytest.raises(LedgerError, match="restore the table to a point in time"):
        ledger_of(old).receipts("card")
    # The objects of the earlier release lack what has come since.
    assert "restore the table to a point in time" in " ".join(upgrade(1).split())


@pytest.mark.parametrize(
    ("layout", "says"),
    [(LAYOUT + 1, "use the newer release"), (LAYOUT - 1, "run customer360 upgrade")],
)
def test_a_table_of_another_release_is_refused(aws: AwsNames, layout: int, says: str) -> None:
    item = {**layout_key(), "layout_number": {"N": f"{layout}"}}
    client("dynamodb", aws.region).put_item(TableName=aws.ledger_table, Item=item)
    with pytest.raises(LedgerError, match=says):
        ledger_of(aws).receipts("card")
    assert (says in " ".join(upgrade(int(layout > LAYOUT)).split())) == (layout > LAYOUT)


def test_a_ledger_in_use_is_looked_at_in_one_request(aws: AwsNames) -> None:
    ledger_of(aws).begin()
    s3, dynamo, asked = client("s3", aws.region), client("dynamodb", aws.region), list[str]()

    def note(params: dict[str, Any]) -> dict[str, Any]:
        asked.append(str(params.get("Key", params)))
        return params

    ledger = ledger_of(aws)
    with on_request(s3, "ListObjectsV2", note), on_request(dynamo, "GetItem", note):
        for _ in range(3):
            ledger.noted("key")
    assert [key.count("layout") for key in asked] == [1, 0, 0, 0]

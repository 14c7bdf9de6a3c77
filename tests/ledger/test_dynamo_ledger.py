"""What only the ledger on DynamoDB can meet: throttling, conflicts, requests that come in part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.account.errors import AwsError
from resources.dynamodb import ledger_requests
from resources.dynamodb.ledger import DynamoLedger
from resources.dynamodb.ledger_table import SUBJECT, counter_key
from resources.protocols.ledger import FileState, LedgerError
from tests.aws.whole.hooks import on_answer, on_request, refused
from tests.ledger.records import SEEN, incompressible, receipt, result

Process = Callable[[], DynamoLedger]
Params = dict[str, Any]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_requests, "_LONGEST_WAIT", 0.01)


@pytest.fixture
def dynamo(aws: AwsNames) -> Any:
    return client("dynamodb", aws.region)


def subjects(dynamo: Any, aws: AwsNames) -> list[str]:
    pages = dynamo.get_paginator("scan").paginate(TableName=aws.ledger_table)
    return sorted(item[SUBJECT]["S"] for page in pages for item in page["Items"])


def cancelled(*reasons: str) -> Exception:
    error = refused("TransactionCanceledException", "TransactWriteItems", "card.csv 4711")
    error.response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return error


def test_a_transaction_that_meets_another_is_tried_again(on_dynamodb: Process, dynamo: Any) -> None:
    conflicts = iter([("TransactionConflict", "None"), ("None", "ThrottlingError")])

    def conflict(params: Params) -> Params:
        if reasons := next(conflicts, None):
            raise cancelled(*reasons)
        return params

    with on_request(dynamo, "TransactWriteItems", conflict):
        assert on_dynamodb().register([receipt(1)])
    assert on_dynamodb().receipts("card") == [receipt(1)]


def test_one_that_never_gets_through_says_so(on_dynamodb: Process, dynamo: Any) -> None:
    ledger, asked = on_dynamodb(), list[str]()

    def conflict(params: Params) -> Params:
        asked.append(params["ClientRequestToken"])
        raise cancelled("TransactionConflict", "None")

    with (
        on_request(dynamo, "TransactWriteItems", conflict),
        pytest.raises(LedgerError, match="in none of 12 attempts") as raised,
    ):
        ledger.register([receipt(1)])
    assert len(asked) == 12
    assert len(set(asked)) == 1
    assert "4711" not in str(raised.value)


def test_a_transaction_that_is_wrong_is_not_repeated(on_dynamodb: Process, dynamo: Any) -> None:
    asked = []

    def wrong(params: Params) -> Params:
        asked.append(params)
        raise cancelled("None", "ValidationError")

    with (
        on_request(dynamo, "TransactWriteItems", wrong),
        pytest.raises(LedgerError, match="ValidationError") as raised,
    ):
        on_dynamodb().register([receipt(1)])
    assert len(asked) == 1
    assert "4711" not in str(raised.value)


def test_an_answer_that_is_lost_loses_no_receipt(on_dynamodb: Process, dynamo: Any) -> None:
    def lost(_answer: Params) -> None:
        raise ConnectionResetError

    ledger = on_dynamodb()
    assert ledger.receipts("card") == []
    with on_answer(dynamo, "TransactWriteItems", lost), pytest.raises(ConnectionResetError):
        ledger.register([receipt(1), receipt(2)])
    assert not ledger.register([receipt(1), receipt(2)])
    assert ledger.receipts("card") == [receipt(1), receipt(2)]


def test_what_a_batch_leaves_is_written_afterwards(
    on_dynamodb: Process, dynamo: Any, aws: AwsNames
) -> None:
    asked = []

    def most_is_left(params: Params) -> Params:
        (requests,) = params["RequestItems"].values()
        asked.append(len(requests))
        if len(asked) == 1:
            raise refused("ProvisionedThroughputExceededException", "BatchWriteItem")
        return params

    def left(answer: Params) -> None:
        if len(asked) == 2:
            item = {"PutRequest": {"Item": {}}}
            again = dynamo_item("0.csv", SEEN)
            answer["UnprocessedItems"] = {aws.ledger_table: [{**item, "PutRequest": again}]}

    ledger, states = on_dynamodb(), {f"{n}.csv": SEEN for n in range(10)}
    ledger.states("card", "seen")
    with (
        on_request(dynamo, "BatchWriteItem", most_is_left),
        on_answer(dynamo, "BatchWriteItem", left),
    ):
        ledger.note_states("card", "seen", states)
    assert asked == [10, 10, 1]
    assert on_dynamodb().states("card", "seen") == states


def dynamo_item(file: str, state: FileState) -> Params:
    from resources.dynamodb.ledger_table import state_item, states_of

    return {"Item": state_item(states_of("card", "seen"), file, state)}


def test_only_states_that_differ_are_written(on_dynamodb: Process, dynamo: Any) -> None:
    ledger, asked = on_dynamodb(), list[Any]()
    ledger.note_states("card", "seen", {f"{n}.csv": SEEN for n in range(5)})

    def count(params: Params) -> Params:
        asked.extend(params["RequestItems"].values())
        return params

    with on_request(dynamo, "BatchWriteItem", count):
        ledger.note_states("card", "seen", ledger.states("card", "seen"))
        assert asked == []
        ledger.note_states("card", "seen", {f"{n}.csv": SEEN for n in range(1, 6)})
    assert [sorted(request) for request in asked[0]] == [["DeleteRequest"], ["PutRequest"]]


def test_a_writer_that_is_killed_within_a_large_result_leaves_nothing_to_see(
    on_dynamodb: Process, dynamo: Any, aws: AwsNames
) -> None:
    large = result(1, text=incompressible(2_000_000))

    def die(_params: Params) -> Params:
        raise KeyboardInterrupt

    with on_request(dynamo, "TransactWriteItems", die), pytest.raises(KeyboardInterrupt):
        on_dynamodb().note_results("card", [large])
    # 1,000,000 bytes and a little, in parts of 350,000.
    assert subjects(dynamo, aws) == ["ledger", *["part#card"] * 4]
    assert on_dynamodb().results("card") == []
    assert on_dynamodb().revision("card") == 0
    on_dynamodb().note_results("card", [large])
    assert on_dynamodb().results("card") == [large]
    on_dynamodb().forget_result("card", "card-000001", "f1")
    assert subjects(dynamo, aws) == ["ledger", "revision"]


def test_a_large_result_that_lacks_a_part_is_not_there_until_it_is_noted_again(
    on_dynamodb: Process, dynamo: Any, aws: AwsNames
) -> None:
    large = result(1, text=incompressible(1_000_000))
    on_dynamodb().note_results("card", [large, result(2)])
    items = dynamo.scan(TableName=aws.ledger_table)["Items"]
    part = next(item for item in items if item[SUBJECT]["S"] == "part#card")
    keys = {name: part[name] for name in ("ledger_subject", "ledger_entry")}
    dynamo.delete_item(TableName=aws.ledger_table, Key=keys)
    assert on_dynamodb().results("card") == [result(2)]
    on_dynamodb().note_results("card", [large])
    assert on_dynamodb().results("card") == [large, result(2)]


def test_a_result_that_the_counter_knows_is_waited_for(
    on_dynamodb: Process, dynamo: Any, aws: AwsNames
) -> None:
    on_dynamodb().note_results("card", [result(1), result(2)])
    on_dynamodb().register([receipt(1), receipt(2)])
    hidden = iter(["results", "receipts"])

    def incomplete(answer: Params) -> None:
        if next(hidden, None):
            del answer["Items"][0]

    reader = on_dynamodb()
    with on_answer(dynamo, "Query", incomplete):
        assert reader.results("card") == [result(1), result(2)]
        assert reader.receipts("card") == [receipt(1), receipt(2)]
    where = {"TableName": aws.ledger_table, "Key": counter_key("card")}
    more = {":one": {"N": "1"}}
    change = "ADD last_seq :one, result_count :one, revision_number :one"
    dynamo.update_item(**where, UpdateExpression=change, ExpressionAttributeValues=more)
    with pytest.raises(LedgerError, match="lacks receipt 3 of feed card and counts 3"):
        on_dynamodb().receipts("card")
    with pytest.raises(LedgerError, match="lacks results of feed card that it counts"):
        on_dynamodb().results("card")


def test_what_never_changes_is_read_once(on_dynamodb: Process, dynamo: Any) -> None:
    reader, asked = on_dynamodb(), list[str]()
    on_dynamodb().register([receipt(1), receipt(2)])
    on_dynamodb().note_results("card", [result(1)])

    def note(params: Params) -> Params:
        asked.append(str(params.get("ExpressionAttributeValues", {}).get(":entry", {}).get("S")))
        return params

    with on_request(dynamo, "Query", note):
        for _ in range(3):
            assert len(reader.receipts("card")) == 2
            assert len(reader.results("card")) == 1
        assert asked == ["000000000000", "None"]
        on_dynamodb().register([receipt(3)])
        assert len(reader.receipts("card")) == 3
        assert asked[2:] == ["000000000002"]


def test_a_table_that_is_missing_is_one_sentence(on_dynamodb: Process, aws: AwsNames) -> None:
    client("dynamodb", aws.region).delete_table(TableName=aws.ledger_table)
    for ask in (
        lambda ledger: ledger.receipts("card"),
        lambda ledger: ledger.register([receipt(1)]),
        lambda ledger: ledger.note_states("card", "seen", {"a.csv": SEEN}),
    ):
        with pytest.raises(AwsError, match=f"DynamoDB table {aws.ledger_table}: it does not exist"):
            ask(on_dynamodb())


@pytest.mark.parametrize("receipts", [[receipt(n) for n in range(1, 52)], [receipt(1, feed="a")]])
def test_too_much_for_one_transaction_is_the_callers_error(
    on_dynamodb: Process, receipts: list[Any]
) -> None:
    with pytest.raises(ValueError, match="50 receipts of one feed"):
        on_dynamodb().register([*receipts, receipt(2)])

"""An object that has one key twice states two values: which is meant is unknown."""

from __future__ import annotations

import json

import pytest

from tests.deliveries.raw_home import Home, only

SESSION = '"fullVisitorId":"007","visitId":1,"visitStartTime":2'
GA = "ga/ga_sessions_20240523.json"
CRM = "crm/crm0020240523-1.json"


@pytest.mark.parametrize(
    "fields",
    [
        '"visitId":3',
        '"visitId":1',
        r'"visit\u0049d":3',
        '"other":1,"other":2',
        '"":1,"":2',
        '"totals":{"hits":"1","hits":"2"}',
        r'"device":{"browser":"a","brow\u0073er":"b"}',
        '"totals":{"hits":"1"},"totals":{"hits":"2"}',
        '"amount":12345678.123456789,"amount":1',
        '"age":NaN,"age":1',
    ],
)
def test_a_json_object_with_a_key_twice(home: Home, fields: str) -> None:
    line = f"{{{SESSION},{fields}}}"
    home.deliver(GA, f"{{{SESSION}}}\n{line}\n")
    assert home.quarantined(home.run("ga_session")) == [(2, "record:repeated_key", line)]


@pytest.mark.parametrize(
    "fields",
    [
        "'client_id': 3",
        r"'client_\x69d': 3",
        r'"client_\x69d": 3',
        "'age': None, 'age': 44",
        "'occupation': {'a': 1, 'a': 2}",
    ],
)
def test_a_python_dict_with_a_key_twice(home: Home, fields: str) -> None:
    line = f"{{'client_id': 2, {fields}}}"
    home.deliver(CRM, f"{{'client_id': 1}}\n{line}\n")
    assert home.quarantined(home.run("crm_customer")) == [(2, "record:repeated_key", line)]


def test_keys_of_different_case_or_different_objects_are_different(home: Home) -> None:
    line = (
        f'{{{SESSION},"VisitId":9,"visitid":8,"totals":{{"visitId":7}},'
        '"hits":[{"a":1},{"a":2}],"device":{}}'
    )
    home.deliver(GA, line + "\n")
    deliveries = home.run("ga_session")
    assert home.rows(deliveries, "visit_id, totals") == [(1, '{"visitId":7}')]
    assert only(deliveries)["reason"] == "fields not in the specification: VisitId, visitid"


@pytest.mark.parametrize("form", ["json_lines", "python_lines"])
def test_a_nan_is_no_value(home: Home, form: str) -> None:
    crm = home.feeds["crm_customer"]
    home.feeds["crm_customer"] = crm.model_copy(update={"format": form})
    record = {"client_id": 1, "age": float("nan"), "occupation": "nan, NaN", "birth_date": None}
    line = json.dumps(record) if form == "json_lines" else str(record)
    home.deliver(CRM, line + "\n")
    deliveries = home.run("crm_customer")
    assert home.rows(deliveries, "client_id, age, occupation") == [(1, None, "nan, NaN")]
    assert home.quarantined(deliveries) == []


@pytest.mark.parametrize("form", ["json_lines", "python_lines"])
@pytest.mark.parametrize("sign", [1, -1])
def test_infinity_is_a_value_that_no_number_holds(home: Home, form: str, sign: int) -> None:
    crm = home.feeds["crm_customer"]
    home.feeds["crm_customer"] = crm.model_copy(update={"format": form})
    record = {"client_id": 1, "age": sign * float("inf"), "occupation": "x"}
    line = json.dumps(record) if form == "json_lines" else str(record)
    home.deliver(CRM, line + "\n")
    deliveries = home.run("crm_customer")
    assert home.rows(deliveries, "client_id, age, occupation") == [(1, None, "x")]
    assert home.quarantined(deliveries, "rule, set_aside") == [("age:type", "value")]

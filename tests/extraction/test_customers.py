"""Customers over HTTP: whole through every fault, or an error and nothing delivered."""

from __future__ import annotations

import ast
import datetime as dt
import logging
import traceback
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from customer360_assets.extraction import CrmSettings, ExtractionError, extract_customers
from simulator.crm_app import crm_app
from simulator.faults import Fault
from simulator.simulate import Simulated
from tests.deliveries.raw_home import Home, only
from tests.extraction.conftest import contents, crm

DAY = dt.date(2024, 6, 30)
FILE = "crm/crm0020240630-000000.json"
CLIENT = httpx.Client


def never(seconds: float) -> None:
    pytest.fail(f"waited {seconds} s")


@pytest.fixture(scope="module")
def undisturbed(bank: Simulated, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    landing = tmp_path_factory.mktemp("undisturbed")
    with crm_app(bank.customers_file) as app:
        extract_customers(crm(app), landing, DAY)
    return contents(landing)


def test_every_customer_once_as_the_feed_reads_them(bank: Simulated, tmp_path: Path) -> None:
    home = Home(tmp_path)
    with crm_app(bank.customers_file) as app:
        taken = extract_customers(crm(app), home.landing_dir, DAY)
        again = extract_customers(crm(app), home.landing_dir, DAY)
    assert (taken.rows, taken.file) == (450, home.landing_dir / FILE)
    lines = [ast.literal_eval(line) for line in taken.file.read_text("utf-8").splitlines()]
    assert [line["client_id"] for line in lines] == list(range(10_000, 10_450))
    # The same customers are the same bytes: no second delivery.
    assert (taken.delivered, again.delivered) == ((taken.file,), ())
    row = only(home.run("crm_customer"))
    assert (row["status"], row["records"], row["loaded"], row["quarantined"]) == (
        "loaded", 450, 450, 0,
    )  # fmt: skip
    assert row["business_date"] == DAY


@pytest.mark.parametrize(
    "faults",
    [
        [Fault("throttle", page=2, times=2, retry_after=7)],
        [Fault("error", page=1, status=503, times=3)],
        [Fault("error", page=5, status=500)],
        [Fault("truncate", page=3, times=2)],
        [Fault("drop", page=5, times=2)],
        [Fault(kind, page=p) for p in (1, 3, 4) for kind in ("throttle", "drop", "truncate")],
    ],
)
def test_faults_that_pass_change_no_byte(
    bank: Simulated, tmp_path: Path, undisturbed: dict[str, bytes], faults: list[Fault]
) -> None:
    waits: list[float] = []
    with crm_app(bank.customers_file, faults=faults) as app:
        extract_customers(crm(app), tmp_path, DAY, sleep=waits.append)
    assert contents(tmp_path) == undisturbed
    assert len(waits) == sum(f.times or 0 for f in faults)


def test_waits_double_and_the_crm_s_own_wish_is_honoured(bank: Simulated, tmp_path: Path) -> None:
    waits: list[float] = []
    faults = [Fault("error", page=2, times=3), Fault("throttle", page=2, retry_after=9)]
    with crm_app(bank.customers_file, faults=faults) as app:
        extract_customers(crm(app), tmp_path, DAY, sleep=waits.append)
    assert waits == [0.5, 1, 2, 9]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("throttle", page=3, times=None), "at last: status 429"),
        (Fault("error", page=3, status=502, times=None), "at last: status 502"),
        (Fault("truncate", page=3, times=None), "the connection failed"),
        (Fault("drop", page=3, times=None), "the connection failed"),
    ],
)
def test_faults_that_stay_end_the_extraction(
    bank: Simulated, tmp_path: Path, fault: Fault, expected: str
) -> None:
    with crm_app(bank.customers_file, faults=[fault]) as app:
        with pytest.raises(ExtractionError, match=expected) as raised:
            extract_customers(crm(app), tmp_path, DAY, sleep=lambda _: None)
        assert app.asked == [1, 2, *[3] * 6]
    assert "page=3" in str(raised.value)
    assert contents(tmp_path) == {}


def test_a_crm_that_asks_for_too_long_a_wait_is_given_up(bank: Simulated, tmp_path: Path) -> None:
    with crm_app(bank.customers_file, faults=[Fault("throttle", retry_after=3600)]) as app:
        with pytest.raises(ExtractionError, match="asks to come back in 3600 s"):
            extract_customers(crm(app), tmp_path, DAY, sleep=never)
        assert app.asked == [1]


@pytest.mark.parametrize("token", ["not-the-token-of-it", "with blank", "näh"])
def test_a_wrong_token_fails_at_once_and_is_shown_nowhere(
    bank: Simulated, tmp_path: Path, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with crm_app(bank.customers_file) as app:
        settings = crm(app, token=token)
        with pytest.raises(ExtractionError, match="CUSTOMER360_CRM_TOKEN") as raised:
            extract_customers(settings, tmp_path, DAY, sleep=never)
        extract_customers(crm(app), tmp_path / "whole", DAY)
        secrets = (token, app.token)
    trace = "".join(traceback.format_exception(raised.value)) + repr(raised.value.__context__)
    for secret in secrets:
        assert secret not in trace + caplog.text + repr(settings)


def test_a_crm_killed_in_the_middle(
    bank: Simulated, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    with (
        crm_app(bank.customers_file, faults=[Fault("error", page=4)]) as app,
        pytest.raises(ExtractionError, match=r"ConnectError.*No customers were delivered"),
    ):
        extract_customers(crm(app), tmp_path, DAY, sleep=lambda _: app.stop())
    assert app.asked == [1, 2, 3, 4]
    assert contents(tmp_path) == {}
    with crm_app(bank.customers_file) as app:
        extract_customers(crm(app), tmp_path, DAY)
    assert contents(tmp_path) == undisturbed


def test_what_a_killed_extraction_left_is_hidden_and_goes(
    bank: Simulated, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    home = Home(tmp_path)
    home.deliver(f"crm/.extraction/.{Path(FILE).name}.partial", "{'client_id': 1")
    assert home.take_in().taken == ()
    with crm_app(bank.customers_file) as app:
        extract_customers(crm(app), home.landing_dir, DAY)
    assert contents(home.landing_dir) == undisturbed


def page(number: int, ids: list[int], last: int = 2, **changes: object) -> dict[str, object]:
    following = f"/customers?page={number + 1}&size={100}" if number < last else None
    customers = [{"client_id": i, "occupation": "baker"} for i in ids]
    return {"customers": customers, "total": 4, "next": following} | changes


WRONG: list[tuple[str, list[object]]] = [
    ("4 customers stated, 3 received", [page(1, [1, 2]), page(2, [3])]),
    ("4 customers stated, 2 received", [page(1, [1, 2], last=1)]),
    ("3 customers stated, 4 received", [page(1, [1, 2], total=3), page(2, [3, 4], total=3)]),
    ("total changed from 4 to 5", [page(1, [1, 2]), page(2, [3, 4], total=5)]),
    ("a client_id comes twice", [page(1, [1, 2]), page(2, [2, 3])]),
    ("no client_id", [page(1, [1, 2]), page(2, [3]) | {"customers": [{"occupation": "x"}]}]),
    ("on another server", [page(1, [1, 2], next="http://elsewhere/customers?page=2")]),
    ("one that was read before", [page(1, [1, 2], next="/customers?page=1&size=100")]),
    ("not a whole page", [page(1, [1, 2]), "<html>sign in</html>"]),
    ("not a whole page", [{"customers": [], "total": 4}]),
    ("not a whole page", [page(1, [1, 2]) | {"total": None}]),
    ("no customers", [page(1, [], last=1, total=0)]),
]


def answers(monkeypatch: pytest.MonkeyPatch, pages: list[object]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        body = pages[int(request.url.params["page"]) - 1]
        return httpx.Response(200, **({"text": body} if isinstance(body, str) else {"json": body}))

    transport = httpx.MockTransport(answer)
    monkeypatch.setattr(httpx, "Client", lambda **rest: CLIENT(transport=transport, **rest))


def from_pages(landing: Path) -> Path:
    settings = CrmSettings(url="http://crm", token=SecretStr("t"), page_size=100)
    return extract_customers(settings, landing, DAY, sleep=lambda _: None).file


@pytest.mark.parametrize(("expected", "pages"), WRONG)
def test_a_part_is_never_taken_for_the_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, expected: str, pages: list[object]
) -> None:
    answers(monkeypatch, [page(1, [1, 2]), page(2, [3, 4])])
    before = from_pages(tmp_path).read_bytes()
    assert before.count(b"\n") == 4
    answers(monkeypatch, pages)
    with pytest.raises(ExtractionError, match=expected):
        from_pages(tmp_path)
    # What was delivered before stands.
    assert contents(tmp_path) == {FILE: before}


def test_values_arrive_as_the_crm_wrote_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    texts = ['o\'brien "x"', "crêpière\nand\\more", "\u2028\x85", "None", "🏦"]
    customers: list[dict[str, object]] = [
        {"client_id": i, "occupation": text, "age": None, "score": 0.1, "ok": True}
        for i, text in enumerate(texts)
    ]
    answers(monkeypatch, [{"customers": customers, "total": len(texts), "next": None}])
    from_pages(home.landing_dir)
    deliveries = home.run("crm_customer")
    assert home.rows(deliveries, "client_id, occupation, age") == [
        (i, text, None) for i, text in enumerate(texts)
    ]

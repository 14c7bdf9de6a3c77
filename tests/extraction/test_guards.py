"""What must not be delivered is not, and a source that dies leaves nothing behind."""

from __future__ import annotations

import datetime as dt
import fcntl
import logging
import os
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from customer360_assets.extraction import (
    CoreBankingSettings,
    ExtractionError,
    TransactionTable,
    extract_transactions,
)
from resources.sources.source_database import Snapshot
from simulator.core_banking import CoreBanking, core_banking
from simulator.simulate import Simulated
from tests.extraction.conftest import contents, source
from tests.extraction.test_transactions import LAST

VIEW = """CREATE VIEW {name} AS SELECT trans_id, account_id, {date} AS date, type, operation,
{amount} AS amount, balance FROM transactions"""


@pytest.fixture(scope="module")
def views(bank: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreBanking]:
    """Core banking with views of the table as other banks might have it."""
    other = {
        "rounded": ("date", "(CASE WHEN trans_id = 7 THEN amount + 0.004 ELSE amount END)"),
        "vague": ("date", "amount::numeric"),
        "floating": ("date", "amount::double precision"),
        "zoned": ("date::timestamptz", "amount"),
        "daily": ("date::date", "amount"),
        "whole": ("date", "amount::integer"),
    }
    with core_banking(bank.transactions_files, tmp_path_factory.mktemp("views")) as core:
        for name, (date, amount) in other.items():
            if name == "rounded":
                amount = f"{amount}::numeric(18,3)"  # noqa: PLW2901  (one of them is finer)
            core.server.query(VIEW.format(name=name, date=date, amount=amount))
        core.server.query("CREATE VIEW short AS SELECT trans_id, date, type FROM transactions")
        core.server.query(
            'CREATE VIEW "Buchung""en" AS SELECT trans_id AS "Nr. ""x""", account_id, date, type,'
            " operation, amount, balance FROM transactions"
        )
        yield core


def table(name: str, **columns: str) -> TransactionTable:
    return TransactionTable(table=name, **columns)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rounded", "debit: amount differs by -0.004|credit: amount differs by -0.004"),
        ("vague", "public.vague.amount is no exact number"),
        ("floating", "public.floating.amount is no exact number"),
        ("zoned", "public.zoned.date is TIMESTAMP WITH TIME ZONE, not a timestamp without"),
        ("short", "public.short lacks account_id, amount, balance, operation"),
        ("nowhere", "no table public.nowhere"),
    ],
)
def test_a_source_that_cannot_be_read_exactly(
    views: CoreBanking, tmp_path: Path, name: str, expected: str
) -> None:
    with pytest.raises(ExtractionError, match=expected):
        extract_transactions(source(views, transactions=table(name)), tmp_path, LAST)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("name", ["daily", "whole"])
def test_a_source_of_other_exact_types(views: CoreBanking, tmp_path: Path, name: str) -> None:
    taken = extract_transactions(source(views, transactions=table(name)), tmp_path, LAST)
    assert taken.rows == int(views.server.query("SELECT count(*) FROM transactions"))


def test_a_source_with_names_of_its_own(
    views: CoreBanking, core: CoreBanking, tmp_path: Path
) -> None:
    named = table('Buchung"en', trans_id='Nr. "x"')
    extract_transactions(source(views, transactions=named), tmp_path / "named", LAST)
    extract_transactions(source(core), tmp_path / "plain", LAST)
    assert contents(tmp_path / "named") == contents(tmp_path / "plain")


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("count(*)", "count(*) + 1", r"rows there, \d+ written"),
        ('sum("amount")', '(sum("amount") + 0.01)', "amount differs by -0.01"),
        ('sum("balance")', '(sum("balance") - 0.01)', "balance differs by 0.01"),
    ],
)
def test_totals_that_are_off_by_one(
    core: CoreBanking,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    right: str,
    wrong: str,
    expected: str,
) -> None:
    ask = Snapshot.ask
    monkeypatch.setattr(Snapshot, "ask", lambda s, query: ask(s, query.replace(right, wrong)))
    with pytest.raises(ExtractionError, match=expected):
        extract_transactions(source(core), tmp_path, LAST)
    assert contents(tmp_path) == {}
    monkeypatch.undo()
    assert extract_transactions(source(core), tmp_path, LAST).rows


def test_totals_and_rows_are_of_one_moment(
    bank: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, landing = Snapshot.ask, tmp_path / "landing"
    with core_banking(bank.transactions_files, tmp_path / "pg") as core:

        def meanwhile(snapshot: Snapshot, query: str) -> list[tuple[object, ...]]:
            answer = ask(snapshot, query)
            core.server.query("DELETE FROM transactions WHERE trans_id % 2 = 0")
            return answer

        monkeypatch.setattr(Snapshot, "ask", meanwhile)
        taken = extract_transactions(source(core), landing, LAST)
        assert taken.rows == bank.transactions
        monkeypatch.undo()

        def torn(snapshot: Snapshot, query: str) -> list[tuple[object, ...]]:
            answer = ask(snapshot, query)
            # The twin: outside the transaction, the rows are other than the totals.
            snapshot.run("COMMIT")
            core.server.query("DELETE FROM transactions WHERE trans_id % 3 = 0")
            return answer

        monkeypatch.setattr(Snapshot, "ask", torn)
        with pytest.raises(ExtractionError, match="control totals"):
            extract_transactions(source(core), tmp_path / "torn", LAST)


@pytest.mark.parametrize("when", [pytest.param("between", marks=pytest.mark.slow), "within"])
def test_postgresql_killed_in_the_middle(
    bank: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    whole, landing, home = tmp_path / "whole", tmp_path / "landing", tmp_path / "pg"
    ask = Snapshot.ask
    with core_banking(bank.transactions_files, home, keep=True) as core:
        extract_transactions(source(core), whole, LAST)
        slowly = VIEW.format(name="slow", date="date", amount="amount")
        core.server.query(f"{slowly} WHERE pg_sleep(0.0005)::text = ''")

        def dying(snapshot: Snapshot, query: str) -> list[tuple[object, ...]]:
            answer = ask(snapshot, query.replace('"slow"', '"transactions"'))
            if when == "between":
                core.server.kill()
            else:
                threading.Timer(0.3, core.server.kill).start()
            return answer

        monkeypatch.setattr(Snapshot, "ask", dying)
        with pytest.raises(ExtractionError, match=r"lost in the middle. No transactions were"):
            extract_transactions(source(core, transactions=table("slow")), landing, LAST)
        assert contents(landing) == {}
        monkeypatch.undo()
        with pytest.raises(ExtractionError, match="no server answers there"):
            extract_transactions(source(core), landing, LAST)
    with core_banking(bank.transactions_files, home, keep=True) as core:
        extract_transactions(source(core), landing, LAST)
    assert contents(landing) == contents(whole)


@pytest.mark.slow
def test_a_killed_extraction_is_completed(core: CoreBanking, tmp_path: Path) -> None:
    whole, landing = tmp_path / "whole", tmp_path / "landing"
    extract_transactions(source(core), whole, LAST)
    files = sorted(whole.rglob("*.parquet"), key=lambda p: (len(p.name) == 28, p.name))
    history = next(f for f in files if "until" in f.name)
    order = [history, *(f for f in files if f != history)]
    # Killed while the drafts were shown, oldest first, at every point.
    for shown in range(len(order)):
        folder = landing / str(shown) / "transactions"
        (folder / ".extraction/spill").mkdir(parents=True)
        (folder / ".extraction/.transactions_20240630.parquet.partial").write_bytes(b"PAR1")
        for file in order[:shown]:
            (folder / file.name).write_bytes(file.read_bytes())
        extract_transactions(source(core), folder.parent, LAST)
        assert contents(folder.parent) == contents(whole)


def test_one_extraction_at_a_time(core: CoreBanking, tmp_path: Path) -> None:
    folder = tmp_path / "transactions"
    folder.mkdir()
    other = os.open(folder, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(ExtractionError, match="Another extraction writes"):
        extract_transactions(source(core), tmp_path, LAST)
    os.close(other)
    extract_transactions(source(core), tmp_path, LAST)


def test_a_date_inside_the_history_is_refused(core: CoreBanking, tmp_path: Path) -> None:
    extract_transactions(source(core), tmp_path, LAST)
    before = contents(tmp_path)
    with pytest.raises(ExtractionError, match="extract a date after 2024-06-22"):
        extract_transactions(source(core), tmp_path, dt.date(2024, 6, 22))
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret-word@host/db",
        "postgresql://me@host/db?password=s3cret-word",
        "postgresql://me@host:s3cret-word/db",
        "host=x password=s3cret-word",
        "mysql://me:s3cret-word@host/db",
    ],
)
def test_an_address_with_a_password_is_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    with pytest.raises(ExtractionError, match="--source-db") as raised:
        extract_transactions(CoreBankingSettings(url=url), tmp_path, LAST)
    assert "s3cret" not in "".join(traceback.format_exception(raised.value))
    assert raised.value.__context__ is None


@pytest.mark.slow
def test_a_password_opens_and_is_shown_nowhere(
    views: CoreBanking,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    rules = views.server.room.data / "pg_hba.conf"
    rules.write_text("local all teller scram-sha-256\n" + rules.read_text())
    right, wrong = "it's \\ right", "it's \\ wrong"
    views.server.query("CREATE ROLE teller LOGIN PASSWORD 'it''s \\ right'")
    views.server.query("GRANT SELECT ON transactions TO teller")
    views.server.query("SELECT pg_reload_conf()")
    url = views.url.replace("bank@", "teller@")
    with pytest.raises(ExtractionError, match="requires a password; set CUSTOMER360_SOURCE_DB"):
        extract_transactions(CoreBankingSettings(url=url), tmp_path, LAST)
    settings = CoreBankingSettings.model_validate({"url": url, "password": wrong})
    with pytest.raises(ExtractionError, match="the password is refused; set") as raised:
        extract_transactions(settings, tmp_path, LAST)
    trace = "".join(traceback.format_exception(raised.value)) + repr(settings)
    assert raised.value.__context__ is None
    settings = CoreBankingSettings.model_validate({"url": url, "password": right})
    assert extract_transactions(settings, tmp_path / "secret", LAST).rows
    monkeypatch.setenv("PGPASSWORD", right)
    assert extract_transactions(CoreBankingSettings(url=url), tmp_path / "env", LAST).rows
    denied = CoreBankingSettings(url=url, transactions=table("daily"))
    with pytest.raises(ExtractionError, match="may not read the table"):
        extract_transactions(denied, tmp_path / "denied", LAST)
    assert "it's" not in trace + caplog.text + "".join(capfd.readouterr())

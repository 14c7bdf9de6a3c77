"""What the source systems of a simulated bank deliver, one business date after the other."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
from pydantic import SecretStr

from customer360_assets.extraction.customers import extract_customers
from customer360_assets.extraction.settings import CoreBankingSettings, CrmSettings
from customer360_assets.extraction.transactions import extract_transactions
from customer360_assets.tables.transformations import code_folder
from simulator.core_banking import CoreBanking, core_banking
from simulator.crm_app import crm_app
from simulator.simulate import Simulated, simulate

HISTORY = 20
"""Days before the first date that is published; their files come together with its own."""
DELIVERED = """
SELECT source, target, business_date, arrives_on
FROM read_parquet(?) WHERE arrives_on > ? AND arrives_on <= ? ORDER BY seq
"""
Digests = Mapping[str, str]
"""SHA-256 of each file, by its name in the landing zone."""


@dataclass(frozen=True)
class Drop:
    """The files that come on the evening of a date, in a folder laid out as a landing zone.

    late: files of an earlier date that come for the first time. corrected: files that came before,
    with other bytes.
    """

    date: dt.date
    folder: Path
    late: int
    corrected: int

    def into(self, landing: Path) -> Digests:
        """Write the files into a landing zone, in the order in which an intake takes them."""
        digests = digests_of(self.folder)
        for name in sorted(digests):
            (landing / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.folder / name, landing / name)
        return digests


def digests_of(folder: Path) -> Digests:
    """Return the SHA-256 of each file under a folder."""
    found = (p for p in folder.rglob("*") if p.is_file())
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in found
    }


def feed_set(folder: Path) -> Path:
    """Write the workshop's feeds, but that names of the visitor map state its date.

    The workshop's has the date of the day on which it is taken in, which is no date of this bank.
    """
    shutil.copytree(code_folder("customer360_assets/feeds/sets/workshop"), folder)
    path = folder / "web_visitor_map.yaml"
    dated = '{from: file_name, pattern: "ga_visitors_%Y%m%d.csv"}'
    text = path.read_text("utf-8")
    assert "business_date: run" in text
    path.write_text(text.replace("business_date: run", f"business_date: {dated}"), "utf-8")
    return folder


def drops(out: Path, customers: int, dates: int) -> list[Drop]:
    """Simulate a bank, and return what it delivers for each of its last dates."""
    bank = simulate(
        out / "bank", customers, HISTORY + dates, snapshot_every=1, cards_every=1, memory="1GB"
    )
    last = bank.settings.end
    days = [last - dt.timedelta(days=n) for n in reversed(range(dates))]
    first = days[0]
    with core_banking(bank.transactions_files, out / "postgres", until=first) as database:
        return list(_each(bank, database, out, days))


def _each(bank: Simulated, database: CoreBanking, out: Path, days: list[dt.date]) -> Iterator[Drop]:
    before, seen = dt.date.min, dict[str, str]()
    for date in days:
        folder = out / "drops" / str(date)
        late = _files(bank, folder, before, date)
        with crm_app(bank.customers_file, as_of=date) as crm:
            settings = CrmSettings(url=crm.url, token=SecretStr(crm.token))
            extract_customers(settings, folder, date)
        if date != days[0]:
            database.record(date)
        _booked(database, out / "extracted", folder, date)
        digests = digests_of(folder)
        corrected = sum(seen.get(name, digest) != digest for name, digest in digests.items())
        yield Drop(date, folder, len(late - seen.keys()), corrected)
        before, seen = date, {**seen, **digests}


def _files(bank: Simulated, folder: Path, after: dt.date, until: dt.date) -> set[str]:
    """Copy what arrived between two dates; return the names of what is of an earlier date."""
    listed = [str(bank.truth("delivery")), after, until]
    late = set()
    for source, target, of, arrives in duckdb.execute(DELIVERED, listed).fetchall():
        name = target.replace("ga_visitors.", f"ga_visitors_{arrives:%Y%m%d}.")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bank.out / source, folder / name)
        if of < until:
            late.add(name)
    return late


def _booked(database: CoreBanking, extracted: Path, folder: Path, date: dt.date) -> None:
    """Extract, and copy the files that are new or changed: those of late bookings among them."""
    settings = CoreBankingSettings(url=database.url, memory="1GB", threads=1)
    for path in extract_transactions(settings, extracted, date).delivered:
        (folder / "transactions").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / "transactions" / path.name)

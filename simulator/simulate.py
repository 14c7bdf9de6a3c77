"""Makes a bank: a folder of its deliveries, its core banking, its CRM, and the truth."""

import json
import shutil
from dataclasses import asdict, astuple, dataclass
from datetime import date
from pathlib import Path

from simulator.defects import fate
from simulator.deliveries import LANDING, REDELIVERIES, write_deliveries
from simulator.engine import Engine, engine, quoted, sql, truth_tables
from simulator.ledger import write_transactions
from simulator.settings import DefectShares, Settings

MANIFEST = "bank.json"
PARTS = (LANDING, REDELIVERIES, "bank", "crm", "truth")


@dataclass(frozen=True)
class Simulated:
    """A bank that was made, and where its parts are."""

    out: Path
    settings: Settings
    transactions: int
    files: int

    @property
    def landing(self) -> Path:
        """The landing zone at rest: every file delivered, each in its last version."""
        return self.out / LANDING

    @property
    def transactions_files(self) -> Path:
        """The folder of Parquet files that core banking is loaded from."""
        return self.out / "bank" / "transactions"

    @property
    def customers_file(self) -> Path:
        """The Parquet file that the CRM app serves."""
        return self.out / "crm" / "customers.parquet"

    def truth(self, table: str) -> Path:
        """The Parquet file of one table of what was planted, as named by `truth_tables()`."""
        return self.out / "truth" / f"{table}.parquet"


def simulate(
    out: Path,
    customers: int = 2_000,
    days: int = 200,
    seed: int = 7,
    end: date = date(2024, 6, 30),
    *,
    defects: DefectShares | None = None,
    transactions_per_customer: float = 50.0,
    sessions_per_customer: float = 3.0,
    snapshot_every: int = 7,
    cards_every: int = 7,
    threads: int | None = None,
    memory: str = "4GB",
) -> Simulated:
    """Create a bank under `out`, replacing an earlier one.

    The same arguments give the same bytes, whatever the number of threads and the memory.
    Raises FileExistsError if `out` holds something that is not a simulated bank.
    """
    settings = Settings(
        customers=customers, days=days, seed=seed, end=end, defects=defects or DefectShares(),
        transactions_per_customer=transactions_per_customer,
        sessions_per_customer=sessions_per_customer,
        snapshot_every=snapshot_every, cards_every=cards_every,
    )  # fmt: skip
    _clear(out)
    with engine(out, threads, memory) as bank:
        bank.set(**settings.variables)
        bank.script("macros", "calendar", "clients", "accounts", "orders", "visitors", "sessions")
        bank.parquet(sql("customers"), out / "crm" / "customers.parquet")
        transactions = write_transactions(bank, settings, out / "bank" / "transactions")
        files = write_deliveries(bank, settings, out)
        _write_truth(bank, out)
    made = Simulated(out, settings, transactions, files)
    (out / MANIFEST).write_text(json.dumps(_manifest(made), indent=2) + "\n", encoding="utf-8")
    return made


def simulated(out: Path) -> Simulated:
    """The bank that was made under `out`. Raises FileNotFoundError if none was."""
    manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    settings = manifest["settings"]
    settings["end"] = date.fromisoformat(settings["end"])
    settings["defects"] = DefectShares(**settings["defects"])
    return Simulated(out, Settings(**settings), manifest["transactions"], manifest["files"])


def _manifest(made: Simulated) -> dict[str, object]:
    settings = asdict(made.settings) | {"end": made.settings.end.isoformat()}
    return {"settings": settings, "transactions": made.transactions, "files": made.files}


def _clear(out: Path) -> None:
    if not out.exists() or not any(out.iterdir()):
        return
    if not (out / MANIFEST).exists() and not any((out / part).exists() for part in PARTS):
        raise FileExistsError(f"{out} holds something that is not a simulated bank")
    # The manifest goes first: a bank half cleared or half made is none.
    (out / MANIFEST).unlink(missing_ok=True)
    for part in PARTS:
        shutil.rmtree(out / part, ignore_errors=True)


def _write_truth(bank: Engine, out: Path) -> None:
    planted = bank.rows("SELECT DISTINCT feed, kind FROM defect ORDER BY ALL")
    bank.insert("fate", [[feed, kind, *astuple(fate(feed, kind))] for feed, kind in planted])
    ledger = quoted(out / "bank" / "transactions" / "*.parquet")
    bank.run(f"CREATE VIEW ledger AS SELECT * FROM read_parquet({ledger})")
    for table in truth_tables():
        bank.parquet(sql(f"truth/{table}"), out / "truth" / f"{table}.parquet")

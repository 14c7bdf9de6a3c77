"""A bank with verbs for the tests: client, account, booked, visit; dates as text."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

from customer360_assets.contracts import contract, contracts
from resources.embedded.duckdb_engine import DuckDbEngine
from tests.sql.sql_bank import SQL, Bank, D, Row


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def back(days: int) -> dt.date:
    """Return the date so many days before the business date D."""
    return D - dt.timedelta(days=days)


def money(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("0.01"))


def rate(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("0.0001"))


class SmallBank(Bank):
    """Numbers transactions and dispositions in the order in which they are added."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = 0

    def next(self) -> int:
        self.numbers += 1
        return self.numbers

    def client(self, *ids: int, **of_crm: Any) -> None:
        self.add("stage.customer", *({"client_id": i, **of_crm} for i in ids))

    def account(
        self, number: int, *owners: int, created: str = "2020-01-01", branch: int = 1
    ) -> None:
        """An account and the clients that own it, the primary owner first."""
        opened = dt.datetime.fromisoformat(created)
        self.add(
            "stage.account",
            {"account_id": number, "branch_id": branch, "creation_date": opened},
        )
        for client in owners:
            self.disposition(client, number)

    def disposition(self, client: int, account: int, kind: str = "owner") -> None:
        known = {"client_id": client, "account_id": account, "type": kind}
        self.add("stage.disposition", {"disp_id": self.next(), **known})

    def booked(
        self,
        account: int,
        date: dt.date,
        amount: str,
        balance: str | None = None,
        operation: str | None = None,
        **more: Any,
    ) -> int:
        """A transaction; a negative amount is a debit. Returns its trans_id."""
        number = more.pop("trans_id", None) or self.next()
        value = Decimal(amount)
        row = {
            "business_date": min(date, D),
            "trans_id": number,
            "account_id": account,
            "date": date,
            "type": "debit" if value < 0 else "credit",
            "operation": operation,
            "amount": abs(value),
            "balance": None if balance is None else Decimal(balance),
        }
        self.add("stage.transaction", row | more)
        return int(number)

    def visit(self, visitor: str, number: int, date: dt.date, **more: Any) -> None:
        row = {
            "full_visitor_id": visitor,
            "visit_id": number,
            "visit_start_time": 1_700_000_000 + number,
            "session_date": date,
        }
        self.add("stage.web_session", row | more)

    def link(self, visitor: str, *clients: int) -> None:
        pairs = ({"full_visitor_id": visitor, "client_id": c} for c in clients)
        self.add("stage.web_visitor_map", *pairs)

    def by_engine(self, name: str, folder: Path, as_of: dt.date = D) -> dict[int, Row]:
        """Run a dimension file with the platform's engine over Parquet files of stage tables."""
        inputs = {}
        for table in contracts("stage"):
            file = folder / f"{table.name}.parquet"
            self.db.execute(f"COPY {table.table} TO '{file}' (FORMAT parquet)")
            inputs[table.table] = [str(file)]
        declared = contract(f"dimension.{name}")
        made = DuckDbEngine(threads=2).run(
            (SQL / "dimensions" / f"{name}.sql").read_text(),
            params=[as_of],
            inputs=inputs,
            output=folder / "out",
            columns=[(c.name, c.type) for c in declared.columns],
        )
        found = self.db.execute("SELECT * FROM read_parquet(?)", [list(made.files)])
        names = [d[0] for d in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        return {row["client_id"]: row for row in rows}

"""Pandera judges a sample of every candidate; what it refuses is not published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from customer360_assets.assembly import definitions_of
from customer360_assets.contracts import contract, contracts
from customer360_assets.contracts.contract import Contract
from customer360_assets.tables.specs import asset_key
from resources.iceberg.local_lake import LocalLake
from resources.protocols.lake import Partitions
from tests.run.deliveries import DAY
from tests.run.small_bank import SmallBank

TABLES = [c.table for s in ("raw", "stage", "dimension", "profile") for c in contracts(s)]
sampled = LocalLake.sample


def broken(rows: pa.Table, of: Contract) -> tuple[pa.Table, str]:
    """Return the rows, the last one without a value that is required, and the rule it breaks."""
    column = next(c.name for c in of.columns if not c.nullable and c.name != "business_date")
    values: list[Any] = rows[column].to_pylist()
    field = rows.schema.field(column).with_nullable(True)
    twin = pa.array([*values[:-1], None], field.type)
    at = rows.schema.get_field_index(column)
    return rows.set_column(at, field, twin), f"{column}:not_null"


class Bank:
    """A bank with one published date, of which a table is made again."""

    def __init__(self, bank: SmallBank) -> None:
        self.bank, self.lake = bank, bank.platform().lake
        self.definitions = definitions_of(bank.deployment)
        self.job = self.definitions.resolve_implicit_global_asset_job_def()

    def rows(self, table: str) -> int:
        return next((s.rows for s in self.lake.history(table) if s.current), 0)

    def emptied(self, table: str) -> int:
        """Take a table's rows away; return the snapshot that had them."""
        before = next(s.snapshot_id for s in self.lake.history(table) if s.current)
        self.lake.publish(table, [], Partitions.everything(), {"run_id": "none"})
        return before

    def make(self, table: str) -> tuple[bool, dict[str, dg.AssetCheckEvaluation]]:
        """Make the date of a table again; return whether it ended well, and its checks."""
        with self.bank.instance() as instance:
            done = self.job.execute_in_process(
                asset_selection=[asset_key(table)],
                partition_key=DAY,
                instance=instance,
                raise_on_error=False,
            )
        return done.success, {e.check_name: e for e in done.get_asset_check_evaluations()}


def twin_of(table: str, rules: list[str]) -> Any:
    """Return a way to sample that reads, of one table, a broken twin of the candidate's file."""

    def sample(self: LocalLake, asked: str, files: Sequence[str], rows: int) -> pa.Table:
        if asked != table:
            return sampled(self, asked, files, rows)
        twin, rule = broken(sampled(self, asked, files, rows), contract(table))
        rules.append(rule)
        file = self.candidate_dir(asked, "twin") / "part-0.parquet"
        pq.write_table(twin, file)
        return sampled(self, asked, [str(file)], rows)

    return sample


@pytest.mark.slow
def test_a_twin_with_a_broken_row_is_not_published(
    sound_bank: SmallBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = Bank(sound_bank)
    for table in TABLES:
        had = bank.emptied(table)
        rules: list[str] = []
        with monkeypatch.context() as patch:
            patch.setattr(LocalLake, "sample", twin_of(table, rules))
            ended_well, checks = bank.make(table)
        assert not ended_well, table
        # The SQL read the good file: Pandera alone refuses its twin.
        assert checks["contract"].passed, table
        assert not checks["pandera"].passed, table
        numbers = {k: v.value for k, v in checks["pandera"].metadata.items()}
        sampled_rows = numbers.pop("sampled_rows")
        assert isinstance(sampled_rows, int)
        assert sampled_rows > 0
        assert numbers == {rules[0]: 1}, table
        assert bank.rows(table) == 0, table
        bank.lake.rollback(table, had)


@pytest.mark.slow
@pytest.mark.parametrize("table", ["raw.card", "stage.card", "dimension.loyalty"])
def test_the_same_step_publishes_what_pandera_passes(sound_bank: SmallBank, table: str) -> None:
    bank = Bank(sound_bank)
    had = bank.rows(table)
    bank.emptied(table)
    ended_well, checks = bank.make(table)
    assert ended_well
    assert checks["pandera"].passed
    assert checks["pandera"].metadata["sampled_rows"].value == had
    assert bank.rows(table) == had


def test_every_table_has_the_check_and_is_blocked_by_it(tmp_path: Path) -> None:
    from resources.deployment.deployment import Deployment

    definitions = definitions_of(Deployment(home=tmp_path / "home"))
    graph = definitions.resolve_asset_graph()
    for table in TABLES:
        key = dg.AssetCheckKey(asset_key(table), "pandera")
        assert graph.get_check_spec(key).blocking, table

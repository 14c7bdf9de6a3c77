"""What the UI shows of a run of the command and of the tables that it made."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from customer360_assets.tables.specs import asset_key
from tests.run.deliveries import CARDS, DAY, card, card_file, good_day
from tests.run.small_bank import SmallBank

NEXT = "2024-05-24"


def _numbers(instance: dg.DagsterInstance, table: str) -> tuple[object, object]:
    """Return the rows of the table and of its newest partition, as the newest event states them."""
    event = instance.get_latest_materialization_event(asset_key(table))
    assert event is not None
    assert event.asset_materialization is not None
    found = event.asset_materialization.metadata
    return (
        found["dagster/row_count"].value,
        found["dagster/partition_row_count"].value,
    )


@pytest.mark.slow
def test_rows_of_the_table_and_of_the_partition_and_the_date_of_a_run(tmp_path: Path) -> None:
    bank = SmallBank(tmp_path)
    bank.deliver(good_day())
    assert bank.run(DAY).code == 0
    next_day = bank.run(NEXT)
    assert next_day.code == 0
    assert "Automation is off" in next_day.output
    with bank.instance() as instance:
        # Three clients on each of two dates.
        assert _numbers(instance, "profile.customer_360") == (6, 3)
        assert _numbers(instance, "stage.customer") == (3, 3)
        assert _numbers(instance, "raw.crm_customer") == (3, 3)
        tags = [run.tags for run in instance.get_runs()]
    assert {t["customer360/business_date"] for t in tags} == {DAY, NEXT}
    assert not any("pid" in name for t in tags for name in t)


def _listed(instance: dg.DagsterInstance, table: str, name: str) -> list[dict[str, object]]:
    event = instance.get_latest_materialization_event(asset_key(table))
    assert event is not None
    assert event.asset_materialization is not None
    value = event.asset_materialization.metadata[name]
    assert isinstance(value, dg.TableMetadataValue)
    return [dict(record.data) for record in value.records]


@pytest.mark.slow
def test_refused_records_and_files_are_listed_without_a_value(tmp_path: Path) -> None:
    bank = SmallBank(tmp_path)
    name, good = card_file(), card(CARDS[0], 103)
    bad = card(CARDS[1], 101, "platinum") + "4929000000000099,x,gold,2024-01-02\n"
    bank.deliver({**good_day(), name: good + bad})
    html = card_file(DAY, "090000")
    bank.deliver({html: "<html><body>Service Unavailable</body></html>\n"})
    assert bank.run(DAY).code == 0
    rows = bank.rows("SELECT file, line_no, rule, set_aside FROM quarantine.card ORDER BY line_no")
    assert len(rows) == 2
    with bank.instance() as instance:
        (form,) = _listed(instance, "raw.card", "in quarantine")
        (kind,) = _listed(instance, "stage.card", "in quarantine")
        (file,) = _listed(instance, "raw.delivery", "refused files")
    assert {tuple(form.values()), tuple(kind.values())} == {tuple(r.values()) for r in rows}
    assert set(form) == set(kind) == {"file", "line_no", "rule", "set_aside"}
    assert str(file["file"]).endswith(html.rpartition("/")[2])
    assert file["reason"]
    assert not {"platinum", "4929000000000099"} & {str(v) for r in (form, kind) for v in r.values()}

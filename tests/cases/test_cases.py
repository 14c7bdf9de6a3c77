"""Every small delivery that users have met, as it lies and with a feed set that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases.accounts import unaccounted
from tests.cases.case import Case, Quarantined
from tests.cases.site import Lake, Site, differences
from tests.cases.table_files import FILES
from tests.cases.table_places import PLACES
from tests.cases.table_records import RECORDS
from tests.cases.table_values import VALUES

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "cases"
CASES = (*FILES, *PLACES, *RECORDS, *VALUES)


def _parameters() -> Iterator[object]:
    for case in CASES:
        marks = [pytest.mark.slow] if case.slow else []
        if case.pending:
            marks.append(pytest.mark.xfail(reason=f"pending: {case.pending}", strict=False))
        yield pytest.param(case, id=case.id, marks=marks)


@pytest.mark.parametrize("case", list(_parameters()))
def test_a_small_delivery(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (FOLDER / case.folder).is_dir():
        pytest.skip(f"the deliveries {FOLDER / case.folder} are not on this machine")
    monkeypatch.setenv("CUSTOMER360_FIRST_BUSINESS_DATE", "2024-05-01")
    monkeypatch.setenv("COLUMNS", "300")
    site = Site(FOLDER / case.folder, tmp_path / case.at, case.feeds, case.home)
    if case.setup:
        case.setup(site)
    code, printed = site.run(case.on)
    assert code == (1 if case.stops else case.code), printed
    assert [part for part in case.says if part not in printed] == [], printed
    assert site.home.exists() == (not case.stops)
    if not case.stops:
        _check_tables(case, site, printed)


def _check_tables(case: Case, site: Site, printed: str) -> None:
    lake = Lake(site.deployment)
    assert unaccounted(case, site, lake, printed) == []
    assert _quarantined(lake) == case.quarantined
    staged = {table: lake.count(f"stage.{table}").total() for table in case.stage_rows}
    assert staged == case.stage_rows
    assert lake.clients(case.on) == case.clients
    for query, rows in case.values.items():
        assert differences(lake.rows(query), rows) == [], query


def _quarantined(lake: Lake) -> set[Quarantined]:
    columns = "file, line_no, rule, set_aside"
    tables = [t for t in lake.tables if t.startswith("quarantine.")]
    query = " UNION ALL ".join(f"SELECT {columns} FROM {table}" for table in tables)
    return {Quarantined(**row) for row in lake.rows(query)}


def test_every_folder_has_a_case() -> None:
    if not FOLDER.is_dir():
        pytest.skip(f"the deliveries {FOLDER} are not on this machine")
    assert {f.name for f in FOLDER.iterdir() if f.is_dir()} == {case.folder for case in CASES}

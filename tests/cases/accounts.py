"""What holds for every delivery: each file and each record of it is accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.cases.case import Case
from tests.cases.site import Lake, Site
from tests.run.small_bank import Row

STAGE = {
    "account": "account",
    "card": "card",
    "customer": "crm_customer",
    "disposition": "disposition",
    "transaction": "transaction",
    "web_session": "ga_session",
    "web_visitor_map": "web_visitor_map",
}
"""Stage tables with one row per delivered record, and their feeds."""


def unaccounted(case: Case, site: Site, lake: Lake, printed: str) -> list[str]:
    """Name every landed file and record of which nothing says what became of it."""
    deliveries = lake.rows("SELECT * FROM raw.delivery ORDER BY feed, delivery_seq")
    return [
        *_files(case, site, deliveries, printed),
        *_status(case, deliveries, printed),
        *_raw(case, site, lake, deliveries),
        *(p for table, feed in STAGE.items() for p in _stage(case, lake, table, feed)),
    ]


def _files(case: Case, site: Site, deliveries: list[Row], printed: str) -> Iterator[str]:
    known = {row["file"] for row in deliveries}
    if unknown := site.landed - known - set(case.unmatched):
        yield f"in no delivery: {sorted(unknown)}"
    for file in case.unmatched:
        if file in known or f"{file}: belongs to no feed" not in printed:
            yield f"not named as of no feed: {file}"


def _status(case: Case, deliveries: list[Row], printed: str) -> Iterator[str]:
    refused = {row["file"]: row["reason"] for row in deliveries if row["status"] == "refused"}
    if refused.keys() != case.refused.keys():
        yield f"refused: {sorted(refused.items())}"
    for file, reason in case.refused.items():
        if reason not in refused.get(file, ""):
            yield f"refused for another reason: {file}: {refused.get(file)}"
        if f"{file} was refused: " not in printed:
            yield f"refused without a word: {file}"
    superseded = [row["file"] for row in deliveries if row["status"] == "superseded"]
    if sorted(superseded) != sorted(case.superseded):
        yield f"superseded: {superseded}"


def _raw(case: Case, site: Site, lake: Lake, deliveries: list[Row]) -> Iterator[str]:
    """Compare the manifest with the tables, and the records with the lines of the file."""
    newest = {row["file"]: row["delivery_id"] for row in deliveries}
    for row in deliveries:
        feed, file, delivery = row["feed"], row["file"], row["delivery_id"]
        typed = lake.count(f"raw.{feed}")[delivery]
        refused = _quarantined(lake, feed, f"raw/{feed}")[delivery]
        if row["status"] != "loaded":
            if typed:
                yield f"{row['status']}, and {typed} of its records are in raw: {file}"
            continue
        if not row["records"] == row["loaded"] + row["quarantined"] == typed + refused:
            yield f"{row['records']} records, {typed} typed and {refused} quarantined: {file}"
        # Only the newest of one name still lies there.
        if newest[file] == delivery and row["records"] != (
            there := case.records.get(file, site.lines(file))
        ):
            yield f"{row['records']} records for the {there} of the file: {file}"


def _stage(case: Case, lake: Lake, table: str, feed: str) -> Iterator[str]:
    typed, published = lake.count(f"raw.{feed}"), lake.count(f"stage.{table}")
    refused = _quarantined(lake, feed, f"stage/{table}")
    missing = typed.total() - published.total() - refused.total()
    if missing != case.left.get(table, 0):
        yield f"stage.{table}: {missing} records neither published nor quarantined"
    if published - typed:
        yield f"stage.{table}: more rows than records"


def _quarantined(lake: Lake, feed: str, caught_by: str) -> Counter[str]:
    """Count the records of each delivery that an asset put into quarantine whole."""
    return lake.count(
        f"(SELECT DISTINCT delivery_id, line_no FROM quarantine.{feed} WHERE caught_by ="
        f" '{caught_by}' AND set_aside = 'record') AS refused"
    )

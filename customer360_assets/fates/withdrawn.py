"""Records that were published and are not delivered any more."""

from __future__ import annotations

from customer360_assets.publishing.checks.results import Finding
from customer360_assets.publishing.lake_tables import published, readable
from customer360_assets.publishing.platform import Platform
from customer360_assets.publishing.publish import Candidate
from customer360_assets.publishing.reading import replaced_files


def withdrawn(platform: Platform, candidate: Candidate, corrected: int) -> Finding:
    """Return how many published records of the span's dates the candidate lacks.

    A file that comes again with fewer records withdraws the others, and so does a file that is
    overwritten under its name by another day's. corrected: those that a later delivery brings for
    an earlier date.
    """
    contract, span = candidate.contract, candidate.span
    replaced = replaced_files(platform, contract.table, span)
    missing = 0
    if replaced:
        keys = ", ".join(f'"{k}"' for k in contract.key)
        known = " AND ".join(f'"{k}" IS NOT NULL' for k in contract.key)
        sql = (
            # A row of a release before a part of the key has no key to look for.
            f"SELECT count(*) AS missing FROM (SELECT {keys} FROM published.rows WHERE {known}"
            f" EXCEPT SELECT {keys} FROM candidate.rows) AS gone"
        )
        inputs = {
            "published.rows": published(platform, contract.table, replaced),
            "candidate.rows": readable(platform, contract.table, candidate.files),
        }
        missing = int(platform.sql.one(sql, inputs=inputs)["missing"])
    sentence = (
        "Every record that was published is there."
        if not missing
        else f"{missing:,} records that were published for {span} are not delivered any more."
        " A later delivery replaced theirs: see raw.delivery, status superseded."
        + (f" {corrected:,} rows stand on an earlier date now." if corrected else "")
    )
    return Finding("withdrawn", not missing, sentence, {"withdrawn": missing})

"""Pandera's own judgement of a sample: a second program beside the contract's SQL."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from customer360_assets.contracts.contract import Contract
from customer360_assets.publishing.checks.results import Finding

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SAMPLED_ROWS = 1_000
"""Rows of a candidate that Pandera judges: a few milliseconds, whatever the table's size."""

_RULES = {
    "not_nullable": "not_null",
    "equal_to": "eq",
    "not_equal_to": "ne",
    "greater_than": "gt",
    "greater_than_or_equal_to": "ge",
    "less_than": "lt",
    "less_than_or_equal_to": "le",
}
"""Pandera's names of checks that the contract's rules spell otherwise."""
_OF_THE_COLUMNS = ("column_in_dataframe", "column_in_schema")
"""Checks of which a failure case is the name of a column that is missing, or too many."""


def pandera_finding(contract: Contract, sample: pa.Table) -> Finding:
    """Validate a sample by the contract's Pandera schema; no value of it is ever reported.

    A sample says nothing of keys: whether they are unique is `grain`, over all rows.
    """
    rows = sample.num_rows
    broken = broken_in(contract, sample) if rows else {}
    sentence = (
        f"Pandera finds nothing in {rows:,} sampled rows."
        if not broken
        else f"Not published. Pandera finds, in {rows:,} sampled rows: "
        + ", ".join(f"{rule} {n:,}" for rule, n in broken.items())
        + "."
    )
    return Finding("pandera", not broken, sentence, {"sampled_rows": rows, **broken})


def broken_in(contract: Contract, sample: pa.Table) -> dict[str, int]:
    """Return how many rows break each rule of the contract, as Pandera finds by itself."""
    import pandas as pd
    from pandera.config import ValidationDepth, config_context
    from pandera.errors import SchemaErrors

    columns = zip(sample.column_names, sample.columns, strict=True)
    frame = pd.DataFrame({n: pd.arrays.ArrowExtensionArray(c) for n, c in columns}, copy=False)
    # An environment variable of Pandera does not switch the check off.
    with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
        try:
            contract.pandera.validate(frame, lazy=True, inplace=True)
        except SchemaErrors as found:
            # Its text and its cases quote values: it goes no further than here.
            return _counted(found.failure_cases)
    return {}


def _counted(cases: pd.DataFrame) -> dict[str, int]:
    """Return the rows of each rule that has failure cases, without the values in them."""
    rows: defaultdict[str, set[object]] = defaultdict(set)
    for case in cases.to_dict("records"):
        # A check is written with what it compares to, in brackets.
        check = str(case["check"]).split("(")[0]
        if case["schema_context"] == "Column":
            rule = f"{case['column']}:{_RULES.get(check, check)}"
        elif check in _OF_THE_COLUMNS:
            rule = f"{case['failure_case']}:{check}"
        else:
            rule = check
        # A check of two columns has a case for each column of a row that fails it.
        rows[rule].add(case["index"])
    return {rule: len(found) for rule, found in sorted(rows.items())}

"""Column types and the `column` declaration that every table contract is written with."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

import pandera.pandas as pa
from pandera.engines import pandas_engine as pe

Text = pe.ArrowString
BigInt = pe.ArrowInt64
Double = pe.ArrowFloat64
Bool = pe.ArrowBool
Date = pe.ArrowDate32
Timestamp = Annotated[pe.ArrowTimestamp, "us", None]
Money = Annotated[pe.ArrowDecimal128, 18, 2, None]
Rate = Annotated[pe.ArrowDecimal128, 18, 4, None]
Weight = Annotated[pe.ArrowDecimal128, 20, 10, None]

# Bounds of one value, and the columns that hold whatever adds up for one client: contracts of stage
# state the bounds, so that nothing which stage publishes is too large for a dimension. Reckoned
# with a billion (10^9) rows of one client, more than a bank has.
MOST_MONEY = Decimal("999999999999.99")
MOST_COUNTED = 1_000_000_000
Total = Annotated[pe.ArrowDecimal128, 24, 2, None]
"""Sums of money: 10^12 x 10^9 rows = 10^21, and differences of two; 22 digits before the point."""
Growth = Annotated[pe.ArrowDecimal128, 28, 4, None]
"""A quotient of two sums: 2 x 10^21 / 0.01; 24 digits before the point."""
WeightTotal = Annotated[pe.ArrowDecimal128, 30, 10, None]
"""Counts times weights: 10^9 x 10^9 sessions = 10^18; 20 digits before the point."""

PersonalData = Literal["none", "pseudonym", "quasi", "personal", "restricted"]
"""none: says nothing of a person; pseudonym: a key or token; quasi: identifies in combination;
personal: identifies or describes a person directly; restricted: never leaves raw."""

CHECKS = {
    "isin",
    "notin",
    "eq",
    "ne",
    "gt",
    "ge",
    "lt",
    "le",
    "in_range",
    "str_matches",
    "str_length",
    "str_startswith",
}


def column(
    description: str,
    *,
    pii: PersonalData = "none",
    nullable: bool = False,
    derived_from: Sequence[str] = (),
    not_after: str | None = None,
    longest: int | None = None,
    **checks: Any,
) -> Any:
    """Return one column of a contract: meaning, unit, personal-data class and checks.

    `derived_from` ("stage.account.branch_id") declares lineage where no SQL states it.
    `not_after` names a date column of the table that the value must not be later than, by its day.
    `longest`: bytes of UTF-8 that a delivered text may have where it is not the usual limit.
    `str_matches` is a full match, so that it means the same to Arrow, DuckDB and Athena.
    Raises TypeError for a check that has no SQL form, ValueError for an unknown class.
    """
    if unknown := set(checks) - CHECKS:
        raise TypeError(f"column(): no SQL form for {sorted(unknown)}; known: {sorted(CHECKS)}")
    if pii not in get_args(PersonalData):
        raise ValueError(f"column(): pii={pii!r} is not one of {get_args(PersonalData)}")
    if pattern := checks.get("str_matches"):
        bare = str(pattern).removeprefix("^").removesuffix("$")
        checks["str_matches"] = rf"^(?:{bare})$"
    return pa.Field(
        nullable=nullable,
        description=" ".join(description.split()),
        metadata={
            "pii": pii,
            "derived_from": tuple(derived_from),
            "not_after": not_after,
            "longest": longest,
        },
        **checks,
    )

"""Where each row of a stage query goes: published, repeated, or quarantined by its rule."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from customer360_assets.contracts.audit import first_broken_sql
from customer360_assets.contracts.contract import Contract
from customer360_assets.partitions import Span
from customer360_assets.platform import Platform
from customer360_assets.publishing import Inputs
from customer360_assets.reading import joined
from customer360_assets.tables import candidate_dir
from customer360_assets.transformations import Transformation
from resources.sql_engine import Part

REPEAT = "repeat"


@dataclass(frozen=True)
class Fates:
    """A split candidate: files to publish, and what was held back and why.

    by_date: the files to publish. refused: files by the rule that their rows broke. held: all files
    that are not to publish. totals: per control column, what the delivered sum has more than all
    fates together.
    """

    by_date: Mapping[dt.date, Sequence[str]]
    rows_by_date: Mapping[dt.date, int]
    repeated: int
    refused: Mapping[str, Sequence[str]]
    held: Sequence[str]
    quarantined: Mapping[str, int]
    totals: Mapping[str, str]

    @property
    def files(self) -> list[str]:
        """Files to publish."""
        return [file for files in self.by_date.values() for file in files]

    @property
    def rows(self) -> int:
        """Rows to publish."""
        return sum(self.rows_by_date.values())


def fate_sql(contract: Contract, query: str) -> str:
    """Wrap a stage query: its columns, and `fate`: a row's date, the rule it broke, or a repeat.

    A repeat is told before a broken rule, so that a record delivered twice is refused once. What
    is held back is apart by reason alone: Athena writes a hundred parts at once, a month has 31.
    """
    columns = ",\n    ".join(f'"{c.name}"' for c in contract.columns)
    form = f'"{contract.form_rule}", ' if contract.form_rule else ""
    return (
        f"SELECT\n    {columns},\n    CASE WHEN delivery_rank > 1 THEN '{REPEAT}' ELSE"
        f" coalesce({form}{first_broken_sql(contract)},"
        " CAST(business_date AS varchar)) END AS fate\n"
        f"FROM (\n{query.rstrip().removesuffix(';')}\n) AS staged"
    )


def split(
    platform: Platform,
    contract: Contract,
    transformation: Transformation,
    span: Span,
    inputs: Mapping[Span, Inputs],
    run_id: str,
) -> Fates:
    """Run a stage query over each piece of a span and split its rows by fate, in one pass."""
    parts = [
        part
        for piece, files in inputs.items()
        for part in _written(platform, contract, transformation, piece, files, run_id)
    ]
    dates = {str(date): date for date in span.dates}
    by_date: dict[dt.date, list[str]] = defaultdict(list)
    refused: dict[str, list[str]] = defaultdict(list)
    held: list[str] = []
    counts: Counter[str] = Counter()
    for part in parts:
        (fate,) = part.values
        counts[fate] += part.rows
        if fate in dates:
            by_date[dates[fate]].append(part.file)
            continue
        held.append(part.file)
        if fate != REPEAT:
            refused[fate].append(part.file)
    return Fates(
        by_date=dict(by_date),
        rows_by_date={date: counts[str(date)] for date in by_date},
        repeated=counts[REPEAT],
        refused=dict(refused),
        held=held,
        quarantined={rule: counts[rule] for rule in refused},
        totals=_differences(
            platform, contract, joined(inputs.values()), [part.file for part in parts], span
        ),
    )


def _written(
    platform: Platform,
    contract: Contract,
    transformation: Transformation,
    piece: Span,
    inputs: Inputs,
    run_id: str,
) -> Sequence[Part]:
    """Give the parts of some of the dates: a record is repeated within its date alone."""
    return platform.sql.run(
        fate_sql(contract, transformation.text),
        params=[piece.first, piece.last],
        inputs=inputs,
        output=candidate_dir(platform, contract, f"{run_id}.{piece.first}"),
        columns=[(c.name, c.type) for c in contract.columns],
        partition_by=("fate",),
    ).parts


def _differences(
    platform: Platform, contract: Contract, inputs: Inputs, files: Sequence[str], span: Span
) -> dict[str, str]:
    """Give delivered minus accounted-for sums of the contract's control totals."""
    if not contract.totals:
        return {}
    sums = ", ".join(f'coalesce(sum("{c}"), 0) AS "{c}"' for c in contract.totals)
    source = f"raw.{contract.feed}"
    delivered = platform.sql.one(
        f"SELECT {sums} FROM {source} WHERE business_date BETWEEN ? AND ?",
        params=[span.first, span.last],
        inputs={source: inputs[source]},
    )
    accounted = (
        platform.sql.one(f"SELECT {sums} FROM split.rows", inputs={"split.rows": files})
        if files
        else dict.fromkeys(contract.totals, 0)
    )
    return {
        c: str(Decimal(str(delivered[c])) - Decimal(str(accounted[c]))) for c in contract.totals
    }

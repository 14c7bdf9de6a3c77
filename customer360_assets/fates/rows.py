"""Where each row of a stage query goes: published, repeated, or quarantined by its rule."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from customer360_assets.contracts.contract import Contract
from customer360_assets.fates.conflicts import CONFLICT, conflicts_of
from customer360_assets.fates.judged import ASIDE, CORRECTED, REPEAT, fate_sql
from customer360_assets.fates.moved import NEWER, dates_asked, moved_sql
from customer360_assets.fates.places import Places, of_files
from customer360_assets.fates.set_aside import values_set_aside
from customer360_assets.publishing.lake_tables import candidate_dir
from customer360_assets.publishing.platform import Platform
from customer360_assets.publishing.publish import Inputs
from customer360_assets.publishing.reading import joined
from customer360_assets.tables.partitions import Span
from customer360_assets.tables.transformations import Transformation
from resources.protocols.sql_engine import Part


@dataclass(frozen=True)
class Fates:
    """A split candidate: files to publish, and what was held back and why.

    by_date: the files to publish. refused: the records held back, by rule. set_aside: the records
    of which an optional value is published as null, by rule. unpublished: all files that are not to
    publish. totals: per control column, what the delivered sum has more than all fates together.
    quarantined and values_set_aside: rows by rule. corrected: rows that a later delivery brings
    for an earlier date.
    """

    by_date: Mapping[dt.date, Sequence[str]]
    rows_by_date: Mapping[dt.date, int]
    repeated: int
    corrected: int
    refused: Mapping[str, Places]
    unpublished: Sequence[str]
    quarantined: Mapping[str, int]
    totals: Mapping[str, str]
    set_aside: Mapping[str, Places] = field(default_factory=dict)

    @property
    def files(self) -> list[str]:
        """Files to publish."""
        return [file for files in self.by_date.values() for file in files]

    @property
    def rows(self) -> int:
        """Rows to publish."""
        return sum(self.rows_by_date.values())

    @property
    def values_set_aside(self) -> dict[str, int]:
        """Published rows that have a null in place of a value, by the rule that it broke."""
        return {rule: places.rows for rule, places in self.set_aside.items()}


@dataclass
class _Sorted:
    """The parts of a split candidate by fate."""

    by_date: defaultdict[dt.date, list[str]] = field(default_factory=lambda: defaultdict(list))
    refused: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    repeats: list[str] = field(default_factory=list)
    rows_by_date: Counter[dt.date] = field(default_factory=Counter)
    rows_refused: Counter[str] = field(default_factory=Counter)
    rows_repeated: int = 0
    corrected: list[str] = field(default_factory=list)
    rows_corrected: int = 0
    has_set_aside: bool = False

    def add(self, part: Part, dates: Mapping[str, dt.date]) -> None:
        (fate,) = part.values
        date = dates.get(fate.removesuffix(ASIDE))
        if date is not None:
            self.by_date[date].append(part.file)
            self.rows_by_date[date] += part.rows
            self.has_set_aside |= fate.endswith(ASIDE)
        elif fate == CORRECTED:
            self.corrected.append(part.file)
            self.rows_corrected += part.rows
        elif fate == REPEAT:
            self.repeats.append(part.file)
            self.rows_repeated += part.rows
        else:
            self.refused[fate].append(part.file)
            self.rows_refused[fate] += part.rows

    @property
    def unpublished(self) -> list[str]:
        """Files of the rows that are not to publish."""
        refused = (file for files in self.refused.values() for file in files)
        return [*refused, *self.repeats, *self.corrected]

    @property
    def others(self) -> list[str]:
        """Files of the rows that repeats are compared with."""
        return [
            f for group in (self.by_date, self.refused) for files in group.values() for f in files
        ]


def split(
    platform: Platform,
    contract: Contract,
    transformation: Transformation,
    span: Span,
    inputs: Mapping[Span, Inputs],
    run_id: str,
) -> Fates:
    """Run a stage query over each piece of a span and split its rows by fate, in one pass."""
    dates = {str(date): date for date in span.dates}
    found = _Sorted()
    for piece, files in inputs.items():
        for part in _written(platform, contract, transformation, piece, files, run_id):
            found.add(part, dates)
    aside = (
        values_set_aside(platform, contract, transformation.text, inputs)
        if found.has_set_aside
        else None
    )
    conflicts = conflicts_of(platform, contract, found.repeats, found.others)
    refused = {rule: of_files(platform, files) for rule, files in sorted(found.refused.items())}
    quarantined = dict(found.rows_refused)
    if conflicts is not None:
        refused[CONFLICT] = conflicts
        quarantined[CONFLICT] = conflicts.rows
    return Fates(
        by_date=dict(found.by_date),
        rows_by_date=dict(found.rows_by_date),
        repeated=found.rows_repeated - (conflicts.rows if conflicts else 0),
        corrected=found.rows_corrected,
        refused=refused,
        unpublished=found.unpublished,
        quarantined=quarantined,
        totals=_differences(
            platform,
            contract,
            joined(inputs.values()),
            [*(f for files in found.by_date.values() for f in files), *found.unpublished],
            aside.totals if aside else {},
            span,
        ),
        set_aside=aside.places if aside else {},
    )


def _written(
    platform: Platform,
    contract: Contract,
    transformation: Transformation,
    piece: Span,
    inputs: Inputs,
    run_id: str,
) -> Sequence[Part]:
    """Return the parts of some of the dates: a record is repeated within its date alone."""
    return platform.sql.run(
        fate_sql(contract, transformation.text, moved_sql(contract) if NEWER in inputs else None),
        params=dates_asked(piece, inputs),
        inputs=inputs,
        output=candidate_dir(platform, contract, f"{run_id}.{piece.first}"),
        columns=[(c.name, c.type) for c in contract.columns],
        partition_by=("fate",),
    ).parts


def _differences(
    platform: Platform,
    contract: Contract,
    inputs: Inputs,
    files: Sequence[str],
    aside: Mapping[str, Decimal],
    span: Span,
) -> dict[str, str]:
    """Return delivered minus accounted-for sums of the contract's control totals."""
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
        c: str(Decimal(str(delivered[c])) - Decimal(str(accounted[c])) - aside.get(c, Decimal(0)))
        for c in contract.totals
    }

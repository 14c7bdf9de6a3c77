"""The specification of a feed: where its files are, how to read them, and what each column is."""

from __future__ import annotations

import codecs
import datetime as dt
import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from customer360_assets.contracts.contract import Column, Contract
from customer360_assets.contracts.optional import optional_columns
from customer360_assets.contracts.raw._technical import TECHNICAL
from customer360_assets.feeds.dates import check_format, name_pattern
from customer360_assets.feeds.sql import athena_expression
from resources.files.listing import pattern_parts
from resources.files.regular import inside

PARSING = 3
"""Raise it when the same delivery and specification would give other rows than before."""

_DESCRIPTIVE = {"system", "description", "cadence", "folder", "pattern"}


def _expression(text: str) -> str:
    athena_expression(text)
    return text


_NO_CHARACTER_SETS = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
"""Codecs of Python between text and text-like bytes that no file is written in."""


def _codec(name: str) -> str:
    write = "write one such as utf-8 or cp1250"
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):
        raise ValueError(f"{name!r} is not an encoding; {write}") from None
    # Python has codecs for compression and the like; this flag is the only difference.
    if not codec._is_text_encoding or codec.name in _NO_CHARACTER_SETS:
        raise ValueError(f"{name!r} is no encoding of text files; {write}")
    return codec.name


def _folder(text: str) -> str:
    inside(text)
    return text


def _pattern(text: str) -> str:
    pattern_parts(text)
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class BusinessDate(_Strict):
    """What states the business date: the file's name, a column of each record, or the run.

    earliest: a record dated before it is quarantined, a file refused.
    """

    source: Literal["file_name", "column", "run"] = Field(alias="from")
    pattern: str | None = None
    column: str | None = None
    earliest: dt.date | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        needs = {"file_name": "pattern", "column": "column"}.get(self.source)
        for key in ("pattern", "column"):
            if (getattr(self, key) is not None) != (key == needs):
                raise ValueError(f"from: {self.source} takes {needs or 'nothing'} beside it")
        if self.pattern is not None:
            name_pattern(self.pattern)
        return self


def _shape(pattern: str) -> str:
    # Arrow runs the RE2 that the engine runs, and is loaded already: no engine starts here.
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        why = " ".join(str(error).split()).removeprefix("Invalid regular expression: ")
        raise ValueError(f"{pattern!r} is no regular expression of RE2: {why}") from None
    return pattern


class Target(_Strict):
    """What fills a contract column: a delivered field, an expression, or nothing.

    shape: a regular expression (RE2) that the whole delivered text matches, blanks around it left
    out; a record of another shape is quarantined under <column>:shape. Of a token it is the card
    number's, without the blanks and dashes that separate its digits.
    """

    field: str | None = Field(default=None, alias="from")
    expression: Annotated[str, AfterValidator(_expression)] | None = None
    token: str | None = None
    last_four: str | None = None
    absent: bool = False
    formats: tuple[Annotated[str, AfterValidator(check_format)], ...] = ()
    codes: dict[str, str | None] | None = None
    shape: Annotated[str, AfterValidator(_shape)] | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = ("field", "expression", "token", "last_four", "absent")
        if sum(bool(getattr(self, o)) for o in origins) > 1:
            raise ValueError("give one of from, expression, token, last_four and absent")
        if (self.token or self.last_four or self.absent) and (self.formats or self.codes):
            raise ValueError("formats and codes need a delivered field or an expression")
        if self.absent and self.shape is not None:
            raise ValueError("shape needs a delivered field, an expression, token or last_four")
        return self

    def fields(self) -> tuple[str, ...]:
        """Return the delivered fields that the target reads."""
        if self.expression is not None:
            return athena_expression(self.expression).fields
        return tuple(f for f in (self.field, self.token, self.last_four) if f)


class FeedSpec(_Strict):
    """One feed of one source system. Column types are the raw contract's and not repeated here.

    key: the columns that distinguish two records where the table's own key does not: movement
    numbers that count per account need [account_id, trans_id].
    max_expanded_gb: gigabytes that a compressed file may hold. max_expansion: how many times its
    own size; a small file is not held to it. A file beyond them is refused.
    """

    feed: str
    system: str
    description: str = ""
    folder: Annotated[str, AfterValidator(_folder)] = ""
    pattern: Annotated[str, AfterValidator(_pattern)]
    format: Literal["delimited", "json_lines", "python_lines", "parquet"]
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', max_length=1)
    header: bool = False
    columns: tuple[str, ...] = ()
    encoding: Annotated[str, AfterValidator(_codec)] = "utf-8"
    compression: Literal["none", "gzip"] = "none"
    max_expanded_gb: float = Field(default=50, gt=0, allow_inf_nan=False)
    max_expansion: int = Field(default=200, gt=0)
    nulls: tuple[str, ...] = ()
    business_date: BusinessDate
    delivery: Literal["snapshot", "delta"]
    key: tuple[str, ...] = ()
    supersedes: Literal["same_date", "same_name"] | None = None
    cadence: Literal["daily", "weekly", "monthly"] = "daily"
    targets: dict[str, Target] = {}

    @field_validator("business_date", mode="before")
    @classmethod
    def _run_alone(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if self.format == "delimited" and not self.header and not self.columns:
            raise ValueError("columns: a file without header needs its columns in file order")
        folded = [c.casefold() for c in self.columns]
        if repeated := sorted({c for c in folded if folded.count(c) > 1}):
            raise ValueError(f"columns: {', '.join(repeated)} given twice")
        used = [f for target in self.targets.values() for f in target.fields()]
        if quoted := [f for f in (*self.columns, *used) if '"' in f]:
            raise ValueError(f"columns: {quoted[0]!r} has a quote in its name")
        if self.format == "parquet" and self.compression != "none":
            raise ValueError("compression: Parquet compresses itself; write none")
        if self.quote == self.delimiter:
            raise ValueError("quote: it is the delimiter too")
        return self

    @property
    def replaces(self) -> Literal["same_date", "same_name"]:
        """Return what a new delivery replaces: all of its date, or the earlier file of its name."""
        return self.supersedes or ("same_date" if self.delivery == "snapshot" else "same_name")

    def since(self, first: dt.date) -> Self:
        """Return the specification for a deployment whose first business date this is."""
        earliest = max(first, self.business_date.earliest or first)
        dated = self.business_date.model_copy(update={"earliest": earliest})
        return self.model_copy(update={"business_date": dated})

    def sources(self, contract: Contract) -> tuple[tuple[Column, Target], ...]:
        """Return each delivered column of the contract with what fills it, in contract order."""
        made = {*TECHNICAL, contract.scope}
        return tuple((c, self._target(c.name)) for c in contract.columns if c.name not in made)

    def fields(self, contract: Contract) -> tuple[str, ...]:
        """Return the delivered fields that the targets read, each once."""
        read = (f for _, target in self.sources(contract) for f in target.fields())
        return tuple(dict.fromkeys(read))

    def fingerprint(self, contract: Contract, key_id: str = "") -> str:
        """SHA-256 of all that decides the rows of a delivery; `key_id` where it makes tokens."""
        spec = self.model_dump(mode="json", by_alias=True, exclude=_DESCRIPTIVE)
        decides = [
            PARSING,
            spec,
            contract.fingerprint,
            key_id if self.tokenizes else "",
            optional_columns(contract),
        ]
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()

    @property
    def tokenizes(self) -> bool:
        """Return True if a column is a card token, so that a key is needed."""
        return any(t.token for t in self.targets.values())

    def _target(self, name: str) -> Target:
        target = self.targets.get(name, Target())
        if target.absent or target.fields() or target.expression is not None:
            return target
        return target.model_copy(update={"field": name})

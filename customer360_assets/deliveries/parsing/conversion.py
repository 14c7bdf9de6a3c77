"""The query that turns delivered fields into a contract's columns and names what went wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlglot

from customer360_assets.contracts.contract import Column, Contract
from customer360_assets.contracts.identity import record_key
from customer360_assets.contracts.optional import optional_columns
from customer360_assets.deliveries.formats.sql_text import literal, literals, name, trimmed
from customer360_assets.deliveries.parsing.broken_rules import (
    Rules,
    first_broken_sql,
    set_aside_sql,
    without_sql,
)
from customer360_assets.deliveries.parsing.key_text import (
    bare_sql,
    card_number_sql,
    is_number_sql,
    other_shape_sql,
)
from customer360_assets.deliveries.parsing.types_sql import (
    direct_sql,
    doubted_sql,
    doubts_sql,
    text_sql,
    typed_sql,
)
from customer360_assets.feeds.spec import BusinessDate, FeedSpec, Target
from customer360_assets.feeds.sql import athena_expression
from resources.deployment.card_token import CardKey

TOKEN_PADS = ("card_inner_pad", "card_outer_pad")
"""Names of the statement's parameters that are the key's pads.

No statement holds them, and no expression reads them: a variable of the engine can be read by all.
"""

_CENTURY_END = 1999


@dataclass(frozen=True)
class _Step:
    """One target on its way: text, then value; each rule is (condition that breaks it, name).

    doubts: the test of a value that puts the column's values with a dot in doubt.
    """

    column: Column
    computed: str | None
    text: str
    value: str
    rules: tuple[tuple[str, str], ...]
    doubts: str | None = None


def pads_of(key: CardKey | None) -> dict[str, bytes]:
    """Return the parameters that the query of a feed with card tokens is run with; else none."""
    return dict(zip(TOKEN_PADS, key.pads, strict=True)) if key else {}


def judged_sql(
    spec: FeedSpec,
    contract: Contract,
    delivered: str,
    types: Mapping[str, str],
    date: dt.date | str | None,
    doubted: Collection[str] = (),
) -> str:
    """Return the query of typed columns, business_date, __line_no, __record and what is wrong.

    delivered: a query of __line_no, __record, __form and one column per field that the targets
    read. types: the fields' types where they are not text. date: the delivery's business date, or
    the delivered column that has it where there are several; None where a target column states it.
    doubted: columns whose dots may separate thousands.

    __rule is NULL for a good row, else the first rule broken: that of the record's form, then those
    of the required columns in contract order, then that of the date. __aside lists the rules broken
    by optional columns, which are NULL then; NULL when there is none. __doubts lists the columns in
    which the record has a value that puts those with a dot in doubt.
    """
    steps = [
        _step(c, t, spec, types, _last_year(c, spec, date), doubted)
        for c, t in spec.sources(contract)
    ]
    # Other columns' two-digit years are read by the record's own date.
    steps.sort(key=lambda s: s.column.name != spec.business_date.column)
    computed = "".join(f",\n {s.computed} AS {_e(s.column)}" for s in steps if s.computed)
    texts = "".join(f",\n {s.text} AS {_t(s.column)}" for s in steps)
    values = "".join(f",\n {s.value} AS {name(s.column.name)}" for s in steps)
    dated_by = spec.business_date.column
    if isinstance(date, dt.date):
        business_date = f"DATE {literal(date.isoformat())}"
    else:
        business_date = f"CAST({name(date or str(dated_by))} AS DATE)"
    return (
        f"WITH delivered AS ({delivered}),\n"
        f"computed AS (SELECT *{computed} FROM delivered),\n"
        f"texts AS (SELECT *{texts} FROM computed),\n"
        f"named AS (SELECT * RENAME ({_hidden(spec, contract)}) FROM texts),\n"
        f"typed AS (SELECT *{values} FROM named),\n"
        f"dated AS (SELECT *, {business_date} AS business_date{_scope(spec, contract)}"
        " FROM typed)\n"
        f"{_judged(steps, spec, contract)} FROM dated"
    )


def _last_year(column: Column, spec: FeedSpec, date: dt.date | str | None) -> str | None:
    """Return the expression of the last year that two digits may mean: none is of the 1800s."""
    if isinstance(date, dt.date):
        return str(max(date.year, _CENTURY_END))
    if date is None and column.name == spec.business_date.column:
        return None
    stated = name(date or str(spec.business_date.column))
    return f"greatest(coalesce(year({stated}), {_CENTURY_END}), {_CENTURY_END})"


def _scope(spec: FeedSpec, contract: Contract) -> str:
    """Return what the numbers of a record count within, as text: '' where they are unique."""
    if contract.scope is None:
        return ""
    own = record_key(contract)
    values = [f"CAST({name(c)} AS VARCHAR)" for c in spec.key if c not in own]
    text = values[0] if len(values) == 1 else f"to_json([{', '.join(values)}])"
    scope = f"coalesce(CAST({text} AS VARCHAR), '')" if values else "''"
    return f", {scope} AS {name(contract.scope)}"


def _hidden(spec: FeedSpec, contract: Contract) -> str:
    """Move the fields aside: a contract column may bear the name of a field that fills another."""
    return ", ".join(f"{name(f)} AS {_f(f)}" for f in spec.fields(contract))


def _step(
    column: Column,
    target: Target,
    spec: FeedSpec,
    types: Mapping[str, str],
    last_year: str | None,
    doubted: Collection[str],
) -> _Step:
    if target.absent:
        return _Step(column, None, "CAST(NULL AS VARCHAR)", f"CAST(NULL AS {column.type})", ())
    if target.token or target.last_four:
        return _card_step(column, target, spec, types)
    computed, rules = None, [*_shape_rules(column, target)]
    if target.expression is not None:
        # A struct around the value: NULL itself only where the expression failed.
        computed = (
            f"TRY(struct_pack(v := CAST({athena_expression(target.expression).duckdb} AS VARCHAR)))"
        )
        rules.insert(0, (f"{_e(column)} IS NULL", "expression"))
        delivered = f"{_e(column)}.v"
    else:
        field = str(target.field)
        kind = types.get(field, "VARCHAR")
        direct = (
            None if target.codes or target.formats else direct_sql(_f(field), kind, column.type)
        )
        if direct is not None:
            broken = f"{_t(column)} AND {name(column.name)} IS NULL"
            given = f"{name(field)} IS NOT NULL"
            return _Step(column, None, given, direct, ((broken, "type"),))
        delivered = name(field) if kind == "VARCHAR" else text_sql(name(field), kind, column.type)
    text = _clean(delivered if target.shape is None else bare_sql(delivered), column.type, spec)
    given = _t(column)
    if target.codes is not None:
        code = trimmed(given)
        unknown = f"{given} IS NOT NULL AND {code} NOT IN ({literals(target.codes)})"
        rules.append((unknown, "code"))
        given = _decoded(code, target.codes)
    if column.type == "varchar" and target.codes is None:
        rules.append((f"strlen({given}) > {column.longest}", "length"))
        given = f"CASE WHEN strlen({given}) <= {column.longest} THEN {given} END"
    value = typed_sql(given, column.type, target.formats, last_year)
    doubts = None
    if target.codes is None and not target.formats:
        doubts = doubts_sql(_t(column), column.type)
        if column.name in doubted:
            broken, rule = doubted_sql(_t(column), column.type)
            rules.append((broken, rule))
            value = f"CASE WHEN NOT ({broken}) THEN {value} END"
    if column.type != "varchar":
        failed = f"{given} IS NOT NULL AND {name(column.name)} IS NULL"
        rules.append((failed, "format" if target.formats else "type"))
    return _Step(column, computed, text, value, tuple(rules), doubts)


def _card_step(column: Column, target: Target, spec: FeedSpec, types: Mapping[str, str]) -> _Step:
    field = str(target.token or target.last_four)
    text = bare_sql(text_sql(name(field), types.get(field, "VARCHAR")))
    number = card_number_sql(_clean(text, "varchar", spec))
    rules = _shape_rules(column, target)
    if target.last_four:
        shown = f"CASE WHEN {is_number_sql(_t(column))} THEN {_t(column)}[-4:] END"
        return _Step(column, None, number, shown, rules)
    inner, outer = (f"CAST(${pad} AS BLOB)" for pad in TOKEN_PADS)
    token = f"sha256({outer} || unhex(sha256({inner} || encode({_t(column)}))))"
    return _Step(column, None, number, token, rules)


def _shape_rules(column: Column, target: Target) -> tuple[tuple[str, str], ...]:
    shape = target.shape
    return () if shape is None else ((other_shape_sql(_t(column), shape), "shape"),)


def _clean(text: str, to: str, spec: FeedSpec) -> str:
    """Blank and the null spellings become NULL; only text keeps the blanks around it."""
    nulls = ("", *(n.strip() for n in spec.nulls))
    not_null = f"NOT IN ({literals(nulls)})"
    kept = text if to == "varchar" else trimmed(text)
    # Trimming reads every character, and nearly every value has nothing to trim.
    bare = f"ascii({text}) > 32 AND NOT ends_with({text}, ' ')"
    itself = f"CASE WHEN {text} {not_null} THEN {text} END" if any(nulls) else text
    return f"CASE WHEN {bare} THEN {itself} WHEN {trimmed(text)} {not_null} THEN {kept} END"


def _decoded(code: str, codes: Mapping[str, str | None]) -> str:
    cases = " ".join(f"WHEN {literal(k)} THEN {literal(v)}" for k, v in codes.items())
    return f"CASE {code} {cases} END"


def _judged(steps: list[_Step], spec: FeedSpec, contract: Contract) -> str:
    by_name = {s.column.name: s for s in steps}
    columns = [by_name[c.name] for c in contract.columns if c.name in by_name]
    dated = spec.business_date
    # Without them the record and its date cannot be identified.
    optional = {*optional_columns(contract)} - {dated.column, *spec.key}
    rules = {s.column.name: (*_own(s), *_agreed(s.column, contract)) for s in columns}
    required = [r for c, own in rules.items() if c not in optional for r in own]
    long = f"CASE WHEN strlen(__record) > {contract.longest_record} THEN 'record:length' END"
    rule = f"coalesce({long}, __form, {first_broken_sql([*required, *_of_date(dated)])})"
    # A value that cannot be read is NULL by itself.
    nulled = {s.column.name: _agreed(s.column, contract) for s in columns}
    kept = without_sql({c: own for c, own in nulled.items() if c in optional})
    aside = set_aside_sql(own for c, own in rules.items() if c in optional)
    doubts = [
        f"CASE WHEN {s.doubts} THEN {literal(s.column.name)} END" for s in columns if s.doubts
    ]
    listed = f"CAST([{', '.join(doubts)}] AS VARCHAR[])"
    return f"SELECT {kept},\n {rule} AS __rule,\n {aside} AS __aside,\n {listed} AS __doubts"


def _own(step: _Step) -> Rules:
    return [(broken, f"{step.column.name}:{rule}") for broken, rule in step.rules]


def _agreed(column: Column, contract: Contract) -> Rules:
    """Return the contract's rules of a column."""
    rules = (r for r in contract.rules if r.column == column.name)
    return [(f"NOT ({_duckdb(rule.sql)})", rule.name) for rule in rules]


def _of_date(dated: BusinessDate) -> Rules:
    if dated.column is None:
        return []
    rules = [("business_date IS NULL", "business_date:not_null")]
    if dated.earliest is not None:
        earliest = f"DATE {literal(dated.earliest.isoformat())}"
        rules.append((f"business_date < {earliest}", "business_date:too_early"))
    return rules


def _duckdb(athena: str) -> str:
    return str(sqlglot.transpile(athena, read="athena", write="duckdb", identify=True)[0])


def _e(column: Column) -> str:
    return name(f"__e:{column.name}")


def _t(column: Column) -> str:
    return name(f"__t:{column.name}")


def _f(field: str) -> str:
    return name(f"__f:{field}")

"""A profile as an item of DynamoDB, and back: exact, and without what is NULL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from resources.dynamodb.table import BRANCH, CLIENT, KEY, SHARES
from resources.files.opening import open_duckdb
from resources.protocols.profile_store import Profile, ProfileStoreError

if TYPE_CHECKING:
    import pyarrow as pa

LARGEST = 400 * 1024
"""Bytes that DynamoDB takes in an item, names included."""
BRANCH_ID = "branch_id"
TWICE = "a client_id is null or comes twice"
_SMALLEST_FLOAT, _LARGEST_FLOAT = 1e-130, 9.9e125
_EXACT = Context(prec=60)

Item = dict[str, dict[str, Any]]


def kinds_of(schema: pa.Schema) -> dict[str, str]:
    """Return each column's kind: text, boolean, integer, float or decimal:<scale>."""
    import pyarrow as pa

    if clash := {KEY, BRANCH} & set(schema.names):
        raise ProfileStoreError(f"column {clash.pop()}: the store has an attribute of that name")
    kinds: dict[str, str] = {}
    for field in schema:
        kind = field.type
        if pa.types.is_decimal(kind):
            kinds[field.name] = f"decimal:{kind.scale}"
        elif pa.types.is_integer(kind):
            kinds[field.name] = "integer"
        elif pa.types.is_floating(kind):
            kinds[field.name] = "float"
        elif pa.types.is_boolean(kind):
            kinds[field.name] = "boolean"
        elif pa.types.is_nested(kind) or pa.types.is_binary(kind):
            raise ProfileStoreError(f"column {field.name}: the store has no type for {kind}")
        else:
            kinds[field.name] = "text"
    return kinds


def item_texts(batch: pa.RecordBatch, generation: int) -> Iterator[str]:
    """Yield the profiles of a batch as items in DynamoDB's JSON, each of at most 400 KB."""
    import pyarrow as pa

    kinds = kinds_of(batch.schema)
    _refuse_unfit(batch, kinds)
    with open_duckdb() as engine:
        engine.register("profiles", pa.table(batch))
        made = engine.execute(_items_sql(kinds, generation))
        while part := made.fetchmany(1_000):
            for (text,) in part:
                # The text is longer than the item, by its punctuation.
                if len(text) * 4 > LARGEST and len(text.encode()) > LARGEST:
                    _refuse_large(json.loads(text))
                yield text


def profile_of(item: Item, kinds: Mapping[str, str]) -> Profile:
    """Return the profile that an item was made of."""
    return {name: _value(item[name], kind, name) for name, kind in kinds.items() if name in item}


def _items_sql(kinds: Mapping[str, str], generation: int) -> str:
    """Return the query of the items, one JSON text each, built by column and not row by row."""
    share = f"lpad(CAST((client_id % {SHARES} + {SHARES}) % {SHARES} AS varchar), 2, '0')"
    branch = f"coalesce(CAST({BRANCH_ID} AS varchar), 'none/' || {share})"
    members = [
        f'\'"{KEY}":{{"S":"{generation}/\' || {share} || \'"}}\'',
        f'\'"{BRANCH}":{{"S":"{generation}/\' || {branch} || \'"}}\'',
    ]
    for name, kind in kinds.items():
        column = '"' + name.replace('"', '""') + '"'
        label = json.dumps(name).replace("'", "''")
        if kind == "text":
            tag, value = "S", f"CAST(to_json(CAST({column} AS varchar)) AS varchar)"
        elif kind == "boolean":
            tag, value = "BOOL", f"CAST({column} AS varchar)"
        else:
            wide = f"CAST({column} AS double)" if kind == "float" else column
            tag, value = "N", f"'\"' || CAST({wide} AS varchar) || '\"'"
        # NULL makes the whole member NULL, and concat_ws leaves it out.
        members.append(f"'{label}:{{\"{tag}\":' || {value} || '}}'")
    return f"SELECT '{{' || concat_ws(',', {', '.join(members)}) || '}}' FROM profiles"


def _refuse_unfit(batch: pa.RecordBatch, kinds: Mapping[str, str]) -> None:
    import pyarrow.compute as pc

    if batch.column(CLIENT).null_count:
        raise ProfileStoreError(TWICE)
    for name, kind in kinds.items():
        if kind == "float":
            size = pc.abs(batch.column(name))
            small = pc.and_(pc.less(size, _SMALLEST_FLOAT), pc.not_equal(size, 0.0))
            unfit = pc.or_(small, pc.invert(pc.less(size, _LARGEST_FLOAT)))
            if pc.any(unfit).as_py():
                raise ProfileStoreError(
                    f"column {name}: a number that DynamoDB cannot hold (infinite, not a number, "
                    "above 10^125 or below 10^-130)"
                )


def _refuse_large(item: Item) -> None:
    sizes = {name: _bytes(name, value) for name, value in item.items()}
    if sum(sizes.values()) > LARGEST:
        column = max(sizes, key=lambda name: sizes[name])
        raise ProfileStoreError(
            f"a profile has {sum(sizes.values()):,} bytes; DynamoDB takes {LARGEST:,} in an item. "
            f"Column {column} has {sizes[column]:,} of them: keep it out of the profile"
        )


def _bytes(name: str, value: dict[str, Any]) -> int:
    """Return the bytes that DynamoDB counts for an attribute; a few too many for a number."""
    ((kind, stored),) = value.items()
    size = 1 if kind == "BOOL" else len(stored) // 2 + 3 if kind == "N" else len(stored.encode())
    return len(name.encode()) + size


def _value(stored: dict[str, Any], kind: str, name: str) -> Any:
    if kind == "text":
        return stored["S"]
    if kind == "boolean":
        return stored["BOOL"]
    if kind == "integer":
        return int(stored["N"])
    if kind == "float":
        return float(stored["N"])
    # DynamoDB drops zeros at the end: the column's scale brings them back.
    scale = int(kind.partition(":")[2])
    return Decimal(stored["N"]).quantize(Decimal(1).scaleb(-scale), context=_EXACT)

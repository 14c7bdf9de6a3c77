"""Movements in files of every form, each with one thing that is odd, for one feed of each form."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Callable, Mapping, Sequence

from customer360_assets.feeds import FeedSpec
from tests.deliveries.movements import COLUMNS, movement_feed

Record = dict[str, str]
Change = Callable[[list[Record]], list[Record]]
DATE_LAST = ["operation", "trans_id", "account_id", "type", "amount", "balance", "date"]
TEXT_LAST = [*(c for c in COLUMNS if c != "operation"), "operation"]
NAMED = {"from": "file_name", "pattern": "t%Y%m%d-*"}
FORMS: dict[str, FeedSpec] = {
    "delimited": movement_feed(),
    "by_name": movement_feed(business_date=NAMED),
    "by_column": movement_feed(business_date={"from": "column", "column": "date"}),
    "two_digit_years": movement_feed(
        business_date=NAMED, targets={"date": {"from": "date", "formats": ["%y-%m-%d"]}}
    ),
    "earliest": movement_feed(business_date=NAMED | {"earliest": "2024-05-03"}),
    "date_last": movement_feed(columns=DATE_LAST),
    "no_quote": movement_feed(quote="", columns=TEXT_LAST),
    "header": movement_feed(header=True),
    "json_lines": movement_feed("json_lines"),
    "json_by_name": movement_feed("json_lines", business_date=NAMED),
    "python_lines": movement_feed("python_lines"),
    "gzip": movement_feed(compression="gzip"),
    "utf_16": movement_feed(encoding="utf-16"),
    "cp1252": movement_feed(encoding="cp1252"),
    "scoped": movement_feed(key=["account_id", "trans_id"]),
    "snapshot": movement_feed(delivery="snapshot", supersedes="same_name", header=True),
}


def record(number: int) -> Record:
    """Return a movement that nothing is wrong with."""
    day = dt.date(2024, 5, 10) + dt.timedelta(days=number % 3)
    values = (str(number), "7", str(day), "credit", "CCK", f"{number}.50", "2")
    return dict(zip(COLUMNS, values, strict=True))


def _with(**changes: str) -> Change:
    """Change the record in the middle."""
    return lambda records: [
        r | changes if i == len(records) // 2 else r for i, r in enumerate(records)
    ]


CHANGES: dict[str, Change] = {
    "bad_record": _with(amount="x"),
    "all_bad": lambda records: [r | {"amount": "x"} for r in records],
    "set_aside": _with(balance="x"),
    "decimal_comma": lambda records: [
        *_with(amount="12,50")(records),
        records[0] | {"amount": "1.200"},
    ],
    "unknown_field": lambda records: [r | {"channel": "app", "Å 1": "2"} for r in records],
    "key_twice": _with(trans_id="1"),
    "no_date": _with(date=""),
    "long_ago": _with(date="0001-01-01"),
    "old_year": _with(date="56-01-02"),
    "scattered": lambda records: [r | {"trans_id": str(i * 1000)} for i, r in enumerate(records)],
    "many": lambda _: [record(i) for i in range(700, 4000)],
    "one": lambda records: records[:1],
    "none": lambda _: [],
    "letters": _with(operation="Zürich"),
    "separator": _with(operation="a\x1fb"),
    "return_within": _with(operation="a\rb"),
    "nul": _with(operation="a\0b"),
    "long_line": _with(operation="z" * 100_000),
}
TEXTS: dict[str, Callable[[str], str]] = {
    "no_final_newline": lambda text: text[:-1],
    "cut_by_a_digit": lambda text: text[:-2],
    "cut": lambda text: text[:-4],
    "cut_more": lambda text: text[:-14],
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "crlf_no_final": lambda text: text.replace("\n", "\r\n")[:-2],
    "carriage_returns": lambda text: text.replace("\n", "\r"),
    "mixed_breaks": lambda text: text.replace("\n", "\r\n", 2),
    "blank_lines": lambda text: "\n \n" + text.replace("\n", "\n\t\n\n"),
    "byte_order_mark": lambda text: "\ufeff" + text,
    "end_of_file_mark": lambda text: text + "\x1a",
    "open_quote": lambda text: text.replace("CCK", '"CCK', 1),
    "quotes_over_lines": lambda text: text.replace("CCK", '"C', 1).replace("CCK", 'CK"', 1),
    "quoted": lambda text: text.replace("CCK", '"C,K"'),
    "short_line": lambda text: text + "5\n",
    "array": lambda text: "[" + text.replace("\n", ",\n") + "]\n",
    "empty": lambda _: "",
    "blank": lambda _: "\n \n",
}
CASES = ("plain", *CHANGES, *TEXTS, "duplicate", "redelivered", "other_header", "unknown_codec")


def _text(form: FeedSpec, records: Sequence[Record], columns: Sequence[str]) -> str:
    if form.format == "json_lines":
        lines = [json.dumps(r, ensure_ascii=False) for r in records]
    elif form.format == "python_lines":
        lines = [str(r) for r in records]
    else:
        lines = [",".join(map(r.__getitem__, columns)) for r in records]
        if form.header:
            lines.insert(0, ",".join(columns))
    return "".join(f"{line}\n" for line in lines)


def _content(form: FeedSpec, case: str, start: int) -> bytes:
    records = [record(start + i) for i in range(5)]
    if form is FORMS["two_digit_years"]:
        records = [r | {"date": r["date"][2:]} for r in records]
    if form is FORMS["date_last"]:
        records = [r | {"date": f"{r['date']}T03:04:05.123456"} for r in records]
    records = CHANGES.get(case, list)(records)
    columns = list(form.columns)
    if case == "other_header":
        columns[:2] = reversed(columns[:2])
    elif form.header and case == "unknown_field":
        columns.append("channel")
    text = TEXTS.get(case, str)(_text(form, records, columns))
    content = text.encode(form.encoding, errors="replace")
    if case == "unknown_codec":
        content = b"\xff" + content
    return gzip.compress(content, mtime=0) if form.compression == "gzip" else content


def files(form: str) -> Mapping[str, tuple[str, bytes]]:
    """Return the name and content of the file of each case; those around an odd one are clean."""
    spec = FORMS[form]
    dated = spec.business_date.source == "file_name"
    found: dict[str, tuple[str, bytes]] = {}
    for i, case in enumerate(CASES):
        day = dt.date(2024, 5, 1) + dt.timedelta(days=i)
        name = f"t{day:%Y%m%d}-{case}" if dated else f"t-{i:02}-{case}"
        found[case] = name, _content(spec, case, 10 * i)
    found["duplicate"] = found["duplicate"][0], found["plain"][1]
    return found

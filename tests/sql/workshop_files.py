"""The workshop's real files, read into raw as they lie: enough of a reader for these tests."""

from __future__ import annotations

import ast
import csv
import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

from tests.sql.sql_bank import Bank, D

WORKSHOP = Path(__file__).parents[3] / "shared" / "data" / "workshop"
FIRST_VISITS = dt.date(2017, 7, 21)


def _lines(folder: str) -> list[list[str]]:
    (file,) = (WORKSHOP / folder).iterdir()
    with file.open(newline="") as text:
        return list(csv.reader(text))


def _moment(iso: str) -> dt.datetime:
    return dt.datetime.fromisoformat(iso)


def _session(line: str) -> dict[str, Any]:
    session = json.loads(line)
    return {
        "full_visitor_id": session["fullVisitorId"],
        "visit_id": session["visitId"],
        "visit_start_time": session["visitStartTime"],
        "visit_number": session["visitNumber"],
        "session_date": dt.datetime.strptime(session["date"], "%Y%m%d").date(),  # noqa: DTZ007
        "channel_grouping": session["channelGrouping"],
        "totals": json.dumps(session["totals"]),
        "traffic_source": json.dumps(session["trafficSource"]),
        "device": json.dumps(session["device"]),
        "geo_network": json.dumps(session["geoNetwork"]),
        "custom_dimensions": json.dumps(session["customDimensions"]),
        "hits": json.dumps(session["hits"]),
    }


def load_workshop(bank: Bank) -> None:
    """Load every file into raw and publish every stage table."""
    (crm,) = (WORKSHOP / "crm").iterdir()
    clients = [ast.literal_eval(line) for line in crm.read_text().splitlines()]
    bank.add("raw.crm_customer", *clients)
    bank.add(
        "raw.account",
        *(
            {"account_id": int(a), "branch_id": int(b), "frequency": f, "creation_date": _moment(c)}
            for a, b, f, c in _lines("account")
        ),
    )
    bank.add(
        "raw.disposition",
        *(
            {"account_id": int(a), "disp_id": int(d), "client_id": int(c), "type": t}
            for a, d, c, t in _lines("gbank")
        ),
    )
    bank.add(
        "raw.card",
        *(
            {
                "card_id": "kept out of tests",
                "card_token": hashlib.sha256(number.encode()).hexdigest(),
                "card_last_four": number[-4:],
                "disp_id": int(disp_id),
                "type": kind,
                "issued_datetime": _moment(issued),
            }
            for number, disp_id, kind, issued in _lines("card")
        ),
    )
    bank.add(
        "raw.web_visitor_map",
        *({"full_visitor_id": v, "client_id": int(c)} for v, c in _lines("visitors")),
    )
    for file in sorted((WORKSHOP / "ga").iterdir()):
        day = dt.datetime.strptime(file.stem[-8:], "%Y%m%d").date()  # noqa: DTZ007
        sessions = [_session(line) for line in file.read_text().splitlines() if line.strip()]
        bank.add("raw.ga_session", *sessions, business_date=day, delivery_id=file.name)
    for table in ("customer", "account", "card", "disposition", "web_visitor_map"):
        bank.publish(table)
    for table in ("web_session", "web_hit"):
        bank.publish(table, FIRST_VISITS, D)

"""Cases of single values: numbers, dates and times as systems write them."""

from __future__ import annotations

from tests.cases.case import ACCOUNT, CARD, CRM, MOVEMENTS, Case, Quarantined

MOVED = (
    "SELECT trans_id, account_id, type, amount, balance FROM stage.transaction ORDER BY trans_id"
)
ISSUED = "SELECT disp_id, issued_datetime FROM stage.card ORDER BY line_no"

VALUES = (
    Case(
        "13-nan",
        values={
            "SELECT client_id, age FROM stage.customer ORDER BY client_id": [
                (1, None),
                (2, 33),
                (3, 68),
                (4, 23),
            ]
        },
    ),
    Case(
        "20-debit-credit-columns",
        rows={"transaction": 3},
        records={MOVEMENTS: 5},
        quarantined=frozenset(
            {
                Quarantined(MOVEMENTS, 5, "type:expression"),
                Quarantined(MOVEMENTS, 6, "amount:expression"),
            }
        ),
        values={
            MOVED: [
                (1, 11, "credit", "1234.56", "1234.56"),
                (2, 11, "debit", "34.56", "1200.00"),
                (3, 12, "debit", "1000.00", "-1000.00"),
            ]
        },
        waits="formats: the keys debit, credit, decimal, thousands and sign",
    ),
    Case(
        "20b-debit-credit-columns-expressed",
        rows={"transaction": 6},
        records={MOVEMENTS: 6},
        values={
            MOVED: [
                (1, 11, "credit", "1234.56", "1234.56"),
                (2, 11, "debit", "34.56", "1200.00"),
                (3, 12, "debit", "1000.00", "-1000.00"),
                (4, 12, "credit", "500.00", "-500.00"),
                (5, 13, "credit", "0.00", "0.00"),
                (6, 13, "debit", "1000.50", "-1000.50"),
            ]
        },
        waits="formats: the same by short keys",
    ),
    Case(
        "22-timestamp-offset",
        rows={"card": 7},
        # Seven digits of a second are not exact in six, and 24:00 is a time of the next day.
        quarantined=frozenset(
            {
                *(Quarantined(CARD, line, "issued_datetime:type") for line in (5, 10)),
                Quarantined(CARD, 6, "record:column_count"),
            }
        ),
        values={
            ISSUED: [
                (21, "2024-01-01 04:40:13.123000"),
                (22, "2024-01-01 11:40:13"),
                (23, "2024-01-01 04:40:13.745232"),
                (24, "2024-01-01 06:40:13"),
                (23, "2024-01-01 06:40:13.123456"),
                (24, "2024-01-01 06:40:13"),
                (21, "2024-03-31 02:30:00"),
            ]
        },
        waits="formats: a comma before the fraction, unquoted",
    ),
    Case(
        "22d-epoch-seconds",
        values={
            ISSUED: [
                (21, "2024-01-01 01:00:00"),
                (22, "2024-01-01 02:00:00"),
                (23, "2024-01-01 03:00:00"),
                (24, "2024-01-01 04:00:00"),
            ]
        },
    ),
    Case(
        "41-ids",
        rows={"account": 1},
        quarantined=frozenset(
            {
                Quarantined(ACCOUNT, 1, "account_id:type"),
                Quarantined(ACCOUNT, 2, "branch_id:type"),
                Quarantined(ACCOUNT, 3, "branch_id:type"),
                *(Quarantined(CRM, line, "client_id:type") for line in (2, 3, 5, 6, 9)),
                Quarantined(CRM, 10, "client_id:not_null"),
            }
        ),
        values={
            "SELECT line_no, client_id FROM stage.customer ORDER BY line_no": [
                (1, 1),
                (4, 3),
                (7, 6),
                (8, 7),
            ]
        },
        waits="GA4: ids that are text",
    ),
    Case(
        "50-isoformat-without-microseconds",
        values={
            ISSUED: [
                (21, "2024-01-01 00:00:00.123451"),
                (22, "2024-01-02 00:00:00.123452"),
                (23, "2024-01-03 00:00:00.123453"),
                (24, "2024-01-04 00:00:00"),
            ]
        },
    ),
)

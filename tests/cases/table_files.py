"""Cases of whole files: their marks, headers, names, parts and containers."""

from __future__ import annotations

from tests.cases.case import ACCOUNT, CRM, KEY_SHAPE, VISITORS, Case, Quarantined
from tests.cases.site import Site

FIRST_CARD = "card/card00202405"
TRANSACTIONS = "transactions/transactions.csv"
PARTS = [f"crm/crm0020240523-060000.part-0000{n}.json" for n in (0, 1)]
HIVE = [f"account/dt=2024-05-{day}/part-00000.csv" for day in (22, 23)]


def _over_one_name(site: Site) -> None:
    """Deliver two days of movements one after the other under one name."""
    newer = (site.landing / TRANSACTIONS).read_bytes()
    site.deliver("day1/transactions.csv", TRANSACTIONS)
    assert site.run("2024-05-23")[0] == 0
    (site.landing / TRANSACTIONS).write_bytes(newer)


def _again_in_one_part(site: Site) -> None:
    """Deliver the first part again with its first client alone."""
    assert site.run("2024-05-23")[0] == 0
    part = site.landing / PARTS[0]
    part.write_bytes(part.read_bytes().splitlines(keepends=True)[0])


FILES = (
    Case(
        "01-trailer-same-width",
        rows={"web_visitor_map": 3},
        quarantined=frozenset({Quarantined(VISITORS, 4, f"full_visitor_id:{KEY_SHAPE}")}),
        waits="formats: a trailer that the feed names",
    ),
    Case(
        "03-ctrl-z",
        rows={"web_visitor_map": 2},
        records={ACCOUNT: 4, VISITORS: 2},
    ),
    Case(
        "04-preamble",
        rows={"account": 0},
        refused={ACCOUNT: "the header lacks account_id, branch_id, frequency, creation_date"},
        waits="formats: lines before the header",
    ),
    Case(
        "05-header-trailing-delimiter",
        rows={"account": 0},
        refused={
            "account/account0020240522-060000.csv": "no record fits the feed (record:column_count",
            ACCOUNT: "no record fits the feed (record:column_count",
        },
        waits="formats: a delimiter at the end of the header or of the records",
    ),
    Case(
        "07-bom-inside",
        rows={"account": 1},
        records={ACCOUNT: 1},
        values={
            "SELECT full_visitor_id, client_id FROM stage.web_visitor_map ORDER BY client_id": [
                ("0011234567", 1),
                ("0021234567", 2),
                ("0031234567", 3),
                ("0041234567", 4),
            ],
            "SELECT account_id, branch_id FROM stage.account": [(11, 1)],
        },
        slow=False,
    ),
    Case(
        "09-multi-part-snapshot",
        clients=2,
        rows={"customer": 2},
        superseded=(PARTS[0],),
        unmatched=("crm/_SUCCESS",),
        values={"SELECT client_id FROM stage.customer ORDER BY client_id": [(3,), (4,)]},
        waits="formats: parts of one snapshot",
    ),
    Case("09b-multi-part-snapshot-same-name", unmatched=("crm/_SUCCESS",)),
    Case(
        "09b-multi-part-snapshot-same-name",
        way="the date again as one part",
        setup=_again_in_one_part,
        clients=3,
        rows={"customer": 3},
        superseded=(PARTS[0],),
        unmatched=("crm/_SUCCESS",),
        values={"SELECT client_id FROM stage.customer ORDER BY client_id": [(1,), (3,), (4,)]},
        waits="formats: the second part is no longer of the snapshot",
    ),
    Case(
        "10-hive-folders",
        rows={"account": 0},
        refused=dict.fromkeys(HIVE, "no business date: the name does not fit"),
        unmatched=("account/dt=2024-05-23/_SUCCESS",),
        waits="formats: the business date of a folder",
    ),
    Case(
        "11-fixed-file-name",
        setup=_over_one_name,
        rows={"transaction": 1},
        records={TRANSACTIONS: 1},
        superseded=(TRANSACTIONS,),
        values={"SELECT trans_id, account_id FROM stage.transaction": [(3, 11)]},
        waits="formats: a delta of which no file replaces another",
    ),
    Case(
        "11-fixed-file-name",
        way="each date replaced by itself",
        feeds={"transaction": "supersedes: same_date\n"},
        setup=_over_one_name,
        rows={"transaction": 3},
        records={TRANSACTIONS: 1},
        values={
            'SELECT trans_id, "date", amount FROM stage.transaction ORDER BY trans_id': [
                (1, "2024-05-22", "100.00"),
                (2, "2024-05-22", "50.00"),
                (3, "2024-05-23", "10.00"),
            ]
        },
    ),
    Case(
        "14-json-array",
        code=1,
        clients=0,
        rows={"customer": 0},
        refused=dict.fromkeys([CRM, "crm/crm0020240522-060000.json"], "a JSON array"),
        says=("Not published. No customer was delivered on or before 2024-05-23",),
        waits="formats: a JSON array",
    ),
    Case(
        "25-zip-xlsx-other-containers",
        refused={
            f"{FIRST_CARD}01-1.csv": "a ZIP archive",
            f"{FIRST_CARD}02-1.csv": "an XLSX workbook",
            f"{FIRST_CARD}03-1.csv": "a PGP message",
            f"{FIRST_CARD}04-1.csv": "bzip2",
            f"{FIRST_CARD}05-1.csv": "Zstandard",
            f"{FIRST_CARD}06-1.csv": "UTF-16 text",
            f"{FIRST_CARD}07-1.csv": "UTF-16 text",
            f"{FIRST_CARD}08-1.csv": "an XLS workbook",
            f"{FIRST_CARD}10-1.csv": "a PDF document",
            f"{FIRST_CARD}11-1.csv": "no record fits the feed",
            f"{FIRST_CARD}12-1.csv": "not utf-8",
        },
        unmatched=("card/CARD0020240513-1.CSV", "card/card0020240509-1.csv.gz"),
        waits="formats: ZIP and gzip",
    ),
    Case(
        "30-ebcdic",
        refused={
            "account/account0020240521-1.txt": "it has no line break",
            "account/account0020240523-1.txt": "NEL ends its lines",
        },
        records={"account/account0020240522-1.txt": 4},
        values={
            "SELECT account_id, business_date FROM stage.account ORDER BY account_id": [
                (account, "2024-05-22") for account in (11, 12, 13, 14)
            ]
        },
        waits="formats: lines that NEL ends, and records of fixed length",
    ),
    Case(
        "31-fixed-width",
        stops=True,
        says=("card.yaml: targets.card_token: no delivered field 'card_id'",),
        waits="formats: fixed width, overpunched digits",
        slow=False,
    ),
    Case(
        "46-dates-in-names",
        rows={"account": 0},
        refused={"account/PROD.ACCT.D240523.T060000": "no business date: the name does not fit"},
        waits="formats: dates as D240523, 2024144 and 23MAY2024",
    ),
)

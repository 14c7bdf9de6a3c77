"""Where each client is: its branch, and the places that its web visits came from."""

from __future__ import annotations

from typing import Any

from customer360_assets.contracts.columns import BigInt, Date, Rate, Text, column
from customer360_assets.contracts.contract import Contract, Control, Table
from customer360_assets.contracts.dimension._attributed import AS_OF


def _place(of: str) -> Any:
    return column(
        f"{of} of most sessions, then of the most recent one, then the alphabet. Sessions that"
        " state none do not vote.",
        pii="quasi",
        nullable=True,
    )


def _sessions(of: str) -> Any:
    return column(
        f"Numerator of its share: sessions from that {of}.", pii="quasi", nullable=True, ge=0
    )


def _known(of: str) -> Any:
    return column(
        f"Denominator of its share: sessions that state a {of}.", pii="quasi", nullable=True, ge=0
    )


def _share(of: str) -> Any:
    return column(
        f"geo_web_{of}_sessions / geo_web_{of}_known_sessions, four decimals, half up; null without"
        " a session that states one.",
        pii="quasi",
        nullable=True,
        in_range={"min_value": 0, "max_value": 1},
    )


class Geographic(Table):
    """Home branch of each CRM client, and the country, region and city of its web visits.

    One row per CRM client. A session belongs to every client that its visitor maps to and counts
    once for each; delivered again, its latest delivery stands; all sessions dated up to the
    business date are read. A count is null when a feed that it needs has not delivered by then,
    and 0 for a client without any.
    """

    business_date: Date = column("As-of date: nothing delivered or dated after it is read.")
    client_id: BigInt = column("The client's number in CRM.", pii="pseudonym")
    geo_home_branch_id: BigInt = column(
        "branch_id of the primary account: of the accounts that the client owns by the date, joint"
        " ones too, the one with the earliest creation_date, then the lowest account_id, as"
        " branch_id of the profile. Null without an account.",
        pii="quasi",
        nullable=True,
        ge=0,
    )
    geo_branches: BigInt = column(
        "Distinct branches that keep those accounts, from stage.account.", nullable=True, ge=0
    )
    geo_web_sessions: BigInt = column(
        "Distinct sessions of the client's visitors, from stage.web_session.", nullable=True, ge=0
    )
    geo_web_country: Text = _place("Country")
    geo_web_country_sessions: BigInt = _sessions("country")
    geo_web_country_known_sessions: BigInt = _known("country")
    geo_web_country_share: Rate = _share("country")
    geo_web_region: Text = _place("Region (with its country)")
    geo_web_region_sessions: BigInt = _sessions("region")
    geo_web_region_known_sessions: BigInt = _known("region")
    geo_web_region_share: Rate = _share("region")
    geo_web_city: Text = _place("City (with its region and country)")
    geo_web_city_sessions: BigInt = _sessions("city")
    geo_web_city_known_sessions: BigInt = _known("city")
    geo_web_city_share: Rate = _share("city")


_VISITS = f"""{AS_OF},

visits AS (
    SELECT DISTINCT full_visitor_id, visit_id, visit_start_time FROM stage.web_session
    WHERE
        business_date <= (SELECT as_of.business_date FROM as_of)
        AND session_date <= (SELECT as_of.business_date FROM as_of)
)

SELECT count(*)
FROM visits
INNER JOIN stage.web_visitor_map AS links ON visits.full_visitor_id = links.full_visitor_id
WHERE
    links.client_id IN (SELECT customers.client_id FROM customers)
    AND links.business_date = (
        SELECT max(business_date) FROM stage.web_visitor_map
        WHERE business_date <= (SELECT as_of.business_date FROM as_of)
    )
"""

CONTRACT = Contract(
    Geographic,
    table="dimension.geographic",
    key=("business_date", "client_id"),
    prefix="geo_",
    owner="team:digital",
    controls=(
        Control(
            "every session counts once for each of its clients",
            "coalesce(sum(geo_web_sessions), 0)",
            _VISITS,
        ),
    ),
)

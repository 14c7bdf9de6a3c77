"""The profile: base columns, delivery dates, and every measure of every dimension's contract."""

from __future__ import annotations

import copy
from typing import Any, get_type_hints

from customer360_assets.contracts import contracts
from customer360_assets.contracts.columns import BigInt, Date, column
from customer360_assets.contracts.contract import Contract, Table


def _delivered(feed: str) -> Any:
    return column(
        f"Newest date up to the business date for which a delivery of {feed} is in force; null when"
        " there is none, and what rests on it is null then.",
        nullable=True,
        derived_from=("raw.delivery.dates_in_force", "raw.delivery.feed"),
    )


class Client(Table):
    """What the profile says of a client beside its dimensions."""

    business_date: Date = column("As-of date of every column.")
    client_id: BigInt = column(
        "The client's number in CRM.",
        pii="pseudonym",
        derived_from=("stage.customer.client_id",),
    )
    branch_id: BigInt = column(
        "Home branch: of the accounts that the client owns by the date (as owner), the branch"
        " of the one with the earliest creation_date, then the lowest account_id; null without.",
        pii="quasi",
        nullable=True,
        derived_from=(
            "stage.account.branch_id",
            "stage.account.creation_date",
            "stage.disposition.account_id",
        ),
    )
    customer_since: Date = column(
        "Date on which CRM created the client.",
        pii="quasi",
        nullable=True,
        derived_from=("stage.customer.client_created_date",),
    )
    delivered_account: Date = _delivered("account")
    delivered_card: Date = _delivered("card")
    delivered_crm_customer: Date = _delivered("crm_customer")
    delivered_disposition: Date = _delivered("disposition")
    delivered_ga_session: Date = _delivered("ga_session")
    delivered_transaction: Date = _delivered("transaction")
    delivered_web_visitor_map: Date = _delivered("web_visitor_map")


def _measures(dimension: Contract) -> dict[str, tuple[Any, Any]]:
    """Return a dimension's columns (type, field) as the profile has them, by name."""
    types = get_type_hints(dimension.model, include_extras=True)
    found = {}
    for name, (_annotation, declared) in dimension.model.__fields__.items():
        if name in dimension.key:
            continue
        taken = copy.copy(declared)
        source = (f"{dimension.table}.{name}",)
        taken.metadata = {**(declared.metadata or {}), "derived_from": source}
        found[name] = (types[name], taken)
    return found


def _model() -> type[Table]:
    """Return the profile's model; ValueError if two dimensions share a column name."""
    columns: dict[str, tuple[Any, Any]] = {}
    for dimension in contracts("dimension"):
        measures = _measures(dimension)
        if shared := measures.keys() & (columns.keys() | Client.__fields__.keys()):
            raise ValueError(f"{dimension.table}: {sorted(shared)} are in the profile already")
        columns |= measures
    body = {name: declared for name, (_type, declared) in columns.items()}
    annotations = {name: kind for name, (kind, _declared) in columns.items()}
    description = (
        "One row per CRM client: every dimension beside every other as of the business date, and"
        " the deliveries that they rest on. A client without accounts has its row too."
    )
    return type(
        "Customer360",
        (Client,),
        {
            "__annotations__": annotations,
            "__doc__": description,
            "__module__": __name__,
            **body,
        },
    )


CONTRACT = Contract(
    _model(),
    table="profile.customer_360",
    key=("business_date", "client_id"),
)

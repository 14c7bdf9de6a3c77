"""The asset graph: what is there, what is said of it, and that it hangs together."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
import sqlglot
from sqlglot import exp

from customer360_assets.contracts import contract, contracts
from customer360_assets.feeds import load_feeds

SQL = Path(__file__).resolve().parents[2] / "sql"
FEEDS = sorted(load_feeds("workshop"))
TABLES = [
    c.table for layer in ("raw", "stage", "dimension", "profile") for c in contracts(layer)
]  # fmt: skip
Specs = dict[str, dg.AssetSpec]


def test_definitions_are_loadable(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_the_assets_are_the_layers(specs: Specs) -> None:
    assert FEEDS == [
        "account", "card", "crm_customer", "disposition", "ga_session", "transaction",
        "web_visitor_map",
    ]  # fmt: skip
    assert {t for t in specs if t.startswith("source.")} == {f"source.{f}" for f in FEEDS}
    assert {t for t in specs if t.startswith("raw.")} == {f"raw.{f}" for f in (*FEEDS, "delivery")}
    assert {t for t in specs if t.startswith("stage.")} == {
        f"stage.{name}"
        for name in (
            "account", "card", "customer", "disposition", "transaction", "web_hit",
            "web_session", "web_visitor_map",
        )
    }  # fmt: skip
    assert {"dimension.product_holding", "dimension.customer_history"} < set(specs)
    rest = {t for t in specs if t.split(".")[0] not in ("source", "raw", "stage", "dimension")}
    assert rest == {"profile.customer_360", "serving.customer_profile"}


def test_one_file_and_one_contract_per_dimension(specs: Specs) -> None:
    files = {p.stem for p in (SQL / "dimensions").glob("*.sql")}
    made = {t.split(".")[1] for t in specs if t.startswith("dimension.")}
    assert made == {c.name for c in contracts("dimension")}
    assert made - files == {"customer_history"}


@pytest.mark.parametrize("table", TABLES)
def test_what_is_said_of_a_table(definitions: dg.Definitions, specs: Specs, table: str) -> None:
    spec, of = specs[table], contract(table)
    assert spec.description
    assert spec.description == of.description
    assert spec.owners == [of.owner]
    assert spec.kinds
    assert spec.group_name in ("raw", "stage", "dimensions", "profile")
    assert isinstance(spec.partitions_def, dg.DailyPartitionsDefinition)
    assert spec.code_version
    assert spec.tags["personal_data"] in ("none", "pseudonym", "quasi", "personal", "restricted")
    schema = spec.metadata["dagster/column_schema"]
    assert [c.name for c in schema.columns] == [c.name for c in of.columns]
    for column in schema.columns:
        assert column.description, column.name
        assert column.tags["personal_data"], column.name
    checks = definitions.resolve_asset_graph().asset_check_keys
    named = {k.name for k in checks if k.asset_key == spec.key}
    assert {"contract", "grain"} <= named
    if of.schema == "stage" or (of.schema == "raw" and of.feed):
        assert {"conservation", "quarantine"} <= named


def _above(specs: Specs, table: str) -> set[str]:
    """Return everything upstream of a table."""
    found: set[str] = set()
    todo = [table]
    while todo:
        deps = {".".join(d.asset_key.path) for d in specs[todo.pop()].deps} - found
        found |= deps
        todo += deps
    return found


@pytest.mark.parametrize("target", ["profile.customer_360", "serving.customer_profile"])
def test_every_source_leads_to_the_profile_and_the_store(specs: Specs, target: str) -> None:
    above = _above(specs, target)
    assert {t for t in above if t.startswith("source.")} == {f"source.{feed}" for feed in FEEDS}
    assert above >= set(TABLES) - {"profile.customer_360"}


def _tables(sql: str) -> set[str]:
    """Read the tables of a query without the project's own reader."""
    tree = sqlglot.parse_one(sql, dialect="athena")
    return {f"{t.db}.{t.name}" for t in tree.find_all(exp.Table) if t.db}


@pytest.mark.parametrize("table", [t for t in TABLES if t.split(".")[0] in ("stage", "dimension")])
def test_dependencies_are_the_tables_of_the_sql(specs: Specs, table: str) -> None:
    layer, name = table.split(".")
    file = SQL / {"stage": "stage", "dimension": "dimensions"}[layer] / f"{name}.sql"
    deps = {".".join(d.asset_key.path) for d in specs[table].deps}
    if file.exists():
        assert deps == _tables(file.read_text("utf-8"))
    else:
        declared = {d.rpartition(".")[0] for c in contract(table).columns for d in c.derived_from}
        assert deps == declared
        assert deps

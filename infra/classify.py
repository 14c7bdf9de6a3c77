"""Columns get the class of personal data of their contract, as Lake Formation tags."""

from __future__ import annotations

from dataclasses import dataclass

from infra.lake_formation import Classified, classes
from resources.account.aws_names import LAYER_OF, AwsNames
from resources.account.client import client
from resources.account.errors import explained


@dataclass(frozen=True)
class Done:
    """How many tables and columns carry their class now, and which tables do not exist yet."""

    tables: int
    columns: int
    missing: tuple[str, ...]


def classify(names: AwsNames) -> Done:
    """Tag every column of every table that exists; doing it again changes nothing."""
    tables: set[str] = set()
    missing: set[str] = set()
    columns = 0
    for schema in LAYER_OF:
        there = _tables(names, schema)
        for found in classes(schema):
            if found.table.name not in there:
                missing.add(found.table.table)
                continue
            _tag(names, found)
            tables.add(found.table.table)
            columns += len(found.columns)
    return Done(len(tables), columns, tuple(sorted(missing)))


def _tables(names: AwsNames, schema: str) -> set[str]:
    """Return the tables of a schema that exist."""
    database = names.database(schema)
    with explained("list the tables of", f"Glue database {database}"):
        pages = client("glue", names.region).get_paginator("get_tables")
        return {
            table["Name"]
            for page in pages.paginate(CatalogId=names.account, DatabaseName=database)
            for table in page["TableList"]
        }


def _tag(names: AwsNames, found: Classified) -> None:
    """Tag the columns of one class."""
    with explained("classify the columns of", found.table.table):
        answer = client("lakeformation", names.region).add_lf_tags_to_resource(
            CatalogId=names.account,
            Resource={
                "TableWithColumns": {
                    "CatalogId": names.account,
                    "DatabaseName": names.database(found.table.schema),
                    "Name": found.table.name,
                    "ColumnNames": list(found.columns),
                }
            },
            LFTags=[
                {
                    "CatalogId": names.account,
                    "TagKey": names.personal_data_tag,
                    "TagValues": [found.class_],
                }
            ],
        )
    if failures := answer.get("Failures"):
        first = failures[0]["Error"]
        raise RuntimeError(f"{found.table.table}: {first['ErrorCode']}: {first['ErrorMessage']}")

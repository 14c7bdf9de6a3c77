"""Columns get the class of personal data of their contract, as Lake Formation tags."""

from __future__ import annotations

from dataclasses import dataclass

from customer360_assets.aws_names import LAYER_OF, AwsNames
from infra.lake_formation import Classified, classes
from resources.aws_client import client
from resources.aws_errors import code_of, explained


@dataclass(frozen=True)
class Done:
    """How many tables and columns carry their class now, and which tables do not exist yet."""

    tables: int
    columns: int
    missing: tuple[str, ...]


def classify(names: AwsNames) -> Done:
    """Tag every column of every table that exists; doing it again changes nothing."""
    tagged: set[str] = set()
    missing: set[str] = set()
    columns = 0
    for schema in LAYER_OF:
        for found in classes(schema):
            if found.table.table in missing:
                continue
            if _tag(names, found):
                tagged.add(found.table.table)
                columns += len(found.columns)
            else:
                missing.add(found.table.table)
    return Done(len(tagged), columns, tuple(sorted(missing)))


def _tag(names: AwsNames, found: Classified) -> bool:
    """Tag columns of one class; False when the table does not exist."""
    from botocore.exceptions import ClientError

    schema, table = found.table.schema, found.table.name
    with explained("classify the columns of", found.table.table):
        try:
            answer = client("lakeformation", names.region).add_lf_tags_to_resource(
                CatalogId=names.account,
                Resource={
                    "TableWithColumns": {
                        "CatalogId": names.account,
                        "DatabaseName": names.database(schema),
                        "Name": table,
                        "ColumnNames": list(found.columns),
                    }
                },
                LFTags=[{"TagKey": names.personal_data_tag, "TagValues": [found.class_]}],
            )
        except ClientError as error:
            if code_of(error) == "EntityNotFoundException":
                return False
            raise
    if failures := answer.get("Failures"):
        first = failures[0]["Error"]
        raise RuntimeError(f"{found.table.table}: {first['ErrorCode']}: {first['ErrorMessage']}")
    return True

"""The Glue Data Catalog as PyIceberg's catalog of the lake."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyiceberg.catalog.glue import GlueCatalog
    from pyiceberg.table.metadata import TableMetadata

FILE_IO = "resources.iceberg.s3_file_io.S3FileIO"
COMMENT_BYTES = 255
"""What Glue takes as a column's comment; the table's own metadata has the whole description."""


def shortened(comment: str) -> str:
    """Return a comment as one line that Glue accepts, cut between words."""
    line = " ".join(comment.split())
    if len(line.encode()) <= COMMENT_BYTES:
        return line
    cut = line.encode()[: COMMENT_BYTES - len("…".encode())].decode(errors="ignore")
    return cut.rpartition(" ")[0] + "…"


def open_glue_catalog(region: str) -> "GlueCatalog":
    """Return the catalog of an account's region; opens no connection yet."""
    from botocore.exceptions import BotoCoreError, ClientError
    from pyiceberg.catalog import METADATA_LOCATION
    from pyiceberg.catalog.glue import GlueCatalog
    from pyiceberg.exceptions import CommitFailedException, NoSuchTableError

    from resources.account.client import client

    class LakeCatalog(GlueCatalog):
        def _create_glue_table(self, database_name: str, table_name: str, table_input: Any) -> None:
            super()._create_glue_table(database_name, table_name, _fitting(table_input))

        def _update_glue_table(
            self, database_name: str, table_name: str, table_input: Any, version_id: str
        ) -> None:
            """Swap the table's metadata, or raise CommitFailedException only if it was not.

            An answer that got lost is asked for again, and the second request is then refused as
            a conflict with the first. Taken for a conflict, PyIceberg would delete the manifests
            of a snapshot that readers see.
            """
            try:
                super()._update_glue_table(
                    database_name, table_name, _fitting(table_input), version_id
                )
            except (CommitFailedException, ClientError, BotoCoreError):
                ours = table_input["Parameters"][METADATA_LOCATION]
                if not self._landed((database_name, table_name), ours):
                    raise

        def _landed(self, identifier: tuple[str, str], metadata_location: str) -> bool:
            """Return whether the table is, or was before later commits, at this metadata."""
            try:
                now = self.load_table(identifier)
            except NoSuchTableError:
                return False
            earlier = {entry.metadata_file for entry in now.metadata.metadata_log}
            return metadata_location in {now.metadata_location, *earlier}

    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    files = {"py-io-impl": FILE_IO, "s3.region": region}
    if endpoint:
        files["s3.endpoint"] = endpoint
    return LakeCatalog("glue", client=client("glue", region), **files)


def _fitting(table_input: Any) -> Any:
    """The table as Glue takes it."""
    storage = table_input["StorageDescriptor"]
    columns = [
        {**column, "Comment": shortened(column["Comment"])} if "Comment" in column else column
        for column in storage["Columns"]
    ]
    return {**table_input, "StorageDescriptor": {**storage, "Columns": columns}}


def register(
    catalog: "GlueCatalog",
    name: tuple[str, str],
    metadata: "TableMetadata",
    metadata_location: str,
    parameters: Mapping[str, str],
) -> None:
    """Register a table of (database, name) in Glue; its metadata is written."""
    from resources.iceberg.pyiceberg_internals import construct_table_input, create_glue_table

    database, table = name
    described = construct_table_input(table, metadata_location, dict(parameters), metadata)
    create_glue_table(catalog, database, table, described)

"""The first load of a profile store, of any size: DynamoDB makes the table from files on S3."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.account.client import client
from resources.account.errors import code_of, explained
from resources.dynamodb.generation import Contents
from resources.dynamodb.items import Item
from resources.dynamodb.table import IMPORTED, definition, pointer_key
from resources.embedded.spill import work_folder
from resources.protocols.profile_store import ProfileStoreError
from resources.s3.mirror import delete_objects
from resources.s3.objects import bucket_and_key, listed, upload_once

if TYPE_CHECKING:
    import pyarrow as pa

    from resources.account.aws_names import AwsNames

PER_FILE = 100_000
_LEVEL = 3
_UNDER_WAY = frozenset({"IN_PROGRESS", "CANCELLING"})


def import_profiles(
    names: AwsNames,
    business_date: dt.date,
    version: str,
    rows: Iterable[pa.RecordBatch],
    scratch_dir: Path,
    *,
    poll_seconds: float = 15.0,
    hours: float = 12.0,
) -> int:
    """Create an environment's profile table with these profiles, served; return how many there are.

    It writes no capacity units: a table of any size comes to be in about the time of a small one.
    Raises ProfileStoreError when the table is there already, or was not made whole: it is then
    deleted again. The files under the temporary prefix hold personal data, and are deleted.
    """
    dynamo = client("dynamodb", names.region)
    if _exists(dynamo, names.profile_table):
        raise ProfileStoreError(
            f"the table {names.profile_table} exists: only a table that does not can be made from "
            "files. Delete it if it is empty; if it serves profiles, materialize the asset instead"
        )
    run = hashlib.sha256(f"{business_date} {version}".encode()).hexdigest()[:16]
    folder = f"{names.temporary}/profile-import/{run}/"
    try:
        items = write_files(names, folder, rows, scratch_dir)
        _import(dynamo, names, folder, items, poll_seconds, time.monotonic() + hours * 3600)
    finally:
        _delete(names, folder)
    with explained("serve", f"the DynamoDB table {names.profile_table}"):
        dynamo.put_item(
            TableName=names.profile_table,
            Item=_pointer(business_date, version),
            ConditionExpression="attribute_not_exists(serving)",
        )
        dynamo.update_continuous_backups(
            TableName=names.profile_table,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
    return items.profiles


def _pointer(business_date: dt.date, version: str) -> Item:
    number = {"N": str(IMPORTED)}
    return {
        **pointer_key(),
        "serving": number,
        "allocated": number,
        "oldest": number,
        "business_date": {"S": f"{business_date}"},
        "version": {"S": version},
    }


class Written:
    """What the files hold: items in all, and profiles among them."""

    def __init__(self) -> None:
        self.items = 0
        self.profiles = 0


def write_files(
    names: AwsNames,
    folder: str,
    rows: Iterable[pa.RecordBatch],
    scratch_dir: Path,
) -> Written:
    """Write the items of a generation as gzipped DynamoDB JSON under an S3 address."""
    _delete(names, folder)  # of an attempt that was killed
    written, contents = Written(), Contents(IMPORTED)

    def items() -> Iterator[Item]:
        for batch in rows:
            for item in contents.items(batch):
                written.profiles += 1
                yield item
        yield from contents.closing_items()

    lines, s3 = (json.dumps({"Item": item}) for item in items()), client("s3", names.region)
    with work_folder(scratch_dir) as scratch:
        for part in range(1_000_000):
            path = scratch / f"{part:06d}.json.gz"
            if not (count := _write(path, islice(lines, PER_FILE))):
                break
            upload_once(s3, f"{folder}{path.name}", path)
            path.unlink()
            written.items += count
    return written


def _write(path: Path, lines: Iterable[str]) -> int:
    count = 0
    with gzip.open(path, "wt", compresslevel=_LEVEL, encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(line + "\n")
            count += 1
    return count


def _import(
    dynamo: Any, names: AwsNames, folder: str, items: Written, poll: float, until: float
) -> None:
    bucket, prefix = bucket_and_key(folder)
    table = definition(names) | {
        "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": names.key_alias}
    }
    with explained("import", f"{folder} as the DynamoDB table {names.profile_table}"):
        done = dynamo.import_table(
            S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": prefix},
            InputFormat="DYNAMODB_JSON",
            InputCompressionType="GZIP",
            TableCreationParameters=table,
        )["ImportTableDescription"]
        while done["ImportStatus"] in _UNDER_WAY:
            if time.monotonic() > until:
                raise ProfileStoreError(
                    f"the import {done['ImportArn']} is still in progress: see the console"
                )
            time.sleep(poll)
            done = dynamo.describe_import(ImportArn=done["ImportArn"])["ImportTableDescription"]
        if done["ImportStatus"] != "COMPLETED" or done.get("ImportedItemCount") != items.items:
            if _exists(dynamo, names.profile_table):
                dynamo.delete_table(TableName=names.profile_table)
            raise ProfileStoreError(
                f"the import took {done.get('ImportedItemCount', 0):,} of {items.items:,} items: "
                f"{done['ImportStatus']} {done.get('FailureCode', '')}. The table is deleted again;"
                f" the errors are in the log group {done.get('CloudWatchLogGroupArn', '')}"
            )


def _exists(dynamo: Any, table: str) -> bool:
    from botocore.exceptions import ClientError

    with explained("look at", f"the DynamoDB table {table}"):
        try:
            dynamo.describe_table(TableName=table)
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return False
            raise
    return True


def _delete(names: AwsNames, folder: str) -> None:
    s3 = client("s3", names.region)
    bucket, _ = bucket_and_key(folder)
    pages = listed(s3, folder)
    found = [f"s3://{bucket}/{i['Key']}" for page in pages for i in page.get("Contents", ())]
    with explained("delete", folder):
        delete_objects(s3, found)

"""Extraction on AWS: the same deliveries, written into the landing zone of an environment."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from customer360_assets.extraction import customers, transactions
from customer360_assets.extraction.coverage import Part, parts_of
from customer360_assets.extraction.extracted import Extracted, ExtractionError, Total
from customer360_assets.extraction.settings import CrmSettings, TransactionTable
from customer360_assets.extraction.totals import Totals, by_type
from customer360_assets.tables.transformations import code_folder
from resources.account.client import client
from resources.account.errors import AwsError, explained
from resources.embedded.spill import work_folder
from resources.jobs.code import upload
from resources.jobs.output import files_below
from resources.jobs.runs import Request
from resources.protocols.spark_engine import SparkJobError
from resources.s3.mirror import address, delete_objects
from resources.s3.same_parquet import same_parquet

if TYPE_CHECKING:
    from resources.account.aws_names import AwsNames
    from resources.jobs.glue_engine import GlueEngine

SCRIPT = "extract_transactions.py"


def extract_transactions_on_aws(
    names: AwsNames,
    engine: GlueEngine,
    business_date: dt.date,
    look_back: int,
    table: TransactionTable | None = None,
) -> Extracted:
    """Deliver transactions as `extract_transactions` does; a Glue job reads them over JDBC.

    One that is already extracting this date is waited for. Raises ExtractionError, and then
    delivers nothing.
    """
    started, failure = time.monotonic(), ""
    folder = f"{names.landing}/{transactions.FOLDER}"
    try:
        present = [uri.rpartition("/")[2] for uri in files_below(folder, names.region)]
        parts = parts_of(present, business_date, look_back)
        request = _request(names, parts, business_date, table or TransactionTable())
        script = code_folder("spark") / SCRIPT
        done = engine.run_once(script, request, whole=lambda _: False)
        totals, undated = _totals(names, f"{done.output}/totals")
        delivered = [
            part.name
            for part in parts
            if _delivered(
                names, _written(names, done.output, part, totals), f"{folder}/{part.name}"
            )
        ]
        delete_objects(client("s3", names.region), files_below(done.output, names.region))
    except (SparkJobError, AwsError) as error:
        failure = str(error)
    if failure:
        raise ExtractionError(f"{failure.rstrip('.')}. No transactions were delivered.")
    files = tuple(Path(transactions.FOLDER, p.name) for p in parts)
    shown = by_type(totals)
    return Extracted(
        "transaction", files, tuple(Path(transactions.FOLDER, n) for n in delivered),
        sum(t.rows for t in shown), time.monotonic() - started, shown, undated,
    )  # fmt: skip


def extract_customers_on_aws(
    names: AwsNames, business_date: dt.date, scratch_dir: Path
) -> Extracted:
    """Deliver customers as `extract_customers` does; address and token are those of the secret."""
    try:
        with explained("read the secret", names.crm_secret):
            found = client("secretsmanager", names.region).get_secret_value(
                SecretId=names.crm_secret
            )
        secret = json.loads(found["SecretString"])
        settings = CrmSettings(url=secret["url"], token=SecretStr(secret["token"]))
    except AwsError as error:
        raise ExtractionError(f"{error} No customers were delivered.") from None
    except (ValueError, KeyError, TypeError):
        raise ExtractionError(
            f'The secret {names.crm_secret} is not {{"url": …, "token": …}}; fill it in.'
        ) from None
    with work_folder(scratch_dir) as made:
        taken = customers.extract_customers(settings, made, business_date)
        name = f"{customers.FOLDER}/{taken.file.name}"
        kept = f"{names.temporary}/extraction/{business_date}/{name}"
        with explained("deliver", name), taken.file.open("rb") as body:
            client("s3", names.region).upload_fileobj(body, **address(kept))
        new = _delivered(names, kept, f"{names.landing}/{name}")
    delete_objects(client("s3", names.region), [kept])
    files = (Path(name),)
    return Extracted("crm_customer", files, files if new else (), taken.rows, taken.seconds)


def _request(
    names: AwsNames, parts: list[Part], business_date: dt.date, table: TransactionTable
) -> Request:
    """Return the job's request; an equal request while it runs joins the same job."""
    code = upload(names, code_folder("spark") / SCRIPT)
    days = [p.last for p in parts if not p.history]
    history = [p.last for p in parts if p.history]
    arguments = [
        "--connection", names.core_banking_connection, "--region", names.region,
        "--table", table.model_dump_json(), "--first", str(days[0]), "--last", str(days[-1]),
        *(part for last in history for part in ("--history", str(last))),
    ]  # fmt: skip
    key = hashlib.sha256(json.dumps([code.sha256, arguments]).encode()).hexdigest()[:32]
    tag = f"extraction.transaction.{business_date}"
    output = f"{names.temporary}/extraction/{business_date}/{key}"
    return Request(tag, key, code.script, code.helpers, arguments, output)


def _written(names: AwsNames, output: str, part: Part, totals: Totals) -> str:
    """Return the one file of a part; write an empty one here if the part has no rows."""
    folder = f"{output}/files/file={part.last}/"
    found = [f for f in files_below(folder, names.region) if f.endswith(".parquet")]
    expected = any(last == part.last for last, _ in totals)
    if len(found) != expected:
        raise SparkJobError(f"the job wrote {len(found)} files for {part.covers}, not one")
    return found[0] if found else _empty(names, f"{folder}empty.parquet", part)


def _empty(names: AwsNames, uri: str, part: Part) -> str:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = [
        ("trans_id", pa.int64()), ("account_id", pa.int64()), ("date", pa.timestamp("us")),
        ("type", pa.string()), ("operation", pa.string()),
        ("amount", pa.decimal128(18, 2)), ("balance", pa.decimal128(18, 2)),
    ]  # fmt: skip
    # Two files without a row are not each other's duplicate: each says what it covers.
    schema = pa.schema(fields, metadata={"covers": part.covers})
    made = io.BytesIO()
    pq.write_table(schema.empty_table(), made)
    with explained("write", uri):
        client("s3", names.region).put_object(**address(uri), Body=made.getvalue())
    return uri


def _delivered(names: AwsNames, source: str, target: str) -> bool:
    """Show a file in the landing zone; False when the same rows stand there already."""
    s3 = client("s3", names.region)
    with explained("deliver", target):
        if target in files_below(target, names.region) and same_parquet(s3, source, target):
            return False
        # One request or a completed multipart upload: a reader never sees a part of it.
        s3.copy(address(source), **address(target))
    return True


def _totals(names: AwsNames, folder: str) -> tuple[Totals, int]:
    """Return the job's result: the totals, and the number of rows without a date."""
    (file,) = (f for f in files_below(folder, names.region) if f.endswith(".txt"))
    with explained("read", file):
        text = client("s3", names.region).get_object(**address(file))["Body"].read()
    result = json.loads(text)
    totals = {
        (dt.date.fromisoformat(last), kind): Total(
            kind, rows, *(None if s is None else Decimal(s) for s in sums)
        )
        for last, kind, rows, *sums in result["totals"]
    }
    return totals, result["undated"]

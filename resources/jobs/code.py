"""The job scripts on S3: under the hash of their bytes, so that a job's code never changes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resources.account.aws_names import AwsNames

HELPERS = "job.py"


@dataclass(frozen=True)
class Code:
    """A script and its helpers: where they are on S3, and the hash of both."""

    script: str
    helpers: str
    sha256: str


def code_of(names: AwsNames, script: Path) -> Code:
    """Return the addresses of a script and the `job.py` beside it."""
    digest = hashlib.sha256()
    for file in (script, script.with_name(HELPERS)):
        digest.update(file.read_bytes())
    folder = f"{names.code}/{digest.hexdigest()[:20]}"
    return Code(f"{folder}/{script.name}", f"{folder}/{HELPERS}", digest.hexdigest())


def upload(names: AwsNames, script: Path) -> Code:
    """Return the addresses of a script and its helpers, after uploading what is missing."""
    from resources.account.client import client
    from resources.account.errors import explained
    from resources.s3.mirror import address

    code, s3 = code_of(names, script), client("s3", names.region)
    for uri, file in ((code.helpers, script.with_name(HELPERS)), (code.script, script)):
        where = address(uri)
        with explained("upload the job's code to", uri):
            # Listed, not asked for: S3 answers 403 for a missing key to who may not list.
            found = s3.list_objects_v2(Bucket=where["Bucket"], Prefix=where["Key"], MaxKeys=1)
            if not found.get("KeyCount"):
                s3.put_object(**where, Body=file.read_bytes())
    return code

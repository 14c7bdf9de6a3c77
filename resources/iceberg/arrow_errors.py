"""What Arrow says when S3 refuses, in the words for what boto3 says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from resources.account.errors import explained, explanation
from resources.protocols.lake_types import LakeError

_SAID = re.compile(r"bucket '(?P<bucket>[^']+)': AWS Error (?P<code>\w+).* during (?P<call>\w+)")
_NAMED = re.compile(r"ExceptionName: (\w+)")
_PATH = re.compile(r"Path does not exist '([^']+)'")
_CODES = {
    "ACCESS_DENIED": "AccessDenied",
    "EXPIRED_TOKEN": "ExpiredToken",
    "INVALID_ACCESS_KEY_ID": "InvalidAccessKeyId",
    "NETWORK_CONNECTION": "EndpointConnectionError",
    "NO_SUCH_BUCKET": "NoSuchBucket",
    "SERVICE_UNAVAILABLE": "ServiceUnavailable",
    "SIGNATURE_DOES_NOT_MATCH": "SignatureDoesNotMatch",
    "SLOW_DOWN": "SlowDown",
}


def is_refusal(problem: OSError) -> bool:
    """Return whether S3 answered, or could not be reached: nothing is known of the file itself."""
    return _SAID.search(str(problem)) is not None


@contextmanager
def lake_explained(action: str, target: str) -> Iterator[None]:
    """Explain errors as `explained` does, Arrow's too; LakeError for a file that is gone."""
    from botocore.exceptions import ClientError

    with explained(action, target):
        try:
            yield
        except FileNotFoundError as gone:
            path = _PATH.search(str(gone))
            raise LakeError(
                f"Cannot {action} {target}: {f's3://{path[1]}' if path else gone} is gone. Restore"
                " the object's last version: the bucket keeps every one"
            ) from None
        except OSError as problem:
            said = _SAID.search(str(problem))
            if said is None:
                raise
            named = _NAMED.search(str(problem))
            code = named[1] if named else _CODES.get(said["code"], said["code"])
            answer = ClientError({"Error": {"Code": code}}, said["call"])
            where = f"{target} in bucket {said['bucket']}"
            raise explanation(answer, action, where) from None

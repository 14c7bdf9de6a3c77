"""What AWS answers when something is missing, forbidden or too much, in words that help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from resources.account.client import ATTEMPTS
from resources.protocols.errors import ExplainedError


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SIGN_IN = (
    "Give this process a role, or sign in (`aws sso login`) and set AWS_PROFILE; "
    "`aws sts get-caller-identity` must answer."
)
_ADVICE: tuple[tuple[frozenset[str], str, bool], ...] = (
    (
        _codes(
            "NoCredentialsError PartialCredentialsError CredentialRetrievalError ProfileNotFound "
            "TokenRetrievalError SSOTokenLoadError NoAuthTokenError"
        ),
        f"no AWS credentials were found. {_SIGN_IN}",
        False,
    ),
    (
        _codes(
            "ExpiredToken ExpiredTokenException RequestExpired TokenRefreshRequired "
            "UnauthorizedSSOTokenError"
        ),
        "the AWS credentials have expired. Sign in again; a worker that runs for hours needs a "
        "role, not copied credentials.",
        False,
    ),
    (
        _codes(
            "InvalidClientTokenId UnrecognizedClientException InvalidAccessKeyId AuthFailure "
            "SignatureDoesNotMatch InvalidSignatureException"
        ),
        f"AWS does not accept the credentials. {_SIGN_IN}",
        False,
    ),
    (
        _codes(
            "Throttling ThrottlingException ThrottledException TooManyRequestsException SlowDown "
            "RequestLimitExceeded ProvisionedThroughputExceededException RequestThrottled "
            "RequestThrottledException BandwidthLimitExceeded LimitExceededException "
            "ConcurrentRunsExceededException ServiceQuotaExceededException"
        ),
        f"AWS still throttled the call after up to {ATTEMPTS} attempts. Nothing is broken: run it "
        "again with less at the same time. If it happens daily, have the service's quota raised.",
        True,
    ),
    (
        _codes(
            "EndpointConnectionError ConnectTimeoutError ReadTimeoutError ConnectionClosedError "
            "ConnectionError SSLError ProxyConnectionError HTTPClientError"
        ),
        "AWS could not be reached. Check the network, the proxy, the VPC endpoint of the service "
        "and AWS_ENDPOINT_URL; then run it again.",
        True,
    ),
    (
        _codes(
            "InternalError InternalServerError InternalFailure ServiceUnavailable "
            "ServiceUnavailableException 500 502 503 504"
        ),
        "AWS failed to answer. Run it again; see the AWS Health Dashboard if it goes on.",
        True,
    ),
)
_DENIED = _codes(
    "AccessDenied AccessDeniedException UnauthorizedOperation AuthorizationError Forbidden "
    "AllAccessDisabled UnauthorizedAccess KMSAccessDeniedException 403"
)
_MISSING = _codes(
    "NoSuchBucket NoSuchKey NoSuchVersion NoSuchUpload ResourceNotFoundException "
    "EntityNotFoundException StateMachineDoesNotExist ExecutionDoesNotExist QueueDoesNotExist "
    "AWS.SimpleQueueService.NonExistentQueue NotFoundException TableNotFoundException "
    "ImportNotFoundException JobRunNotFoundException ClusterNotFound NoSuchEntity 404"
)
_SAYS_MISSING = re.compile(r"is not found|does not exist|not found|is not valid", re.IGNORECASE)
_SAYS_WHO = re.compile(r"User: (\S+) is not authorized to perform: ([\w:.*-]+)")
# Their messages may quote an item, a query or a secret.
_MAY_QUOTE_DATA = _codes(
    "BatchGetItem BatchWriteItem DeleteItem GetItem PutItem Query Scan TransactWriteItems "
    "UpdateItem GetQueryResults StartQueryExecution StartExecution StartSyncExecution "
    "CreateSecret GetSecretValue PutSecretValue UpdateSecret SendMessage"
)


class AwsError(ExplainedError, RuntimeError):
    """A call to AWS failed. The text says what was tried on what, and what to do; no data.

    code: AWS's own name of the error. transient: the same call may succeed later.
    """

    def __init__(self, message: str, code: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.transient = transient


@contextmanager
def explained(action: str, target: str) -> Iterator[None]:
    """Turn botocore's errors into an AwsError: "Cannot <action> <target>: …". Also a decorator.

    What a caller handles itself (a condition that was not met) it catches inside.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (ClientError, BotoCoreError) as error:
        # The original holds the whole answer: not chained, so that no log shows it.
        raise explanation(error, action, target) from None


def code_of(error: Exception) -> str:
    """Return AWS's name of an error, or botocore's when no answer came."""
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code") or type(error).__name__)


def explanation(error: Exception, action: str, target: str) -> AwsError:
    """Return the AwsError of an error of botocore."""
    code = code_of(error)
    for codes, advice, transient in _ADVICE:
        if code in codes:
            return AwsError(f"Cannot {action} {target}: {advice}", code, transient=transient)
    said = _said(error)
    if code in _DENIED:
        reason = _denied(said, target)
    elif code in _MISSING or (code == "InvalidRequestException" and _SAYS_MISSING.search(said)):
        reason = (
            "it does not exist. Check that CUSTOMER360_DEPLOYMENT names the account, region and "
            "environment that you mean, and that the stack in infra/ is deployed there."
        )
    else:
        reason = _other(error, code, said)
    return AwsError(f"Cannot {action} {target}: {reason}", code)


def _said(error: Exception) -> str:
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Message") or "")


def _denied(said: str, target: str) -> str:
    found = _SAYS_WHO.search(said)
    who, what = found.groups() if found else ("the role of this process", "the call")
    return (
        f"access is denied. Allow {what} on {target} for {who}: the stack in infra/ grants it to "
        "the environment's roles, so check which role this is, and that the stack is deployed."
    )


def _other(error: Exception, code: str, said: str) -> str:
    response: dict[str, Any] = getattr(error, "response", None) or {}
    answer = response.get("ResponseMetadata", {})
    quotes = getattr(error, "operation_name", None) in _MAY_QUOTE_DATA
    detail = "" if quotes or not said else f": {said}"
    request = f" (request {answer['RequestId']})" if answer.get("RequestId") else ""
    return f"AWS answers {code}{request}{detail}."

"""What passes by itself is tried again, and nothing else is."""

import dagster as dg
import pytest

from customer360_assets.publishing import retries
from customer360_assets.publishing.retries import passes, retried
from resources.account.errors import AwsError
from resources.protocols.lake_types import CommitConflictError, LakeError


class Body:
    """An asset's body that fails with one error after another, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.attempts = 0

    def run(self) -> bool:
        body = self

        @dg.multi_asset(specs=[dg.AssetSpec("table")])
        @retried
        def table(context: dg.AssetExecutionContext):  # type: ignore[no-untyped-def]
            body.attempts += 1
            if body.errors:
                raise body.errors.pop(0)
            yield dg.MaterializeResult(asset_key="table")

        return dg.materialize([table], raise_on_error=False).success


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_WAIT", 0.0)


def test_a_conflict_and_throttling_are_tried_again() -> None:
    throttled = AwsError("Cannot start the query: too many", "ThrottlingException", transient=True)
    body = Body(CommitConflictError("another run published first"), throttled)
    assert body.run()
    assert body.attempts == 3


@pytest.mark.parametrize(
    "error",
    [
        dg.Failure("Not published. 2 rows repeat a key.", allow_retries=False),
        LakeError("no such column"),
        AwsError("Cannot read the bucket: denied", "AccessDenied", transient=False),
        ValueError("not a date"),
    ],
)
def test_what_does_not_pass_is_tried_once(error: Exception) -> None:
    body = Body(error)
    assert not body.run()
    assert body.attempts == 1


def test_what_keeps_failing_is_given_up() -> None:
    body = Body(*(ConnectionResetError() for _ in range(9)))
    assert not body.run()
    assert body.attempts == retries.ATTEMPTS + 1


def test_the_cause_of_an_error_counts() -> None:
    wrapped = RuntimeError("the step failed")
    wrapped.__cause__ = TimeoutError()
    assert passes(wrapped)
    refused = dg.Failure("Not published.")
    refused.__cause__ = TimeoutError()
    assert not passes(refused)

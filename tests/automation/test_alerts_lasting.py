"""A lasting state is sent when it begins or changes, not by every run that finds it again."""

# Dagster reads the annotations of what it runs: no postponed ones here.

from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._utils.error import SerializableErrorInfo

from tests.automation.alert_fixtures import MARKER, OnCall, on_call, receiver
from tests.automation.receiver import Receiver

__all__ = ["on_call", "receiver"]

DELIVERY = dg.AssetKey(["raw", "delivery"])


def _intake(on_call: OnCall, refused: str = "", strays: tuple[str, ...] = ()) -> None:
    @dg.multi_asset(
        name="raw__delivery",
        specs=[dg.AssetSpec(DELIVERY)],
        check_specs=[dg.AssetCheckSpec("refused_files", asset=DELIVERY)],
    )
    def delivery() -> Iterator[dg.MaterializeResult[None]]:
        check = dg.AssetCheckResult(
            asset_key=DELIVERY,
            check_name="refused_files",
            passed=not refused,
            severity=dg.AssetCheckSeverity.WARN,
            description=refused,
        )
        metadata = {"of_no_feed": list(strays)}
        yield dg.MaterializeResult(DELIVERY, metadata=metadata, check_results=[check])

    dg.materialize([delivery], instance=on_call.instance)
    on_call.tick()


def test_a_refused_file_is_sent_once_until_the_list_changes(
    on_call: OnCall, receiver: Receiver
) -> None:
    first = "1 files refused: a.csv: no header."
    second = "2 files refused: a.csv: no header.; b.csv: no header."
    for refused in (first, first, second, ""):
        _intake(on_call, refused)
    found = receiver.took("/webhook")
    assert [(a["kind"], a["text"]) for a in found] == [
        ("refused file", first),
        ("refused file", second),
    ]
    assert found[0]["link"] == "https://dagster.example/assets/raw/delivery"


def test_files_of_no_feed_are_named_and_the_rest_is_counted(
    on_call: OnCall, receiver: Receiver
) -> None:
    strays = tuple(f"odd/{n}.txt" for n in range(7))
    for _ in range(2):
        _intake(on_call, strays=strays)
    (found,) = receiver.took("/webhook")
    assert found["kind"] == "file of no feed"
    assert found["text"] == (
        "odd/0.txt, odd/1.txt, odd/2.txt, odd/3.txt, odd/4.txt and 2 more: no feed's pattern"
        " matches their names, or they are not regular files."
    )


def test_the_same_quarantine_of_a_date_is_sent_once(on_call: OnCall, receiver: Receiver) -> None:
    """As after a rollback, when the same is made again by another run."""
    for quarantined in (11, 11, 12):
        on_call.run(quarantined=quarantined)
        on_call.tick()
    found = receiver.took("/webhook")
    assert [a["text"].partition(" ")[0] for a in found] == ["11", "12"]


@pytest.fixture
def sensor(on_call: OnCall) -> InstigatorState:
    """Return a sensor that is on."""
    repository = RemoteRepositoryOrigin(
        RegisteredCodeLocationOrigin("customer360"), "__repository__"
    )
    return on_call.instance.add_instigator_state(
        InstigatorState(
            RemoteInstigatorOrigin(repository, "new_files_card"),
            InstigatorType.SENSOR,
            InstigatorStatus.RUNNING,
            SensorInstigatorData(),
        )
    )


def _tick(on_call: OnCall, sensor: InstigatorState, at: float, status: TickStatus) -> None:
    error = SerializableErrorInfo(f"cannot list {MARKER}", [], "OSError")
    on_call.instance.create_tick(
        TickData(
            sensor.instigator_origin_id,
            "new_files_card",
            InstigatorType.SENSOR,
            status,
            at,
            selector_id=sensor.selector_id,
            error=error if status is TickStatus.FAILURE else None,
        )
    )
    on_call.tick()


def test_a_failing_sensor_is_sent_once_until_it_succeeds(
    on_call: OnCall, receiver: Receiver, sensor: InstigatorState
) -> None:
    failure, skipped = TickStatus.FAILURE, TickStatus.SKIPPED
    for at, status in enumerate([skipped, failure, failure, skipped, failure]):
        _tick(on_call, sensor, float(at), status)
    found = receiver.took("/webhook")
    assert [a["title"] for a in found] == ["new_files_card fails"] * 2
    assert "(OSError)" in found[0]["text"]
    assert MARKER not in str(found)

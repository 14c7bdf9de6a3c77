"""Files that arrive together: while some are taken in, what reads them waits, and not for ever."""

from __future__ import annotations

import datetime as dt

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.test_utils import freeze_time

from customer360_assets.automation.arrivals.sensor import INTAKE_JOB
from customer360_assets.automation.conditions.intake_running import AT_MOST, LABEL
from customer360_assets.planning.outstanding import SERVING
from tests.automation.test_conditions import (  # noqa: F401  fixtures
    AS_OF,
    CARD,
    CRM,
    Bank,
    bank,
    day,
    definitions,
)

EVENING = dt.datetime(2024, 5, 24, 20, tzinfo=dt.UTC)


def _intake(bank: Bank, status: dg.DagsterRunStatus, job: str = INTAKE_JOB) -> dg.DagsterRun:  # noqa: F811
    # A queued run has to say where the daemon finds its job.
    there = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "here")
    run = dg.DagsterRun(job, status=status, remote_job_origin=RemoteJobOrigin(there, job))
    return bank.ticks.instance.add_run(run)


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTED])
def test_feeds_that_arrive_together_are_made_in_one_run(
    bank: Bank,  # noqa: F811
    status: dg.DagsterRunStatus,
) -> None:
    with freeze_time(EVENING):
        second = _intake(bank, status)
        bank.deliver(crm_customer={0: "crm"})
        assert bank.ticks.tick() == {}
        assert bank.ticks.holds("raw.crm_customer") == {LABEL: {day(0)}}
        assert any("until 20:10 UTC at most" in line for line in bank.ticks.said)
        bank.deliver(card={0: "c"})
        bank.ticks.instance.report_run_canceled(second)
        assert bank.settle() == [{day(0): CRM | CARD | AS_OF | {SERVING}}]


@pytest.mark.parametrize(
    ("job", "status"),
    [(INTAKE_JOB, dg.DagsterRunStatus.FAILURE), ("business_day", dg.DagsterRunStatus.STARTED)],
)
def test_an_intake_that_has_ended_and_another_job_hold_nothing(
    bank: Bank,  # noqa: F811
    job: str,
    status: dg.DagsterRunStatus,
) -> None:
    _intake(bank, status, job)
    bank.deliver(crm_customer={0: "crm"})
    assert bank.ticks.tick() == {day(0): CRM | AS_OF | {SERVING}}


def test_intakes_without_an_end_hold_nothing_for_longer(bank: Bank) -> None:  # noqa: F811
    _intake(bank, dg.DagsterRunStatus.STARTED)
    bank.deliver(crm_customer={0: "crm"})
    with freeze_time(EVENING):
        assert bank.ticks.tick() == {}
    with freeze_time(EVENING + AT_MOST - dt.timedelta(seconds=30)):
        _intake(bank, dg.DagsterRunStatus.STARTED)
        assert bank.ticks.tick() == {}
    with freeze_time(EVENING + AT_MOST):
        assert bank.ticks.tick() == {day(0): CRM | AS_OF | {SERVING}}

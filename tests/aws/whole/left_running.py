"""What runs of an environment leave running when their process is killed."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest
from dagster._core.storage.tags import ROOT_RUN_ID_TAG
from dagster._core.test_utils import freeze_time
from dagster._core.utils import make_new_run_id

from resources.account.aws_names import AwsNames
from resources.athena.client import AthenaClient, tagged
from resources.athena.step_functions import StepFunctionsFanOut
from resources.jobs.emr_cluster_engine import EmrClusterEngine
from resources.jobs.emr_serverless_engine import EmrServerlessEngine
from resources.jobs.glue_engine import GlueEngine
from resources.protocols.sql_engine import SqlError
from resources.protocols.work import Work, begin
from resources.s3.mirror import Mirror
from tests.aws.emulation.athena import Athena
from tests.aws.emulation.waiting import wait_for
from tests.aws.jobs.job_environment import HASTY
from tests.aws.jobs.job_scripts import MAY, TABLE, output_of, script_of

SQL = "SELECT 1 AS n"


class Killed(BaseException):
    """The process is gone: nothing is done any more."""


def run_of(
    instance: dg.DagsterInstance, ended: dt.datetime | None = None, root: str | None = None
) -> str:
    """Return the id of a run that is in progress, or failed at a given time; a retry of `root`."""
    tags = {ROOT_RUN_ID_TAG: root} if root else {}
    run = dg.DagsterRun(
        "day",
        run_id=make_new_run_id(),
        root_run_id=root,
        parent_run_id=root,
        tags=tags,
        status=dg.DagsterRunStatus.STARTED,
    )
    instance.add_run(run)
    if ended:
        with freeze_time(ended):
            instance.report_run_failed(run)
    return run.run_id


@dataclass
class Environment:
    """An environment that works for runs whose process is killed as soon as something runs."""

    names: AwsNames
    athena: Athena
    folder: Path

    def query(self, run_id: str | None) -> str:
        """Leave a query; give its id."""
        known = set(self.athena.queries)
        client = self._client()
        self._left(run_id, lambda: client.run(SQL))
        wait_for(lambda: set(self.athena.queries) - known)
        (query_id,) = set(self.athena.queries) - known
        wait_for(lambda: self.athena.queries[query_id].state == "RUNNING")
        return query_id

    def execution(self, run_id: str | None) -> None:
        """Leave an execution with a query."""
        machine = StepFunctionsFanOut(self._client(), self.names.state_machine_arn)
        known = len(self.athena.queries)
        self._left(run_id, lambda: machine.run({"one": tagged(SQL)}, "token"))
        wait_for(lambda: len(self.athena.queries) > known)

    def job(self, kind: str, run_id: str, given: dict[str, list[str]], cluster: str = "") -> None:
        """Leave a job."""
        mirror = Mirror(self.folder, self.names)
        engines = {
            "glue": lambda: GlueEngine(self.names, mirror, HASTY),
            "emr-serverless": lambda: EmrServerlessEngine(self.names, mirror, HASTY),
            "cluster": lambda: EmrClusterEngine(self.names, mirror, cluster, HASTY),
        }
        begin(self._work(run_id))
        output = output_of(self.folder, run_id)
        with mock.patch("resources.jobs.engine.watch", side_effect=Killed), pytest.raises(Killed):
            engines[kind]().run(script_of("forever", self.folder), given, output, MAY)

    def _client(self) -> AthenaClient:
        return AthenaClient(
            region=self.names.region,
            workgroup=self.names.workgroup,
            database=self.names.temporary_database,
            output=self.names.query_results,
        )

    def _work(self, run_id: str) -> Work:
        return Work(run_id, run_id, TABLE, str(MAY), logging.getLogger("step"))

    def _left(self, run_id: str | None, body: Callable[[], object]) -> None:
        def work() -> None:
            if run_id:
                begin(self._work(run_id))
            try:
                body()
            except SqlError:
                return

        threading.Thread(target=work, daemon=True).start()

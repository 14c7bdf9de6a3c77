"""What of an environment runs on AWS just now, and the run that each was started for."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from resources.account.client import client
from resources.account.errors import AwsError, explained
from resources.athena.client import run_of
from resources.jobs.emr_cluster_engine import ClusterSteps
from resources.jobs.emr_serverless_engine import Prices, ServerlessJobs
from resources.jobs.glue_engine import GlueJobs
from resources.jobs.watch import Job

if TYPE_CHECKING:
    from resources.account.aws_names import AwsNames

_PAGE = 50
_QUERY_AT_MOST = dt.timedelta(hours=6)
"""Athena ends a query itself after 30 minutes, or what the account has raised that to (4 h)."""
_QUERY_GOES_ON = {"QUEUED", "RUNNING"}
_JOB_OF_RUN = re.compile(r"([^.]+)\.\w+\.\w+\.\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Running:
    """Something that runs: its name in the console, and how it is stopped.

    run_id: the first run of the chain that it was started for; None when nothing says so.
    """

    name: str
    run_id: str | None
    goes_on: Callable[[], bool]
    ask_to_stop: Callable[[], None]

    def stop(self) -> bool:
        """Stop it; return False if it has ended meanwhile. Raises AwsError."""
        if not self.goes_on():
            return False
        try:
            self.ask_to_stop()
        except AwsError:
            if self.goes_on():
                raise
            return False
        return True


Finder = Callable[[], Iterator[Running]]


def finders(names: AwsNames, emr_cluster: str | None = None) -> Mapping[str, Finder]:
    """Return each service's function that yields all that it runs here, or raises AwsError.

    Executions come before the queries that they start anew.
    """
    from resources.wiring.aws_spark import ON_GLUE

    found: dict[str, Finder] = {"Step Functions": partial(_executions, names)}
    for script in ON_GLUE:
        job = names.glue_job(script)
        runs = GlueJobs(names.region, job, names.log_group("glue"), 0)
        found[f"Glue job {job}"] = partial(_jobs, runs.going_on)
    found["EMR Serverless"] = partial(_jobs, ServerlessJobs(names, 0, Prices()).going_on)
    if emr_cluster:
        steps = ClusterSteps(names, emr_cluster)
        found[f"EMR cluster {emr_cluster}"] = partial(_jobs, steps.going_on)
    found["Athena"] = partial(_queries, names)
    return found


def _jobs(going_on: Callable[[], Iterator[tuple[str, Job]]]) -> Iterator[Running]:
    for tag, job in going_on():
        known = _JOB_OF_RUN.fullmatch(tag)
        yield Running(job.name, known[1] if known else None, partial(_active, job), job.stop)


def _active(job: Job) -> bool:
    return job.look().active


def _executions(names: AwsNames) -> Iterator[Running]:
    api, machine = client("stepfunctions", names.region), names.state_machine_arn
    with explained("list the executions of", f"state machine {machine}"):
        pages = api.get_paginator("list_executions")
        for page in pages.paginate(stateMachineArn=machine, statusFilter="RUNNING"):
            for listed in page["executions"]:
                yield _execution(api, listed["executionArn"])


def _execution(api: Any, arn: str) -> Running:
    name = f"Step Functions execution {arn.rpartition(':')[2]}"

    def look() -> Mapping[str, Any]:
        with explained("read", name):
            found: Mapping[str, Any] = api.describe_execution(executionArn=arn)
        return found

    def stop() -> None:
        with explained("stop", name):
            api.stop_execution(executionArn=arn, error="Stopped", cause="Its run has ended.")

    return Running(name, _asked_by(look()), lambda: look()["status"] == "RUNNING", stop)


def _asked_by(execution: Mapping[str, Any]) -> str | None:
    """Return the run that an execution's queries belong to."""
    try:
        given = json.loads(execution["input"])
        runs = {run_of(str(query["sql"])) for query in given["queries"]}
    except (ValueError, KeyError, TypeError):
        return None
    return runs.pop() if len(runs) == 1 else None


def _queries(names: AwsNames) -> Iterator[Running]:
    api, group = client("athena", names.region), names.workgroup
    since = dt.datetime.now(dt.UTC) - _QUERY_AT_MOST
    with explained("list the queries of", f"Athena workgroup {group}"):
        pages = api.get_paginator("list_query_executions")
        # The newest first: behind a page of old ones nothing runs any more.
        for page in pages.paginate(WorkGroup=group, PaginationConfig={"PageSize": _PAGE}):
            if not (ids := page.get("QueryExecutionIds")):
                continue
            found = api.batch_get_query_execution(QueryExecutionIds=ids)["QueryExecutions"]
            for query in found:
                if query["Status"]["State"] in _QUERY_GOES_ON:
                    yield _query(api, query)
            if found and all(query["Status"]["SubmissionDateTime"] < since for query in found):
                return


def _query(api: Any, listed: Mapping[str, Any]) -> Running:
    query_id = listed["QueryExecutionId"]
    name = f"Athena query {query_id}"

    def goes_on() -> bool:
        with explained("read", name):
            found = api.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        return found["Status"]["State"] in _QUERY_GOES_ON

    def stop() -> None:
        with explained("stop", name):
            api.stop_query_execution(QueryExecutionId=query_id)

    return Running(name, run_of(str(listed.get("Query", ""))), goes_on, stop)

"""Real ticks of the feeds' sensors on a home's instance, and runs of what they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest import mock

import dagster as dg
from dagster._core.storage.tags import RUN_KEY_TAG

from customer360_assets.assembly import definitions_of
from resources import clock
from resources.clock import ClockReading
from resources.deployment.deployment import Deployment


@dataclass
class Arriving:
    """The sensors of a deployment, tick after tick, and the clock that they read."""

    deployment: Deployment
    instance: dg.DagsterInstance
    seconds: float = 1000.0
    skipped: str | None = None
    _cursors: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.definitions = definitions_of(self.deployment)

    @contextmanager
    def _clock(self) -> Iterator[None]:
        present = ClockReading("test", self.seconds)
        with mock.patch.object(clock, "now", return_value=present):
            yield

    def tick(self, feed: str, later: float = 30) -> list[dg.RunRequest]:
        """Evaluate a feed's sensor some seconds later; give what it asks for."""
        self.seconds += later
        name = f"new_files_{feed}"
        sensor = self.definitions.resolve_sensor_def(name)
        with (
            dg.build_sensor_context(
                instance=self.instance,
                cursor=self._cursors.get(feed),
                definitions=self.definitions,
                sensor_name=name,
                resources=dict(self.definitions.resources or {}),
            ) as context,
            self._clock(),
        ):
            done = sensor.evaluate_tick(context)
        self._cursors[feed] = done.cursor
        self.skipped = done.skip_message
        return list(done.run_requests or ())

    def run(self, request: dg.RunRequest) -> bool:
        """Run what was asked for, as the daemon would; say whether it succeeded."""
        job = self.definitions.resolve_job_def(request.job_name or "take_in_deliveries")
        return job.execute_in_process(
            instance=self.instance,
            partition_key=request.partition_key,
            run_config=dict(request.run_config),
            tags={**request.tags, RUN_KEY_TAG: str(request.run_key)},
            raise_on_error=False,
        ).success

    def take_in(self, feed: str) -> list[dict[str, str]]:
        """Tick until there is nothing more to do; give the files of each run that was asked for."""
        asked = []
        for _ in range(20):
            for request in self.tick(feed):
                asked.append(files_of(request))
                assert self.run(request)
            if self.skipped == "Nothing new.":
                return asked
        raise AssertionError(self.skipped)


def files_of(request: dg.RunRequest) -> dict[str, str]:
    """Return the files of a request, with their states."""
    found: dict[str, str] = request.run_config["ops"]["raw__delivery"]["config"]["files"]
    return found

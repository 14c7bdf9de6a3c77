"""One switch for all automation: sensors of files, automation condition, alerts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import dagster as dg

from customer360_assets.automation.alerts import sensor as alerts_sensor
from customer360_assets.automation.conditions import per_layer as conditions
from customer360_assets.automation.housekeeping import orphans
from customer360_assets.feeds.loader import load_feeds
from resources.dagster_internals import (
    InProcessCodeLocationOrigin,
    InstigatorStatus,
    InstigatorType,
    LoadableTargetOrigin,
    RemoteSensor,
)
from resources.deployment.deployment import Deployment

LOCATION = "customer360"
"""As in workspace.yaml here, in infra/self_hosted and in dagster_cloud.yaml."""
MODULE = "customer360_assets.definitions"
ON = "Automation is on: files that arrive are made into profiles while customer360 ui runs."
OFF = (
    "Automation is off: files that arrive wait for the next customer360 run. "
    "customer360 automation on has them taken in as they come, while customer360 ui runs."
)


@dataclass(frozen=True)
class Switches:
    """Which sensors of the set are on, by name."""

    sensors: Mapping[str, bool]

    @property
    def off(self) -> list[str]:
        """The sensors that are off."""
        return [name for name, on in self.sensors.items() if not on]

    def __str__(self) -> str:
        """Return whether automation is on, off or on in part, as a sentence."""
        if not self.off:
            return ON
        if len(self.off) == len(self.sensors):
            return OFF
        return (
            f"Automation is on in part: {', '.join(self.off)} "
            f"{'is' if len(self.off) == 1 else 'are'} off. "
            "customer360 automation on switches on what is off."
        )


def switches(instance: dg.DagsterInstance, deployment: Deployment) -> Switches:
    """Return which sensors of the set are on. What is always on is not of the set."""
    feeds = load_feeds(deployment.feeds, deployment.first_business_date)
    names = [f"new_files_{feed}" for feed in sorted(feeds)]
    running = {
        state.instigator_name
        for state in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
        if state.status is InstigatorStatus.RUNNING
    }
    return Switches({n: n in running for n in (*names, conditions.SENSOR, alerts_sensor.SENSOR)})


def switch(instance: dg.DagsterInstance, deployment: Deployment, on: bool) -> Switches:
    """Switch the whole set on or off, in the record that daemon and UI read."""
    for sensor in _sensors(instance, deployment):
        if sensor.name == orphans.SENSOR:
            continue
        if on:
            instance.start_sensor(sensor)
        else:
            instance.stop_sensor(sensor.get_remote_origin_id(), sensor.selector_id, sensor)
    return switches(instance, deployment)


def _sensors(instance: dg.DagsterInstance, deployment: Deployment) -> list[RemoteSensor]:
    """Return the sensors of the code location under the name that the daemon knows it by."""
    os.environ["CUSTOMER360_HOME"] = str(deployment.home)
    code = LoadableTargetOrigin(module_name=MODULE)
    with InProcessCodeLocationOrigin(code, location_name=LOCATION).create_location(
        instance
    ) as location:
        return [
            cast(RemoteSensor, sensor)
            for repository in location.get_repositories().values()
            for sensor in repository.get_sensors()
        ]

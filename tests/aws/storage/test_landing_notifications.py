"""Notices of new objects: where the sensors look, and when a message leaves the queue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import dagster as dg
import pytest

from customer360_assets.assets.raw import delivery_asset
from customer360_assets.automation.arrivals.notifications import keys_of, notifications
from customer360_assets.automation.arrivals.sensor import (
    NOTIFIED_SWEEP,
    arrival_sensors,
    intake_job,
)
from customer360_assets.feeds.loader import load_feeds
from customer360_assets.tables.partitions import business_days
from resources import clock
from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.clock import ClockReading
from resources.deployment.deployment import Deployment
from resources.embedded.sqlite_ledger import SqliteLedger
from resources.files.folder_archive import LocalArchive
from resources.s3.landing import S3Landing

CARD, LATER, CRM = (
    "card/card0020240523-1.csv",
    "card/card0020200101-1.csv",
    "crm/crm0020240523-1.json",
)


@dataclass
class Environment:
    """An environment's landing zone and queue, and its sensors."""

    deployment: Deployment
    instance: dg.DagsterInstance
    seconds: float = 0
    skipped: str | None = None
    cursors: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        feeds, job = load_feeds("workshop"), intake_job()
        archive = LocalArchive(self.deployment.archive_dir)
        ledger = SqliteLedger(self.deployment.ledger_path)
        # A stand-in for everything that an intake uses: no run takes place here.
        others = dict.fromkeys(("lake", "sql", "spark", "store"))
        landing = S3Landing(self.names.landing, self.names.region)
        self.resources = {**others, "landing": landing, "archive": archive, "ledger": ledger}
        self.definitions = dg.Definitions(
            assets=[delivery_asset(self.deployment, feeds, business_days(self.deployment))],
            jobs=[job],
            sensors=arrival_sensors(self.deployment, feeds, job),
            resources=self.resources,
        )

    @property
    def names(self) -> AwsNames:
        assert self.deployment.aws
        return self.deployment.aws

    def put(self, key: str, body: bytes = b"1") -> None:
        s3 = client("s3", self.names.region)
        s3.put_object(Bucket=self.names.bucket("raw"), Key=f"landing/{key}", Body=body)

    def notify(self, key: str) -> None:
        """Send what EventBridge sends of a new object."""
        reported = {
            "bucket": {"name": self.names.bucket("raw")},
            "object": {"key": f"landing/{key}"},
        }
        body = json.dumps({"detail-type": "Object Created", "source": "aws.s3", "detail": reported})
        self._sqs.send_message(QueueUrl=self._url, MessageBody=body)

    def messages(self) -> int:
        """Return how many messages the queue holds, received ones included."""
        numbers = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=numbers)
        return sum(int(n) for n in found["Attributes"].values())

    def drop_queue(self) -> None:
        self._sqs.delete_queue(QueueUrl=self._url)

    def tick(self, feed: str, *, later: float = 30, lost: bool = False) -> list[str]:
        """Evaluate a feed's sensor; give the files that it asks for."""
        self.seconds += later
        name = f"new_files_{feed}"
        with (
            dg.build_sensor_context(
                instance=self.instance,
                cursor=self.cursors.get(feed),
                definitions=self.definitions,
                sensor_name=name,
                resources=self.resources,
            ) as context,
            mock.patch.object(clock, "now", return_value=ClockReading("test", self.seconds)),
        ):
            done = self.definitions.resolve_sensor_def(name).evaluate_tick(context)
        self.skipped = done.skip_message
        if not lost:
            self.cursors[feed] = done.cursor
        requests = done.run_requests or ()
        return [
            f for r in requests for f in r.run_config["ops"]["raw__delivery"]["config"]["files"]
        ]

    @property
    def _sqs(self) -> Any:
        return client("sqs", self.names.region)

    @property
    def _url(self) -> str:
        return str(self._sqs.get_queue_url(QueueName=self.names.landing_queue)["QueueUrl"])


@pytest.fixture
def environment(aws_deployment: Deployment) -> Iterator[Environment]:
    notifications.cache_clear()
    with dg.DagsterInstance.ephemeral() as instance:
        yield Environment(aws_deployment, instance)


def test_a_notice_says_where_to_look_and_goes_when_that_is_stored(environment: Environment) -> None:
    assert environment.tick("card") == []
    environment.put(CARD)
    # Without a notice nothing is listed so soon.
    assert environment.tick("card") == []
    environment.notify(CARD)
    assert environment.tick("card", lost=True) == [CARD]
    assert environment.messages() == 1
    notifications.cache_clear()
    # That tick is as if it had not been: the message comes again, to another process too.
    _make_visible(environment)
    assert environment.tick("card") == [CARD]
    assert environment.messages() == 1
    environment.tick("card")
    assert environment.messages() == 0


def _make_visible(environment: Environment) -> None:
    """Make received messages visible again, as after their timeout."""
    from moto.sqs.models import sqs_backends

    for queue in sqs_backends[environment.names.account][environment.names.region].queues.values():
        for message in queue._messages:
            message.change_visibility(0)


def test_what_no_notice_announced_is_found_by_the_next_listing(environment: Environment) -> None:
    assert environment.tick("card") == []
    environment.put(LATER)
    assert environment.tick("card", later=NOTIFIED_SWEEP - 1) == []
    assert environment.tick("card", later=1) == [LATER]


def test_whichever_sensor_comes_first_drains_the_queue_for_all(environment: Environment) -> None:
    for feed in ("card", "crm_customer"):
        assert environment.tick(feed) == []
    for key in (CARD, CRM):
        environment.put(key)
        environment.notify(key)
    assert environment.tick("card") == [CARD]
    assert environment.tick("crm_customer") == [CRM]
    assert environment.messages() == 2
    environment.tick("card")
    assert environment.messages() == 1
    environment.tick("crm_customer")
    assert environment.messages() == 0


def test_a_notice_of_a_file_that_went_or_is_no_delivery_asks_for_nothing(
    environment: Environment,
) -> None:
    assert environment.tick("card") == []
    environment.put("card/readme.txt")
    for key in ("card/readme.txt", CARD):
        environment.notify(key)
    assert environment.tick("card") == []
    assert environment.skipped == "Nothing new."
    environment.tick("card")
    assert environment.messages() == 0


def test_without_its_queue_a_sensor_lists_in_every_tick(environment: Environment) -> None:
    assert environment.tick("card") == []
    environment.drop_queue()
    notifications.cache_clear()
    environment.put(LATER)
    assert environment.tick("card") == [LATER]


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        ({"detail": {"object": {"key": "landing/a b+c.csv"}}}, ["landing/a b+c.csv"]),
        ({"Records": [{"s3": {"object": {"key": "landing/a+b%2Bc.csv"}}}]}, ["landing/a b+c.csv"]),
        ({"Event": "s3:TestEvent"}, []),
        (["neither"], []),
    ],
)
def test_the_keys_of_a_message(body: object, keys: list[str]) -> None:
    assert list(keys_of(json.dumps(body))) == keys


def test_a_message_that_is_no_json_announces_nothing() -> None:
    assert list(keys_of("hello")) == []

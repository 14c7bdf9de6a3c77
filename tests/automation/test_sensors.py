"""The feeds' sensors on a real instance: what they ask for is run, and the manifest is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.tags import RUN_KEY_TAG

from customer360_assets.automation.arrivals.sensor import ALARM_AFTER, INTAKE_JOB
from customer360_assets.feeds.loader import load_feeds
from resources.files.folder_landing import LocalLanding
from tests.automation.arriving import Arriving, files_of
from tests.run.deliveries import CARDS, DAY, MAP_FILE, card, card_file, good_day, two_feeds
from tests.run.homes import card_key
from tests.run.small_bank import SmallBank

__all__ = ["card_key"]

pytestmark = pytest.mark.usefixtures("card_key")
SETTLE = 10
MANIFEST = "SELECT file, business_date, status FROM raw.delivery ORDER BY file, delivery_seq"


@pytest.fixture
def bank(tmp_path: Path) -> SmallBank:
    return SmallBank(tmp_path)


@pytest.fixture
def arriving(bank: SmallBank) -> Iterator[Arriving]:
    with bank.instance() as instance:
        yield Arriving(bank.deployment.model_copy(update={"settle_seconds": SETTLE}), instance)


def manifest(bank: SmallBank) -> list[tuple[str, str, str]]:
    return [(r["file"], str(r["business_date"]), r["status"]) for r in bank.rows(MANIFEST)]


def test_every_feed_has_a_sensor_that_somebody_has_to_switch_on(arriving: Arriving) -> None:
    sensors = {s.name: s for s in arriving.definitions.sensors or ()}
    for feed, spec in load_feeds("workshop").items():
        sensor = sensors[f"new_files_{feed}"]
        assert isinstance(sensor, dg.SensorDefinition)
        assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
        assert spec.system in str(sensor.description)


def test_a_file_is_taken_in_once_it_has_come_to_rest(bank: SmallBank, arriving: Arriving) -> None:
    assert arriving.tick("card") == []
    assert arriving.skipped == "Nothing new."
    bank.deliver({card_file(): card(CARDS[0], 101)})
    assert arriving.tick("card") == []
    assert arriving.skipped == "1 files are new or changed, and must stop changing first."
    assert arriving.tick("card", later=5) == []
    (request,) = arriving.tick("card", later=5)
    assert list(files_of(request)) == [card_file()]
    assert request.partition_key == dt.datetime.now(dt.UTC).date().isoformat()
    assert arriving.run(request)
    assert arriving.tick("card") == []
    assert arriving.skipped == "Nothing new."
    assert manifest(bank) == [(card_file(), DAY, "loaded")]


def test_a_file_rests_for_as_long_as_the_deployment_states(bank: SmallBank) -> None:
    patient = bank.deployment.model_copy(update={"settle_seconds": 300})
    with bank.instance() as instance:
        arriving = Arriving(patient, instance)
        bank.deliver({card_file(): card(CARDS[0], 101)})
        assert arriving.tick("card") == []
        assert arriving.tick("card", later=299) == []
        (request,) = arriving.tick("card", later=1)
        assert list(files_of(request)) == [card_file()]


def test_files_that_come_during_a_run_wait_for_its_end(bank: SmallBank, arriving: Arriving) -> None:
    bank.deliver({card_file(hour="010101"): card(CARDS[0], 101)})
    arriving.tick("card")
    (request,) = arriving.tick("card")
    key = str(request.run_key)
    run = dg.DagsterRun(INTAKE_JOB, tags={RUN_KEY_TAG: key}, status=dg.DagsterRunStatus.STARTED)
    arriving.instance.add_run(run)
    bank.deliver({card_file(hour="020202"): card(CARDS[1], 102)})
    for _ in range(3):
        assert arriving.tick("card") == []
        assert arriving.skipped == f"Waits for the run with run key {key}."
    arriving.instance.report_run_canceled(run)
    # The file that waited goes first, the one of the cancelled run a minute later.
    (second,) = arriving.tick("card")
    assert list(files_of(second)) == [card_file(hour="020202")]
    assert arriving.run(second)
    (third,) = arriving.tick("card", later=60)
    assert files_of(third) == files_of(request)


@pytest.mark.slow
def test_a_file_that_grows_is_left_alone_also_by_the_run_of_another(
    bank: SmallBank, arriving: Arriving
) -> None:
    growing, whole = card_file(hour="010101"), card_file(hour="020202")
    bank.deliver({growing: card(CARDS[0], 101), whole: card(CARDS[1], 102)})
    assert arriving.tick("card") == []
    bank.deliver({growing: card(CARDS[0], 101) + card(CARDS[2], 103)})
    (request,) = arriving.tick("card", later=15)
    assert list(files_of(request)) == [whole]
    assert arriving.run(request)
    assert manifest(bank) == [(whole, DAY, "loaded")]
    assert arriving.take_in("card")
    assert manifest(bank) == [(growing, DAY, "loaded"), (whole, DAY, "loaded")]


def test_a_file_that_changes_before_its_run_is_taken_as_it_is_then(
    bank: SmallBank, arriving: Arriving
) -> None:
    bank.deliver({card_file(): card(CARDS[0], 101)})
    arriving.tick("card")
    (request,) = arriving.tick("card")
    bank.deliver({card_file(): card(CARDS[0], 101) + card(CARDS[1], 102)})
    assert arriving.run(request)
    assert manifest(bank) == []
    assert len(arriving.take_in("card")) == 1
    assert manifest(bank) == [(card_file(), DAY, "loaded")]


def test_files_of_no_feed_are_reported_with_the_files_of_one(
    bank: SmallBank, arriving: Arriving
) -> None:
    strays = {"card/notes.txt": "?", "new/first.csv": "?"}
    bank.deliver({card_file(): card(CARDS[0], 101), **strays, MAP_FILE: good_day()[MAP_FILE]})
    assert arriving.take_in("card")
    event = arriving.instance.get_latest_materialization_event(dg.AssetKey(["raw", "delivery"]))
    assert event
    assert event.asset_materialization
    assert event.asset_materialization.metadata["of_no_feed"].value == sorted(strays)


def test_a_corrected_file_is_taken_again(bank: SmallBank, arriving: Arriving) -> None:
    bank.deliver({card_file(): card(CARDS[0], 101)})
    first = arriving.take_in("card")
    bank.deliver({card_file(): card(CARDS[0], 102)})
    second = arriving.take_in("card")
    assert [list(files) for files in first + second] == [[card_file()]] * 2
    assert first != second
    assert [status for *_, status in manifest(bank)] == ["superseded", "loaded"]


@pytest.mark.slow
def test_a_failed_run_is_asked_for_again_under_another_key(
    bank: SmallBank, arriving: Arriving, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.deliver({card_file(): card(CARDS[0], 101)})
    arriving.tick("card")
    (first,) = arriving.tick("card")
    with monkeypatch.context() as patch:
        patch.setattr(LocalLanding, "open", _not_there_now)
        assert not arriving.run(first)
    assert arriving.tick("card") == []
    assert arriving.skipped == "1 files of failed runs wait for their next request."
    (second,) = arriving.tick("card", later=60)
    assert files_of(second) == files_of(first)
    assert second.run_key != first.run_key
    # Cancelled in the queue, or lost: the same as failed; and the wait has doubled.
    assert arriving.tick("card", later=60) == []
    assert arriving.tick("card", later=60) == []
    (third,) = arriving.tick("card", later=60)
    assert arriving.run(third)
    assert manifest(bank) == [(card_file(), DAY, "loaded")]
    assert arriving.take_in("card") == []


@pytest.mark.slow
def test_a_file_of_a_run_that_ended_before_its_dates_were_known_is_asked_for_again(
    bank: SmallBank, arriving: Arriving, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.deliver({card_file(): card(CARDS[0], 101)})
    arriving.tick("card")
    (first,) = arriving.tick("card")
    with monkeypatch.context() as patch:
        patch.setattr("customer360_assets.deliveries.feed_deliveries.parse", _no_memory)
        assert not arriving.run(first)
    assert manifest(bank) == []
    assert arriving.tick("card") == []
    (second,) = arriving.tick("card", later=60)
    assert files_of(second) == files_of(first)
    assert arriving.run(second)
    assert manifest(bank) == [(card_file(), DAY, "loaded")]
    assert arriving.take_in("card") == []


def _no_memory(*_: object, **__: object) -> None:
    raise MemoryError


def _not_there_now(*_: object, **__: object) -> None:
    raise OSError("the landing zone is not mounted")


@pytest.mark.slow
def test_what_the_command_took_in_is_nothing_new(
    bank: SmallBank, arriving: Arriving, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file of this very second might still change unseen: the command takes it, not for good.
    monkeypatch.setattr("resources.files.folder_landing._TICK_NS", -1)
    bank.deliver(two_feeds())
    assert bank.run(DAY).code == 0
    for feed in load_feeds("workshop"):
        assert arriving.tick(feed) == []
        assert arriving.skipped == "Nothing new."


@pytest.mark.slow
def test_the_command_has_the_rest_to_do_and_takes_in_nothing_again(
    bank: SmallBank, arriving: Arriving
) -> None:
    files = two_feeds()
    bank.deliver(files)
    for feed in ("card", "crm_customer"):
        arriving.take_in(feed)
    assert [file for file, *_ in manifest(bank)] == sorted(files)
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    assert "raw.delivery" not in ran.tables
    assert {"raw.card", "profile.customer_360"} < ran.tables


def test_a_listing_that_fails_is_said_and_loses_nothing(
    bank: SmallBank, arriving: Arriving, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank.deliver({card_file(): card(CARDS[0], 101)})
    arriving.tick("card")
    with monkeypatch.context() as patch:
        patch.setattr(LocalLanding, "pages", _not_there_now)
        # The file itself can be looked at: it has come to rest, and is asked for.
        (request,) = arriving.tick("card")
    assert arriving.run(request)
    assert manifest(bank) == [(card_file(), DAY, "loaded")]
    with monkeypatch.context() as patch:
        patch.setattr(LocalLanding, "pages", _not_there_now)
        for _ in range(ALARM_AFTER - 2):
            assert arriving.tick("card") == []
            assert "the landing zone is not mounted" in str(arriving.skipped)
        with pytest.raises(Exception, match="could not be listed for card"):
            arriving.tick("card")
    assert arriving.tick("card") == []
    assert arriving.skipped == "Nothing new."

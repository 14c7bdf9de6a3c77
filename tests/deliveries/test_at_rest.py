"""Which files are whole, by clocks that the test sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from customer360_assets.deliveries.intake.at_rest import LONGEST, AtRest
from resources.files.folder_landing import LocalLanding
from resources.protocols.landing import LandedFile

SETTLE = 10.0
NEW = "card/new.csv"


@dataclass
class Uploads:
    """A landing zone in which files grow while one sleeps; the clock moves with each sleep.

    grows: for each file until when it grows; ahead: how far its times are ahead of this clock.
    """

    grows: dict[str, float]
    ahead: float = 0.0
    now: float = 0.0
    slept: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rest = AtRest(SETTLE, lambda: self.now, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def shown(self) -> list[LandedFile]:
        found = []
        for key, until in sorted(self.grows.items()):
            changed = min(self.now, until)
            rested = self.now - changed - self.ahead
            found.append(LandedFile(key, int(changed), f"{changed:.1f}", rested=rested))
        return found

    def wait(self) -> list[bool]:
        self.rest.wait(self.shown, self.said.append)
        return [self.rest.is_whole(file) for file in self.shown()]


def test_files_that_have_not_changed_for_so_long_are_taken_at_once() -> None:
    uploads = Uploads({"card/a.csv": -SETTLE, NEW: -3600})
    assert uploads.wait() == [True, True]
    assert (uploads.slept, uploads.said) == ([], [])


def test_a_younger_file_is_waited_for_as_long_as_it_lacks() -> None:
    uploads = Uploads({"card/a.csv": -3600, NEW: -7})
    assert uploads.wait() == [True, True]
    assert uploads.slept == [3]
    assert uploads.said == [f"Waiting for {NEW} to be complete"]


def test_several_are_waited_for_together() -> None:
    uploads = Uploads({"card/a.csv": -7, "card/b.csv": -4, NEW: -9})
    assert uploads.wait() == [True, True, True]
    assert uploads.slept == [6]
    assert uploads.said == ["Waiting for card/a.csv and 2 other files to be complete"]


def test_a_file_that_changes_meanwhile_rests_anew() -> None:
    uploads = Uploads({NEW: 25})
    assert uploads.wait() == [True]
    # Seen at 0, 10, 20 and 30; it has its last state since 25.
    assert uploads.slept == [10, 10, 10, 5]


def test_one_that_never_rests_is_left_after_ten_minutes_and_holds_up_no_other() -> None:
    uploads = Uploads({"card/a.csv": 0, NEW: 1e9})
    assert uploads.wait() == [True, False]
    assert sum(uploads.slept) == LONGEST


def test_a_file_whose_times_are_ahead_is_whole_once_it_was_seen_for_so_long() -> None:
    uploads = Uploads({NEW: 0}, ahead=3600)
    assert uploads.wait() == [True]
    assert uploads.slept == [10]


def test_a_change_after_the_wait_is_seen() -> None:
    uploads = Uploads({NEW: -SETTLE})
    assert uploads.wait() == [True]
    uploads.now, uploads.grows = 1, {NEW: 1}
    assert not uploads.rest.is_whole(uploads.shown()[0])


def test_no_seconds_take_every_file_as_it_is() -> None:
    assert AtRest(0).is_whole(LandedFile(NEW, 1, "1", rested=0.0))
    assert AtRest(0).is_whole(LandedFile(NEW, 1, "1", rested=-5.0))


def test_a_folder_shows_how_long_a_file_has_rested_and_an_object_appears_whole(
    tmp_path: Path,
) -> None:
    (tmp_path / "f.csv").write_text("1\n")
    (file,) = LocalLanding(tmp_path).list()
    assert file.rested < 3600
    assert AtRest(0.0).is_whole(file)
    assert not AtRest(3600.0).is_whole(file)
    assert AtRest(3600.0).is_whole(LandedFile("on/s3.csv", 1, "etag"))


def test_what_a_clock_loses_by_rounding_is_not_waited_for_forever() -> None:
    """At 556.3 a second's last bits are lost: the clock does not move by what the file lacks."""
    now, looks = 256.3, 0

    def sleep(seconds: float) -> None:
        nonlocal now, looks
        now, looks = now + seconds, looks + 1
        assert looks < 10

    rest = AtRest(300.0, lambda: now, sleep)
    rest.wait(lambda: [LandedFile(NEW, 1, "1", rested=0.0)], lambda _: None)
    assert rest.is_whole(LandedFile(NEW, 1, "1", rested=0.0))

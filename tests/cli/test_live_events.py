"""The run page of the UI shows events while the process that stores them goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from queue import Queue

import pytest
from dagster._core.events.log import EventLogEntry

from customer360_assets.runs.instance import instance_of
from resources.deployment.deployment import Deployment
from resources.event_watch import Watchdog
from tests.patience import PATIENCE

RUN = "7f3c9a52-0a53-4a4e-9d0c-64a0a3f6b001"
WRITER = """
import sys
from pathlib import Path
from dagster._core.events.log import EventLogEntry
from resources.deployment.deployment import Deployment
from customer360_assets.runs.instance import instance_of

log = instance_of(Deployment(home=Path(sys.argv[1]))).event_log_storage
for message in sys.stdin:
    log.store_event(EventLogEntry(
        error_info=None, level=20, user_message=message.strip(), run_id=sys.argv[2], timestamp=1.0
    ))
    print("stored", flush=True)
"""


@pytest.mark.parametrize(
    ("folder", "before"),
    [
        ("home", 2),
        *(pytest.param(*both, marks=pytest.mark.slow) for both in (("home", 0), ("home 1", 1))),
    ],
)
def test_each_event_is_shown_while_its_writer_goes_on(
    tmp_path: Path, folder: str, before: int
) -> None:
    home = tmp_path / folder
    with instance_of(Deployment(home=home)) as instance, _writer(home) as writer:
        for number in range(before):
            _store(writer, f"earlier {number}")
        log = instance.event_log_storage
        cursor = log.get_records_for_run(RUN).cursor
        shown: Queue[str] = Queue()

        def show(event: EventLogEntry, _cursor: str) -> None:
            shown.put(event.user_message)

        log.watch(RUN, cursor, show)
        for number in range(3):
            _store(writer, f"event {number}")
            assert shown.get(timeout=PATIENCE) == f"event {number}"
        assert writer.poll() is None
        log.end_watch(RUN, show)
        _store(writer, "unwatched")
        writer.communicate(timeout=PATIENCE)
    assert shown.empty()


def test_an_event_is_shown_that_became_visible_after_the_last_write_to_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watchdog, "dispatch", lambda *_arguments: None)
    home = tmp_path / "home"
    with instance_of(Deployment(home=home)) as instance, _writer(home) as writer:
        shown: Queue[str] = Queue()
        instance.event_log_storage.watch(
            RUN, None, lambda event, _cursor: shown.put(event.user_message)
        )
        _store(writer, "an event")
        assert shown.get(timeout=PATIENCE) == "an event"
        writer.communicate(timeout=PATIENCE)


def _writer(home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(home), RUN]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _store(writer: subprocess.Popen[str], message: str) -> None:
    assert writer.stdin is not None
    assert writer.stdout is not None
    print(message, file=writer.stdin, flush=True)
    assert writer.stdout.readline() == "stored\n"

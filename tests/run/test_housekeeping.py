"""The lake is tidied: old snapshots go, then their files; what readers see stays."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from customer360_assets.assembly import definitions_of
from customer360_assets.automation.housekeeping import lake as housekeeping
from tests.run.deliveries import CARDS, DAY, card, card_file
from tests.run.small_bank import SmallBank

TABLE = "stage.card"


def _keep_house(bank: SmallBank) -> dict[str, int]:
    job = definitions_of(bank.deployment).resolve_job_def("keep_house")
    with bank.instance() as instance:
        done = job.execute_in_process(instance=instance)
    (event,) = [e for e in done.all_events if e.event_type_value == "STEP_OUTPUT"]
    return {k: int(str(v.value)) for k, v in event.step_output_data.metadata.items()}


@pytest.mark.slow
def test_old_snapshots_go_and_then_their_files(
    sound_bank: SmallBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = sound_bank
    bank.deliver({card_file(): card(CARDS[0], 103) + card(CARDS[1], 103)})
    assert bank.run(DAY).code == 0
    lake, seen = bank.platform().lake, bank.everything()
    # Within what is kept: nothing goes.
    assert _keep_house(bank) == {"snapshots forgotten": 0, "files deleted": 0}
    assert len(lake.history(TABLE)) == 2
    old = set(lake.files(TABLE, snapshot_id=lake.history(TABLE)[0].snapshot_id))
    monkeypatch.setattr(housekeeping, "SNAPSHOTS", 1)
    first = _keep_house(bank)
    assert first["snapshots forgotten"] > 0
    # Forgotten just now: a reader may still be at them.
    assert first["files deleted"] == 0
    assert all(Path(file).exists() for file in old)
    aged = time.time() - (housekeeping.ORPHAN_DAYS + 1) * 86_400
    # Of the file that was corrected nothing is published any more; it may come into force again.
    parsed = sorted((bank.home / "lake" / "raw" / "card" / "data").glob("*/*/*.parquet"))
    assert len(parsed) == 2
    for file in (*old, *parsed):
        os.utime(file, (aged, aged))
    assert _keep_house(bank)["files deleted"] == len(old)
    assert all(file.exists() for file in parsed)
    assert not any(Path(file).exists() for file in old)
    assert bank.everything() == seen

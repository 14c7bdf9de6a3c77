"""Code servers and run workers write for their own user alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from customer360_assets.definitions import defs


def test_a_process_that_loads_the_code_location_writes_privately(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUSTOMER360_HOME", str(tmp_path / "home"))
    os.umask(0)
    defs()
    (tmp_path / "file").touch()
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600

"""Whether the real engines are here."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from engines.places import FOLDER

# Set where a test that is skipped would go unnoticed.
REQUIRED = "CUSTOMER360_ENGINES_REQUIRED"


def demand(folder: Path = FOLDER) -> None:
    """Skip the test where Maven is absent and nobody requires the engines; fail without them."""
    if (folder / ".ready").is_file():
        return
    if shutil.which("mvn") is None and not os.environ.get(REQUIRED):
        pytest.skip("the real engines are fetched by Maven, which is not installed")
    pytest.fail("the real engines are not here: run make test-engines", pytrace=False)

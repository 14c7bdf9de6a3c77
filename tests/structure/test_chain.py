"""The chain of calls that is measured goes from the command to the parser, and is no longer."""

from __future__ import annotations

import pytest

from tests.structure.__main__ import ROOT
from tests.structure.chain import longest_chain

MOST = 24


@pytest.mark.slow
def test_a_delivery_takes_no_longer_path_than_before() -> None:
    chain = longest_chain(ROOT)
    files = [step.partition(":")[0] for step in chain]
    assert files[0] == "customer360_assets/cli/main.py"
    assert "customer360_assets/deliveries/parsing/parse.py" in files
    assert len(chain) <= MOST, "\n".join(chain)

"""Where extracted files are written before they are delivered."""

from pathlib import Path

import pytest

from customer360_assets.extraction.drafts import HIDDEN, drafts_in
from customer360_assets.extraction.extracted import ExtractionError


@pytest.mark.parametrize("linked", ["transactions", f"transactions/{HIDDEN}"])
def test_nothing_is_written_through_a_link(tmp_path: Path, linked: str) -> None:
    elsewhere, link = tmp_path / "elsewhere", tmp_path / "landing" / linked
    elsewhere.mkdir()
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    with (
        pytest.raises(ExtractionError, match="is a symbolic link"),
        drafts_in(tmp_path / "landing" / "transactions") as drafts,
    ):
        drafts.draft("a.parquet").write_bytes(b"rows")
    assert list(elsewhere.iterdir()) == []

"""A small file that holds very much is refused before it has been expanded."""

from __future__ import annotations

import gzip
import hashlib
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from customer360_assets.deliveries.formats.errors import RefusedError
from customer360_assets.deliveries.formats.expansion import FREE
from customer360_assets.deliveries.formats.text import read_text
from tests.deliveries.raw_home import Home, only
from tests.deliveries.raw_parquet import parquet
from tests.deliveries.test_physical_lines import spec
from tests.deliveries.test_record_defects import spec as movements

LINE = b"0123,5001\n"
MIB = 1 << 20


def repeated(size: int) -> Iterator[bytes]:
    """Return gzip of one line repeated, about a thousandth of its size."""
    packer, block = zlib.compressobj(9, wbits=31), LINE * (MIB // len(LINE))
    for _ in range(size // len(block)):
        yield packer.compress(block)
    yield packer.flush()


def refusal(tmp_path: Path, size: int, **limits: Any) -> str:
    packed = b"".join(repeated(size))
    content = tmp_path / "content"
    content.write_bytes(packed)
    digest = hashlib.sha256(packed).hexdigest()
    tracemalloc.start()
    try:
        with pytest.raises(RefusedError) as raised:
            read_text(content, digest, spec(compression="gzip", **limits), tmp_path / "scratch")
        assert tracemalloc.get_traced_memory()[1] < 32 * MIB
    finally:
        tracemalloc.stop()
    written = sum(p.stat().st_size for p in (tmp_path / "scratch").rglob("*"))
    assert written <= FREE + MIB
    return str(raised.value)


def test_a_billion_bytes_in_a_small_gzip_are_not_expanded(tmp_path: Path) -> None:
    reason = refusal(tmp_path, 200 * MIB)
    assert reason == "expands to more than 200 times its size, the feed's max_expansion"


def test_a_feed_states_how_much_a_file_may_hold(tmp_path: Path) -> None:
    reason = refusal(tmp_path, 40 * MIB, max_expanded_gb=0.02)
    assert reason == "expands to more than 0.02 GB, the feed's max_expanded_gb"


def test_the_file_is_refused_by_name_and_the_rest_goes_on(home: Home) -> None:
    home.feeds = {"web_visitor_map": spec(compression="gzip", max_expanded_gb=0.000_05)}
    home.deliver("a.csv", gzip.compress(LINE * 6_000))
    home.deliver("b.csv", gzip.compress(LINE))
    rows = {r["file"]: r for r in home.run("web_visitor_map").manifest()}
    assert rows["a.csv"]["status"] == "refused"
    assert rows["a.csv"]["reason"] == ("expands to more than 5e-05 GB, the feed's max_expanded_gb")
    assert rows["b.csv"]["status"] == "loaded"


def test_another_limit_lets_the_same_file_in(home: Home) -> None:
    home.deliver("a.csv", gzip.compress(LINE * 6_000))
    for limit, status in ((0.000_05, "refused"), (0.000_07, "loaded")):
        home.feeds = {"web_visitor_map": spec(compression="gzip", max_expanded_gb=limit)}
        assert only(home.run("web_visitor_map"))["status"] == status


def test_a_small_file_of_equal_lines_may_expand_as_far_as_it_does(home: Home) -> None:
    home.feeds = {"web_visitor_map": spec(compression="gzip")}
    home.deliver("a.csv", b"".join(repeated(8 * MIB)))
    assert only(home.run("web_visitor_map"))["status"] == "loaded"


def test_a_parquet_file_is_held_to_what_its_footer_says(home: Home) -> None:
    home.feeds = {"transaction": movements(format="parquet", max_expanded_gb=0.000_000_05)}
    parquet(home.landing_dir / "t.csv", "(1, DATE '2024-01-01', 1.00::DECIMAL(18,2))")
    row = only(home.run("transaction"))
    assert row["status"] == "refused"
    assert row["reason"] == "expands to more than 5e-08 GB, the feed's max_expanded_gb"

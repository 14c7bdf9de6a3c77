"""Why no asset has a Dagster type: what Dagster does with one beside a `MaterializeResult`."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.utils import NoValueSentinel

happened: list[object] = []


class Store(dg.IOManager):
    """Notes what Dagster wants to have stored."""

    def handle_output(self, _context: dg.OutputContext, obj: object) -> None:
        happened.append(("stored", obj))

    def load_input(self, _context: dg.InputContext) -> object:
        return None


def _ended_well(passes: bool, **result: Any) -> bool:
    """Make an asset that publishes, and whose type passes or not; return whether it ended well."""
    happened.clear()

    def check(_context: dg.TypeCheckContext, value: object) -> bool:
        happened.append(("type", value))
        return passes

    kind = dg.DagsterType(check, name="Rows")

    @dg.multi_asset(outs={"rows": dg.AssetOut(dagster_type=kind)})
    def table() -> dg.MaterializeResult[Any]:
        happened.append("published")
        return dg.MaterializeResult(asset_key="rows", **result)

    return dg.materialize([table], resources={"io_manager": Store()}, raise_on_error=False).success


def test_a_type_is_asked_after_publication_and_sees_no_rows() -> None:
    assert not _ended_well(passes=False)
    assert happened == ["published", ("type", NoValueSentinel)]


@pytest.mark.parametrize(("given", "stored"), [({}, NoValueSentinel), ({"value": 5}, 5)])
def test_a_typed_output_goes_to_the_io_manager(given: dict[str, Any], stored: object) -> None:
    assert _ended_well(passes=True, **given)
    assert happened == ["published", ("type", stored), ("stored", stored)]

"""A contract's columns as an Arrow schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customer360_assets.contracts.contract import Contract

if TYPE_CHECKING:
    import pyarrow as pa


def arrow_schema(contract: Contract) -> pa.Schema:
    """Return the Arrow schema of a table's files."""
    import pyarrow as pa

    columns = contract.pandera.columns.items()
    return pa.schema([(name, column.dtype.type.pyarrow_dtype) for name, column in columns])

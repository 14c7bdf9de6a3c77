"""Two engines of one process: the end of one is not the end of the other."""

from __future__ import annotations

from resources.embedded.duckdb_spark_engine import DuckDbSparkEngine


def test_an_engine_goes_on_when_another_is_closed() -> None:
    one, other = DuckDbSparkEngine(), DuckDbSparkEngine()
    try:
        assert one._spark().range(3).count() == 3
        assert other._spark().range(4).count() == 4
        other.close()
        assert one._spark().range(5).count() == 5
    finally:
        one.close()

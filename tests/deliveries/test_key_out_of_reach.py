"""The card key is in no variable of the engine that evaluates a bank's expressions."""

from __future__ import annotations

from typing import Any

import pytest

from customer360_assets.deliveries.parsing import parse
from customer360_assets.deliveries.parsing.draft import Draft, Query
from tests.deliveries.raw_home import KEY, Home

CARD = "card/card0020240523-1.csv"
LINE = "5555555555554441,1,gold,2024-01-02T03:04:05.123456\n"


def test_no_variable_holds_the_key_while_records_are_written(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def written(draft: Draft, *rest: Any) -> Any:
        connection = draft.connection
        done = write(draft, *rest)
        seen.append(connection.execute("SELECT count(*) FROM duckdb_variables()").fetchone())
        return done

    write = parse.write_records
    monkeypatch.setattr(parse, "write_records", written)
    home.deliver(CARD, LINE + "no card\n")
    deliveries = home.run("card")
    assert seen == [(0,)]
    assert home.rows(deliveries, "card_token") == [(KEY.token("5555555555554441"),)]
    assert len(home.quarantined(deliveries)) == 1


def test_a_query_shows_none_of_its_parameters() -> None:
    assert "secret" not in repr(Query("SELECT $x", {"x": b"secret"}))

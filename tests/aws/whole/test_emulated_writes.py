"""The emulated DynamoDB takes one write at a time: side by side its table loses items."""

from __future__ import annotations

import threading
import time

import pytest

from tests.aws.emulation.dynamodb_writes import alone, install

WRITERS = 4


def test_writes_wait_for_each_other() -> None:
    counting = threading.Lock()
    inside, most = 0, 0
    started = threading.Barrier(WRITERS)

    @alone
    def write() -> None:
        nonlocal inside, most
        with counting:
            inside += 1
            most = max(most, inside)
        time.sleep(0.02)
        with counting:
            inside -= 1

    def writer() -> None:
        started.wait()
        write()

    threads = [threading.Thread(target=writer) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


@pytest.mark.parametrize("name", ["put_item", "delete_item"])
def test_every_table_has_it_once(name: str) -> None:
    from moto.dynamodb.models.table import Table

    install()
    first = getattr(Table, name)
    install()
    assert getattr(Table, name) is first
    assert not hasattr(first.__wrapped__, "__wrapped__")

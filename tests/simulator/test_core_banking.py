"""PostgreSQL holds what the bank booked, and does not outlive who started it."""

import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from simulator.core_banking import core_banking
from simulator.simulate import Simulated
from tests.patience import PATIENCE
from tests.simulator.conftest import Query

CHILD = """
import sys, time
from pathlib import Path
from simulator.core_banking import core_banking
with core_banking(Path(sys.argv[1]), Path(sys.argv[2])) as bank:
    print(bank.server.pid, bank.server.room.folder, flush=True)
    time.sleep(60)
"""

# Counts how often the process is copied with its fork handlers, gRPC's among them.
COUNTS_FORKS = """
import ctypes, sys
from pathlib import Path
from simulator.postgres_server import postgres_server
forks = []
handler = ctypes.CFUNCTYPE(None)(lambda: forks.append(1))
ctypes.CDLL(None)["__register_atfork"](handler, None, None, None)
with postgres_server(Path(sys.argv[1])):
    print(len(forks))
"""


def alive(pid: str) -> bool:
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it went, also while it was read
        return False


def test_rows_and_amounts_are_those_of_the_bank(
    bank: Simulated, query: Query, tmp_path: Path
) -> None:
    ((rows, amount),) = query("SELECT count(*), sum(amount) FROM ledger")
    with core_banking(bank.transactions_files, tmp_path) as core:
        found = core.server.query("SELECT count(*), sum(amount) FROM transactions")
        types = core.server.query(
            "SELECT string_agg(format_type(atttypid, atttypmod), ',' ORDER BY attnum)"
            " FROM pg_attribute WHERE attrelid = 'transactions'::regclass AND attnum > 0"
        )
        following = core.server.query("SELECT nextval('transactions_trans_id_seq')")
        folder = core.server.room.folder
        assert core.server.query("SHOW listen_addresses") == ""
    assert found == f"{rows}|{amount}"
    assert types == (
        "integer,integer,timestamp without time zone,character varying(10),character varying(3),"
        "numeric(18,2),numeric(18,2),date"
    )
    assert following == str(rows + 1)
    assert not folder.exists()


def test_late_rows_appear_on_the_day_they_are_recorded(
    bank: Simulated, query: Query, tmp_path: Path
) -> None:
    day, later = date(2024, 6, 1), date(2024, 6, 10)
    count = "SELECT count(*) FROM transactions WHERE date < '2024-06-02'"
    with core_banking(bank.transactions_files, tmp_path, until=day, keep=True) as core:
        before = int(core.server.query(count))
        core.record(later)
        after = int(core.server.query(count))
    late = query(
        "SELECT count(*) FROM late_transaction WHERE business_date <= '2024-06-01'"
        " AND recorded_at > '2024-06-01'"
    )
    assert after - before == late[0][0] > 0
    with core_banking(bank.transactions_files, tmp_path, until=day, keep=True) as core:
        assert int(core.server.query(count)) == before
    with core_banking(bank.transactions_files, tmp_path, until=day) as core:
        core.server.kill()
        with pytest.raises(RuntimeError, match="PostgreSQL"):
            core.server.query(count)


def test_one_home_one_server(bank: Simulated, tmp_path: Path) -> None:
    with (
        core_banking(bank.transactions_files, tmp_path),
        pytest.raises(RuntimeError, match="another process"),
        core_banking(bank.transactions_files, tmp_path),
    ):
        pass


def test_a_killed_process_leaves_no_server(bank: Simulated, tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(bank.transactions_files), str(tmp_path)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    pid, folder = child.stdout.readline().split(maxsplit=1)
    assert alive(pid)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    end = time.monotonic() + PATIENCE
    while (alive(pid) or Path(folder.strip()).exists()) and time.monotonic() < end:
        time.sleep(0.1)
    assert not alive(pid)
    assert not Path(folder.strip()).exists()
    with core_banking(bank.transactions_files, tmp_path) as core:
        assert int(core.server.query("SELECT count(*) FROM transactions")) == bank.transactions


@pytest.mark.skipif(sys.platform != "linux", reason="the handlers of glibc are counted")
def test_a_server_starts_without_the_fork_handlers_of_its_process(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNTS_FORKS, str(tmp_path)], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout == "0\n"

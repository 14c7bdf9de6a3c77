"""One Trino of a test session, from its start to its end.

It asks nobody who he is, as nothing of the platform may: it listens on the loopback interface
alone, holds nothing but the rows of tests, and ends with them.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from engines.places import TRINO, TRINO_PYTHON, java_home

HEAP = "3G"
STARTS_WITHIN = 180
# Of those that Trino's own launcher gives, what this Java takes and a small server needs.
FLAGS = (
    f"-Xmx{HEAP}",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:ReservedCodeCacheSize=512M",
    "-XX:PerMethodRecompilationCutoff=10000",
    "-XX:PerBytecodeRecompilationCutoff=10000",
    "-XX:+EnableDynamicAgentLoading",
    "-Djdk.attach.allowAttachSelf=true",
    "-Dfile.encoding=UTF-8",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)
# catalog.management: each test session creates the catalog of its own emulated account.
CONFIG = """\
coordinator=true
node-scheduler.include-coordinator=true
node.environment=test
node.id=test
node.bind-ip=127.0.0.1
node.internal-address=127.0.0.1
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
plugin.dir={plugins}
catalog.management=dynamic
catalog.store=memory
web-ui.enabled=false
query.max-history=20
query.min-expire-age=30s
"""


@contextmanager
def trino_server(folder: Path) -> Iterator[str]:
    """Run a Trino whose files are in `folder`; its address."""
    port = _free_port()
    config, log = folder / "config.properties", folder / "server.log"
    settings = CONFIG.format(port=port, plugins=TRINO / "plugin")
    config.write_text(settings, encoding="utf-8")
    java = java_home(TRINO_PYTHON) / "bin" / "java"
    start = [
        java,
        *FLAGS,
        f"-Dconfig={config}",
        "-cp",
        f"{TRINO}/lib/*",
        "io.trino.server.TrinoServer",
    ]
    with log.open("wb") as out:
        process = subprocess.Popen(
            dies_with_us(start),
            cwd=folder,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process, log)
        yield url
    finally:
        process.kill()
        process.wait()


def dies_with_us(command: Sequence[str | Path]) -> list[str | Path]:
    """Return the command so that the system ends it with this process, however that ends."""
    kept = shutil.which("setpriv")
    return [*((kept, "--pdeathsig", "KILL") if kept else ()), *command]


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            if not httpx.get(f"{url}/v1/info").json()["starting"]:
                return
        except (httpx.TransportError, ValueError):
            pass
        time.sleep(0.2)
    raise RuntimeError(f"Trino did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])

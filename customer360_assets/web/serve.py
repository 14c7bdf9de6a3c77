"""Dagster's webserver behind the guard, as a process: `python -m customer360_assets.web.serve`.

The token comes in an environment variable, where other users of the machine do not see it, and is
removed from there at once: neither a code server nor a run inherits it.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import dagster as dg
import uvicorn

from customer360_assets.web.access import TOKEN, Access, AccessError, access_to, given_token
from customer360_assets.web.guard import Guard
from customer360_assets.web.sockets import listen
from customer360_assets.web.webserver_internals import (
    __version__,
    create_app_from_workspace_process_context,
)
from resources.dagster_internals import (
    WorkspaceFileTarget,
    WorkspaceProcessContext,
    configure_loggers,
)
from resources.files.private import keep_private

POLL_MS = 2_000
"""How often the UI asks for what has changed; Dagster's own default."""
STATEMENT_MS, RECYCLE_SECONDS, MORE_CONNECTIONS = 15_000, 3_600, 20
"""Dagster's own defaults for a webserver's connections to the record."""


def main(arguments: list[str] | None = None) -> None:
    """Serve the UI of the instance that DAGSTER_HOME configures until a signal ends it."""
    parser = argparse.ArgumentParser(prog="customer360_assets.web.serve", description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True, help="a workspace.yaml")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--fd", type=int, help="a socket that listens on host and port already")
    given = parser.parse_args(arguments)
    try:
        token = given_token()
        if token is None:
            raise AccessError(f"Set {TOKEN}: nobody can open the UI without a token.")
        del os.environ[TOKEN]
        access = access_to(given.host, given.port, token)
    except AccessError as error:
        sys.exit(str(error))
    keep_private()
    # As Dagster's command does: a service manager asks by SIGTERM.
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    listening = socket.socket(fileno=given.fd) if given.fd else listen(given.host, given.port)
    _serve(listening, given.workspace, access)


def _serve(listening: socket.socket, workspace: Path, access: Access) -> None:
    configure_loggers()
    with dg.DagsterInstance.get() as instance, suppress(KeyboardInterrupt):
        instance.optimize_for_webserver(STATEMENT_MS, RECYCLE_SECONDS, MORE_CONNECTIONS)
        target = WorkspaceFileTarget([str(workspace)])
        with WorkspaceProcessContext(instance, target, version=__version__) as context:
            app = create_app_from_workspace_process_context(context, live_data_poll_rate=POLL_MS)
            config = uvicorn.Config(
                Guard(app, access),
                # No address is logged, since the first one holds the token.
                log_level="warning",
                access_log=False,
                lifespan="off",
                proxy_headers=False,
                server_header=False,
            )
            uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main()

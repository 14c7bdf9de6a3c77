"""A local HTTP server that keeps what it is sent, and answers as configured."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """What arrived, by path.

    `status` is what it answers from now on, `statuses` what to the bodies that hold a text.
    """

    def __init__(self) -> None:
        self.status = 200
        self.statuses: dict[str, int] = {}
        self.arrived: dict[str, list[dict[str, Any]]] = {}
        self.refused = 0
        self.address = ""

    def answer(self, body: str) -> int:
        chosen = (status for text, status in self.statuses.items() if text in body)
        return next(chosen, self.status)

    def took(self, path: str) -> list[dict[str, Any]]:
        return self.arrived.get(path, [])


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Yield a listening receiver."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status = receiver.answer(body)
            if status == 200:
                receiver.arrived.setdefault(self.path, []).append(json.loads(body))
            else:
                receiver.refused += 1
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    receiver.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()

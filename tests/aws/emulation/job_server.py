"""An HTTP server in front of moto: what runs jobs is answered here, everything else by moto."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.error import HTTPError

_HOP = {"connection", "transfer-encoding", "content-length", "host", "accept-encoding"}


class Refused(Exception):  # noqa: N818 - the service's word
    """The service answers with an error."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class Services(Protocol):
    """What answers the operations that run jobs."""

    def operation(self, method: str, path: str, target: str) -> str | None: ...

    def answer(self, operation: str, path: str, request: dict[str, Any]) -> Any: ...


class JobServer:
    """Answers on a free port. `throttled`: how many calls of an operation are refused next."""

    def __init__(self, services: Services, moto: str) -> None:
        self.throttled: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                return

            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                target = self.headers.get("X-Amz-Target", "")
                operation = services.operation(self.command, self.path, target)
                if operation is None:
                    self.answer(*forwarded(moto, self.command, self.path, self.headers, body))
                    return
                front.calls[operation] += 1
                try:
                    if front.throttled[operation] > 0:
                        front.throttled[operation] -= 1
                        raise Refused("ThrottlingException", "Rate exceeded")
                    found = services.answer(operation, self.path, json.loads(body or b"{}"))
                    self.answer(200, {}, json.dumps(found).encode())
                except Refused as refused:
                    answer = {"__type": refused.code, "message": refused.message}
                    headers = {"x-amzn-errortype": refused.code}
                    self.answer(refused.status, headers, json.dumps(answer).encode())

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_any  # noqa: N815

            def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def forwarded(
    moto: str, method: str, path: str, headers: Any, body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Return moto's answer."""
    kept = {n: v for n, v in headers.items() if n.lower() not in _HOP}
    request = urllib.request.Request(moto + path, body or None, kept, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request) as found:  # noqa: S310
            status, given, answer = found.status, found.headers, found.read()
    except HTTPError as error:
        status, given, answer = error.code, error.headers, error.read()
    return status, {n: v for n, v in given.items() if n.lower() not in _HOP}, answer

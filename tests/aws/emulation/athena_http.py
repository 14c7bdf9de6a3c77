"""AWS's JSON protocol over HTTP, for an emulated service."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

Call = Callable[[str, dict[str, Any]], dict[str, Any] | None]


class Refusal(Exception):  # noqa: N818 - what the caller is answered
    """A call is refused with this error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def handler(call: Call, behind: str) -> type[BaseHTTPRequestHandler]:
    """Return the HTTP handler; calls unknown to `call` go to the account at `behind`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            try:
                answer = call(operation, json.loads(body or b"{}"))
            except Refusal as refusal:
                said = {"__type": refusal.code, "message": refusal.message}
                self._answer(400, json.dumps(said).encode())
            else:
                if answer is not None:
                    self._answer(200, json.dumps(answer, default=str).encode())
                    return
                kept = ("Content-Type", "X-Amz-Target", "Authorization", "X-Amz-Date")
                headers = {name: self.headers[name] for name in kept if name in self.headers}
                self._answer(*_forwarded(behind, headers, body))

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("x-amzn-RequestId", uuid.uuid4().hex)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Keep test output to the tests."""

    return Handler


def _forwarded(endpoint: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    try:
        with urlopen(Request(endpoint, body, headers)) as answer:  # noqa: S310
            return int(answer.status), answer.read()
    except HTTPError as refused:
        return refused.code, refused.read()

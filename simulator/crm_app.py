"""A CRM behind HTTP: /customers?page=N&size=M, for who brings the token."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from simulator.customers import Customers
from simulator.faults import Fault, FaultPlan

LARGEST_PAGE = 10_000


class CrmApp:
    """A running CRM: where it is, what opens it, and the pages it was asked for."""

    def __init__(
        self, customers: Customers, token: str, faults: Sequence[Fault], port: int
    ) -> None:
        self.token = token
        self.total = customers.total
        self.asked: list[int] = []
        """Pages in the order of the requests, failed ones included."""
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.app, self._server.customers = self, customers
        self._server.faults = FaultPlan(faults)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """The address, without a trailing slash."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Stop answering; nothing happens the second time."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.hang_up()


@contextmanager
def crm_app(
    customers_file: Path,
    *,
    as_of: date | None = None,
    token: str | None = None,
    faults: Sequence[Fault] = (),
    port: int = 0,
) -> Iterator[CrmApp]:
    """Serve the customers known at the end of `as_of` on a loopback port (a free one for 0).

    An answer is {"customers": [...], "page", "size", "total", "next"}; next is a path or null.
    """
    app = CrmApp(Customers(customers_file, as_of), token or secrets.token_urlsafe(24), faults, port)
    try:
        yield app
    finally:
        app.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    app: CrmApp
    customers: Customers
    faults: FaultPlan

    def __init__(self, *arguments: object) -> None:
        self._open: set[_Handler] = set()
        super().__init__(*arguments)  # type: ignore[arg-type]  # address and handler, as given

    def hang_up(self) -> None:
        """Close the connections that clients keep alive."""
        for handler in list(self._open):
            handler.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server._open.add(self)

    def finish(self) -> None:
        self.server._open.discard(self)
        super().finish()

    def close(self) -> None:
        self.close_connection = True
        self.server.shutdown_request(self.request)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (as the base names it)
        """Log nothing: what a bank's server is asked is not for everybody's eyes."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.server.app.token}".encode()):
            return self._answer(401, b'{"error": "a valid bearer token is required"}')
        if address.path != "/customers":
            return self._answer(404, b'{"error": "unknown path"}')
        try:
            query = parse_qs(address.query)
            page, size = int(query.get("page", ["1"])[0]), int(query.get("size", ["500"])[0])
        except ValueError:
            page, size = 0, 0
        if page < 1 or not 1 <= size <= LARGEST_PAGE:
            return self._answer(400, b'{"error": "page from 1, size from 1 to 10000"}')
        self.server.app.asked.append(page)
        return self._serve(page, size, self.server.faults.strike(page))

    def _serve(self, page: int, size: int, fault: Fault | None) -> None:
        match fault:
            case Fault(kind="throttle"):
                wait = {"Retry-After": f"{fault.retry_after:g}"}
                return self._answer(429, b'{"error": "too many requests"}', wait)
            case Fault(kind="error"):
                return self._answer(fault.status, b'{"error": "internal error"}')
            case Fault(kind="drop"):
                return self.close()
        found = self.server.customers.page(page, size)
        more = page * size < found.total
        rest = {
            "page": page,
            "size": size,
            "total": found.total,
            "next": f"/customers?page={page + 1}&size={size}" if more else None,
        }
        body = f'{{"customers": {found.customers}, {json.dumps(rest)[1:]}'.encode()
        self._answer(200, body, sent=len(body) // 2 if fault else len(body))
        return None

    def _answer(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
        sent: int | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:sent])
        if sent is not None and sent < len(body):
            self.close()

"""The CRM over HTTP: every page of customers, or an error; never a part for the whole."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    import httpx

THROTTLED, SERVER_ERROR, OK = 429, 500, 200
ADVICE = {
    401: "set CUSTOMER360_CRM_TOKEN to a valid token",
    403: "the token of CUSTOMER360_CRM_TOKEN may not read customers",
    404: "check --crm-url: it is the address before /customers",
}


class CrmError(RuntimeError):
    """The customers could not be read completely; the message holds no token and no customer."""


@dataclass(frozen=True)
class Patience:
    """How often a page is asked for, and how long is waited; seconds.

    Between attempts: backoff, twice that, and so on, or what the CRM asks for. A CRM that asks for
    more than longest_wait is given up.
    """

    attempts: int = 6
    backoff: float = 0.5
    longest_wait: float = 60.0
    timeout: float = 30.0


class ExactNumber(float):
    """A number with a fraction that is written again as it was read."""

    def __new__(cls, text: str) -> ExactNumber:
        """Keep the text beside the value."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str

    def __repr__(self) -> str:
        """Return the number as it was read."""
        return self.text


@dataclass(frozen=True)
class _Page:
    customers: list[dict[str, Any]]
    total: int
    next: str | None


class CrmClient:
    """Reads customers from `url`/customers with a bearer token."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        page_size: int = 1000,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = _checked(url)
        self._token = token.strip()
        # The client would quote a token that cannot be a header in its error.
        if not self._token or not all("!" <= c <= "~" for c in self._token):
            raise CrmError("CUSTOMER360_CRM_TOKEN is not a token: printable ASCII, no blanks")
        self._page_size = page_size
        self._patience = patience or Patience()
        self._sleep = sleep

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        """Yield the customers page by page; only the last page proves that they are complete.

        Raises CrmError when pages disagree, repeat a client or do not add up to the stated total.
        """
        import httpx

        address: str | None = f"{self._url}/customers?page=1&size={self._page_size}"
        clients: set[object] = set()
        asked: set[str] = set()
        total: int | None = None
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        with httpx.Client(headers=headers, timeout=self._patience.timeout) as client:
            while address is not None:
                asked.add(address)
                page = self._page(client, address)
                if total is not None and page.total != total:
                    self._fail(f"the total changed from {total} to {page.total} between pages")
                total = page.total
                self._know(page, clients)
                yield page.customers
                address = self._following(address, page.next, asked)
        if len(clients) != total:
            self._fail(f"{total} customers stated, {len(clients)} received")

    def _know(self, page: _Page, clients: set[object]) -> None:
        for customer in page.customers:
            client_id = customer.get("client_id")
            if isinstance(client_id, bool) or not isinstance(client_id, int | str):
                self._fail("a customer has no client_id")
            if client_id in clients:
                self._fail("a client_id comes twice; the customers changed between pages")
            clients.add(client_id)

    def _following(self, address: str, found: str | None, asked: set[str]) -> str | None:
        if found is None:
            return None
        following = urljoin(address, found)
        # Elsewhere, the token would be given to a stranger.
        if urlsplit(following)[:2] != urlsplit(self._url)[:2]:
            self._fail("the next page is on another server")
        if following in asked:
            self._fail("the next page is one that was read before")
        return following

    def _page(self, client: httpx.Client, address: str) -> _Page:
        attempts, reason = self._patience.attempts, ""
        for attempt in range(attempts):
            page, reason, asked_wait = self._attempt(client, address)
            if page is not None:
                return page
            if attempt + 1 < attempts:
                wait = max(self._patience.backoff * 2**attempt, asked_wait)
                self._sleep(min(wait, self._patience.longest_wait))
        path = address.removeprefix(self._url)
        return self._fail(f"{path} failed {attempts} times, at last: {reason}")

    def _attempt(self, client: httpx.Client, address: str) -> tuple[_Page | None, str, float]:
        """Return a page, or why there is none and how many seconds the CRM asks to wait."""
        import httpx

        try:
            answer = client.get(address)
        except httpx.TimeoutException:
            return None, f"no answer within {self._patience.timeout:g} s", 0
        except httpx.TransportError as error:
            # Its text may quote what was sent.
            return None, f"the connection failed ({type(error).__name__})", 0
        except httpx.DecodingError:
            return None, "the answer is damaged", 0
        status = answer.status_code
        if status == OK:
            return _read(answer.content), "the answer is not a whole page of customers", 0
        if status == THROTTLED or status >= SERVER_ERROR:
            return None, f"status {status}", self._asked_wait(answer)
        advice = ADVICE.get(status, "it does not serve customers in this way")
        return self._fail(f"status {status}: {advice}")

    def _asked_wait(self, answer: httpx.Response) -> float:
        """Return the seconds of Retry-After, 0 when it states none."""
        seconds = _retry_after(answer.headers)
        if seconds > self._patience.longest_wait:
            self._fail(f"status {answer.status_code}: it asks to come back in {seconds:.0f} s")
        return seconds

    def _fail(self, what: str) -> NoReturn:
        raise CrmError(f"CRM at {self._url}: {what}")


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise CrmError("--crm-url: write http:// or https:// and a host")
    if "@" in parts.netloc or parts.query:
        raise CrmError("--crm-url: no user, password or query in it; the token is in the env")
    return url.rstrip("/")


def _read(content: bytes) -> _Page | None:
    """Return the page of a body; None if it is not one, such as a truncated one or a web page."""
    try:
        body = json.loads(content, parse_float=ExactNumber, parse_constant=_refuse_constant)
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    customers, total, following = body.get("customers"), body.get("total"), body.get("next", 0)
    if not isinstance(customers, list) or not all(isinstance(c, dict) for c in customers):
        return None
    if not isinstance(total, int) or not isinstance(following, str | None):
        return None
    return _Page(customers, total, following)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _retry_after(headers: httpx.Headers) -> float:
    from email.utils import parsedate_to_datetime

    stated = headers.get("Retry-After", "")
    try:
        seconds = float(stated)
    except ValueError:
        try:
            # Counted from the server's own clock: ours may be another.
            until = parsedate_to_datetime(stated) - parsedate_to_datetime(headers.get("Date", ""))
        except (TypeError, ValueError):
            return 0.0
        seconds = until.total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0

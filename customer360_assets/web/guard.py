"""ASGI middleware that stands before Dagster's webserver, which has no login of its own.

Nothing reaches the webserver that a page of another origin could have sent, that presents no token,
or that changes something in another form than the UI does.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from customer360_assets.web.access import Access
from customer360_assets.web.pages import refusal_page

GRAPHQL = "/graphql"
SAFE = ("GET", "HEAD")
NOT_READ = {GRAPHQL, "/notebook", "/dagit/notebook"}
"""What answers GET with more than a page: GraphQL runs what a query string holds, notebooks run
script of a file."""
BROWSER_HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class Refusal:
    """Why a request goes no further: the status, and a sentence that says what to do."""

    status: int
    sentence: str


class Guard:
    """An application behind the rules of this module."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, let its sender in, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        await self._answer(request)(scope, receive, _with_headers(send))

    def _answer(self, request: HTTPConnection) -> ASGIApp:
        access = self._access
        if refusal := of_another_site(request, access):
            return refusal_page(refusal.status, refusal.sentence, request)
        if _is_login(request, access):
            return _let_in(request, access)
        refusal = of_a_stranger(request, access) or of_another_form(request)
        return refusal_page(refusal.status, refusal.sentence, request) if refusal else self._app


def of_another_site(request: HTTPConnection, access: Access) -> Refusal | None:
    """Return the refusal of what a page of another origin, or a name of another's, has sent."""
    hosts = request.headers.getlist("host")
    origin_here = access.origins.get(hosts[0].lower()) if len(hosts) == 1 else None
    if origin_here is None:
        return Refusal(
            400, "The UI is not known by this host name: CUSTOMER360_UI_URL states its address."
        )
    origins = request.headers.getlist("origin")
    site = request.headers.get("sec-fetch-site", "none")
    if any(origin != origin_here for origin in origins) or (
        site not in {"none", "same-origin"} and not _is_followed_link(request)
    ):
        return Refusal(403, "A page of another site may not use the UI: open the UI itself.")
    return None


def of_a_stranger(request: HTTPConnection, access: Access) -> Refusal | None:
    """Return the refusal of what presents neither the token nor the cookie of a login."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and access.is_token(credential.strip()):
        return None
    if access.is_session(request.cookies.get(access.cookie, "")):
        if _is_safe(request) or request.headers.get("origin"):
            return None
        # Every browser names the page that sends such a request.
        return Refusal(403, "A request with a cookie must name its Origin: use a Bearer token.")
    return Refusal(
        401, "Open the address with the token that customer360 ui printed, or send it as Bearer."
    )


def of_another_form(request: HTTPConnection) -> Refusal | None:
    """Return the refusal of what the UI itself does not send."""
    path = request.scope["path"]
    if _is_safe(request) and path not in NOT_READ:
        return None
    if path != GRAPHQL:
        return Refusal(405, "Only GraphQL changes anything here: POST it as JSON to /graphql.")
    if request.scope["type"] == "websocket":
        return None
    if request.scope["method"] != "POST":
        return Refusal(405, "GraphQL takes POST alone, with a body of application/json.")
    kinds = request.headers.getlist("content-type")
    if [kind.partition(";")[0].strip().lower() for kind in kinds] != ["application/json"]:
        return Refusal(415, "GraphQL takes a body of application/json alone.")
    return None


def _is_safe(request: HTTPConnection) -> bool:
    return request.scope["type"] == "http" and request.scope["method"] in SAFE


def _is_followed_link(request: HTTPConnection) -> bool:
    """Return True for a page that fills a tab, as when somebody follows a link of an alert."""
    mode, destination = (request.headers.get(f"sec-fetch-{n}") for n in ("mode", "dest"))
    return _is_safe(request) and (mode, destination) == ("navigate", "document")


def _is_login(request: HTTPConnection, access: Access) -> bool:
    return _is_safe(request) and access.is_token(request.query_params.get("token", ""))


def _let_in(request: HTTPConnection, access: Access) -> Response:
    """Exchange the token for a cookie and take it out of the address."""
    # One slash alone: two would lead to another host.
    path = "/" + quote(request.scope["path"].lstrip("/\\"))
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    rest = urlencode([(name, value) for name, value in pairs if name != "token"])
    answer = RedirectResponse(f"{path}?{rest}" if rest else path, 303)
    origin = access.origins[request.headers["host"].lower()]
    answer.set_cookie(
        access.cookie,
        access.session,
        httponly=True,
        samesite="strict",
        secure=origin.startswith("https:"),
    )
    return answer


def _with_headers(send: Send) -> Send:
    """Return a send that adds the headers by which browsers protect the UI."""

    async def sending(message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            headers = MutableHeaders(scope=message)
            headers.update(BROWSER_HEADERS)
            # Beside a policy of the page's own: browsers keep to both.
            headers.append("Content-Security-Policy", "frame-ancestors 'none'")
        await send(message)

    return sending

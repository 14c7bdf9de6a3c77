"""What somebody sees whom the guard refuses: one sentence that says what to do."""

from __future__ import annotations

from html import escape

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<p>{sentence}</p>{again}
</html>
"""
# The browser keeps its cookie from a link of another site, and sends it with one of this page.
AGAIN = '<p><a href="">Open this page again</a> if you have done so in this browser.</p>'
UNAUTHORIZED = 401


def refusal_page(status: int, sentence: str, request: HTTPConnection) -> ASGIApp:
    """Return the answer to a refused request: as a page for browsers, else as text."""
    response = _response(status, sentence, request)
    response.headers["Cache-Control"] = "no-store"
    if status == UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return _closing(response)


def _response(status: int, sentence: str, request: HTTPConnection) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse(f"{sentence}\n", status)
    again = AGAIN if status == UNAUTHORIZED else ""
    return HTMLResponse(
        PAGE.format(title=f"Customer 360: {status}", sentence=escape(sentence), again=again),
        status,
        {"Content-Security-Policy": "default-src 'none'"},
    )


def _closing(response: Response) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and "websocket.http.response" not in scope.get(
            "extensions", {}
        ):
            await send({"type": "websocket.close", "code": 1008})
        else:
            await response(scope, receive, send)

    return answer

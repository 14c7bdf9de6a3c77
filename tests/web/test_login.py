"""Who is let in, how the token leaves the address, and what somebody without it reads."""

from __future__ import annotations

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from customer360_assets.automation.alerts.from_runs import UI
from customer360_assets.web.access import Access, access_to
from customer360_assets.web.guard import Guard
from tests.web.conftest import ADDRESS, TOKEN

LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.fixture
def stranger(access: Access) -> TestClient:
    """A browser that has not logged in, before a page."""
    app = Guard(PlainTextResponse("the page"), access)
    return TestClient(app, ADDRESS, follow_redirects=False)


def test_the_token_becomes_a_cookie_and_leaves_the_address(stranger: TestClient) -> None:
    answer = stranger.get("/assets/stage/card", params={"view": "events", "token": TOKEN})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/assets/stage/card?view=events"
    assert answer.headers["referrer-policy"] == "no-referrer"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert stranger.get("/assets/stage/card").text == "the page"


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "///evil.example"])
def test_a_login_leads_to_no_other_host(path: str, access: Access) -> None:
    app = Guard(PlainTextResponse("the page"), access)
    client = TestClient(app, ADDRESS, follow_redirects=False)
    answer = client.get(f"{ADDRESS}{path}?token={TOKEN}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/evil.example")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer \u00e9".encode("latin-1").decode("latin-1")},
        {"Cookie": "customer360_ui_3000="},
        {"Cookie": f"customer360_ui_3000={TOKEN}"},
        {"Cookie": f"token={TOKEN}"},
    ],
    ids=ascii,
)
def test_without_the_token_nothing_is_shown(headers: dict[str, str], stranger: TestClient) -> None:
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    for path in ("/", "/server_info", "/graphql", f"/?token={TOKEN[:-1]}", "/?token="):
        answer = stranger.get(path, headers=raw)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "token that customer360 ui printed" in answer.text
        assert TOKEN not in answer.text
    assert stranger.post("/graphql", json={"query": "{ version }"}).status_code == 401
    with pytest.raises(WebSocketDisconnect), stranger.websocket_connect("/graphql"):
        pass


def test_a_link_of_an_alert_asks_for_one_more_click(stranger: TestClient) -> None:
    browser = {**LINK, "Accept": "text/html"}
    stranger.get("/", params={"token": TOKEN})
    # A browser keeps the cookie from a link of another site.
    stranger.cookies.clear()
    page = stranger.get("/runs/1", headers=browser)
    assert page.status_code == 401
    assert '<a href="">Open this page again</a>' in page.text


def test_a_link_may_be_followed_but_nothing_else_of_another_site_is_answered(
    stranger: TestClient,
) -> None:
    stranger.get("/", params={"token": TOKEN})
    assert stranger.get("/runs", headers=LINK).status_code == 200
    for change in ({"Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Mode": "no-cors"}):
        assert stranger.get("/runs", headers={**LINK, **change}).status_code == 403
    same_site = {**LINK, "Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "image"}
    assert stranger.get("/runs", headers=same_site).status_code == 403


def test_no_page_can_be_framed_or_sniffed(stranger: TestClient) -> None:
    for answer in (stranger.get("/"), stranger.get("/", params={"token": TOKEN})):
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_no_other_method_reaches_the_webserver(method: str, stranger: TestClient) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert stranger.request(method, "/graphql", headers=bearer).status_code == 405


@pytest.mark.parametrize("path", ["/notebook", "/dagit/notebook", "/graphql"])
def test_what_runs_script_or_queries_is_not_read(path: str, stranger: TestClient) -> None:
    for method in ("GET", "HEAD"):
        bearer = {"Authorization": f"Bearer {TOKEN}", "Accept": "text/html"}
        assert stranger.request(method, path, headers=bearer).status_code == 405


def test_behind_a_proxy_the_address_that_people_open_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(UI, "https://customer360.bank.example/")
    app = Guard(PlainTextResponse("the page"), access_to("127.0.0.1", 3000, TOKEN))
    client = TestClient(app, "https://customer360.bank.example", follow_redirects=False)
    assert client.get("/").status_code == 401
    assert "Secure" in client.get("/", params={"token": TOKEN}).headers["set-cookie"]
    own, plain = "https://customer360.bank.example", "http://customer360.bank.example"
    assert client.get("/", headers={"Origin": own}).text == "the page"
    assert client.get("/", headers={"Origin": plain}).status_code == 403
    assert client.get("/", headers={"Host": "bank.example"}).status_code == 400

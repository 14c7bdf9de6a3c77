"""The CRM serves every customer once, to whom it may, and fails as configured."""

from datetime import date

import httpx
import pytest

from simulator.crm_app import CrmApp, crm_app
from simulator.faults import Fault
from simulator.simulate import Simulated


def get(app: CrmApp, page: int = 1, size: int = 200, key: str | None = None) -> httpx.Response:
    return httpx.get(
        f"{app.url}/customers",
        params={"page": page, "size": size},
        headers={"Authorization": f"Bearer {key or app.token}"},
    )


def test_pages_hold_every_customer_once(bank: Simulated) -> None:
    with crm_app(bank.customers_file) as app:
        path: str | None = "/customers?page=1&size=250"
        seen: list[int] = []
        while path:
            answer = httpx.get(app.url + path, headers={"Authorization": f"Bearer {app.token}"})
            seen += [customer["client_id"] for customer in answer.json()["customers"]]
            path = answer.json()["next"]
        assert answer.json()["total"] == 600
    assert seen == list(range(10_000, 10_600))
    assert app.asked == [1, 2, 3]


def test_a_customer_as_of_a_day(bank: Simulated) -> None:
    with crm_app(bank.customers_file, as_of=date(2024, 5, 1)) as app:
        answer = get(app).json()
        newest = get(app, page=(answer["total"] - 1) // 200 + 1).json()["customers"][-1]
    assert answer["total"] < 600
    assert newest["client_created_date"] < "2024-05-02"
    first = answer["customers"][0]
    born = date.fromisoformat(first["birth_date"])
    assert first["age"] == 2024 - born.year - ((born.month, born.day) > (5, 1))
    assert list(first) == [
        "client_id", "birth_date", "age", "home_ownership", "occupation", "marital_status",
        "head_of_household_flag", "client_created_date",
    ]  # fmt: skip


def test_who_and_what_is_turned_away(bank: Simulated) -> None:
    with crm_app(bank.customers_file) as app:
        assert get(app, key="wrong").status_code == 401
        assert httpx.get(app.url + "/customers").status_code == 401
        assert get(app, size=0).status_code == 400
        assert get(app, page=0).status_code == 400
        assert get(app, page=99).json()["customers"] == []
        assert app.token not in get(app).text


def test_faults_strike_as_often_as_configured(bank: Simulated) -> None:
    faults = [
        Fault("throttle", page=2, retry_after=0.2),
        Fault("error", page=2, status=503, times=2),
    ]
    with crm_app(bank.customers_file, faults=faults) as app:
        assert get(app, 1).status_code == 200
        throttled = get(app, 2)
        assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "0.2")
        assert [get(app, 2).status_code for _ in range(3)] == [503, 503, 200]


@pytest.mark.parametrize("kind", ["truncate", "drop"])
def test_a_lost_connection(bank: Simulated, kind: str) -> None:
    with crm_app(bank.customers_file, faults=[Fault(kind, page=3, times=None)]) as app:  # type: ignore[arg-type]
        assert get(app, 2).status_code == 200
        for _ in range(2):
            with pytest.raises(httpx.RemoteProtocolError):
                get(app, 3)


def test_a_stopped_app_answers_nobody(bank: Simulated) -> None:
    with crm_app(bank.customers_file) as app, httpx.Client() as client:
        headers = {"Authorization": f"Bearer {app.token}"}
        assert client.get(f"{app.url}/customers", headers=headers).status_code == 200
        app.stop()
        with pytest.raises(httpx.TransportError):
            client.get(f"{app.url}/customers", headers=headers)

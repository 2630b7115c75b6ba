"""How often the API may be asked."""

import pytest
from pytest_django import Settings

from config.api import rates
from config.api.rates import Rate
from tests.api.client import DescribedClient, signed_in
from tests.factories import PatientFactory, SlotFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _three_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rate, "THROTTLE_RATES", {"visitor": "3/min", "read": "3/min", "write": "2/min"})
    monkeypatch.setattr(rates.time, "time", lambda: 999_999_980.0)  # 20 seconds into a minute


def statuses(client: DescribedClient, times: int = 4) -> list[int]:
    return [client.get("/api/v1/slots/").status_code for _ in range(times)]


def test_a_visitor_who_asks_too_often_is_told_when_to_go_on(visitor: DescribedClient) -> None:
    assert statuses(visitor) == [200, 200, 200, 429]

    answer = visitor.get("/api/v1/slots/")

    assert (answer.json()["code"], answer["Retry-After"]) == ("throttled", "40")


def test_the_next_minute_begins_anew(visitor: DescribedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert statuses(visitor) == [200, 200, 200, 429]

    monkeypatch.setattr(rates.time, "time", lambda: 1_000_000_020.0)

    assert statuses(visitor, 1) == [200]


def test_forged_forwarding_headers_do_not_help(visitor: DescribedClient) -> None:
    answers = [visitor.get("/api/v1/slots/", headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code for n in range(4)]

    assert answers == [200, 200, 200, 429]


def test_accounts_and_visitors_are_counted_apart(visitor: DescribedClient) -> None:
    programs = [signed_in(PatientFactory().account) for _ in range(2)]

    assert [statuses(client, 3) for client in (visitor, *programs)] == [[200] * 3] * 3


def test_reading_does_not_use_up_writing(api: DescribedClient) -> None:
    assert statuses(api) == [200, 200, 200, 429]

    wishes = [{"slot": SlotFactory().pk, "pay_with": "card"} for _ in range(3)]

    assert [api.post("/api/v1/bookings/", wish, format="json").status_code for wish in wishes] == [201, 201, 429]


def test_counting_needs_no_redis(api: DescribedClient, settings: Settings) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}

    assert statuses(api) == [200, 200, 200, 429]

"""The pages for what went wrong: they say what to do, lead on, give nothing away, and need no server behind them."""

import re
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

PAGES = {
    "/fails/400/": (400, "We did not understand that"),
    "/fails/403/": (403, "This page is not for this account"),
    "/no/such/<b>page</b>/": (404, "There is no such page"),
    "/fails/500/": (500, "Something went wrong on our side"),
}
NOBODY_LISTENS = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def failing(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.website.failing_urls"
    settings.CLINIC_PHONE = "+49 30 5550199"


@pytest.fixture
def visitor() -> Client:
    """Somebody with a session, whose pages would ask the database who it is."""
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    client.cookies[django_settings.SESSION_COOKIE_NAME] = "a-session-that-the-database-would-know"
    return client


@pytest.fixture
def no_redis(settings: Settings) -> None:
    settings.REDIS_URL = NOBODY_LISTENS
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": NOBODY_LISTENS}}


def heading(answer: Any) -> str:
    found = re.search(r"<h1>(.+?)</h1>", answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def is_ours(answer: Any) -> bool:
    """Say whether the page leads home, gives the telephone number, and has our looks and headers."""
    html = answer.content.decode()
    return (
        'class="btn btn-primary"' in html
        and 'href="/"' in html
        and 'href="tel:+49305550199"' in html
        and "build/app.css" in html
        and "default-src 'self'" in answer["Content-Security-Policy"]
        and answer["X-Frame-Options"] == "DENY"
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_database", "no_redis")
@pytest.mark.parametrize("address", PAGES)
def test_a_failure_has_our_own_page_with_every_server_away(visitor: Client, address: str) -> None:
    answer = visitor.get(address)

    assert (answer.status_code, heading(answer)) == PAGES[address]
    assert is_ours(answer)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_database", "no_redis")
def test_a_form_from_elsewhere_has_our_own_page(visitor: Client) -> None:
    answer = visitor.post("/accounts/login/", {"email": "anna@example.org"})

    assert (answer.status_code, heading(answer)) == (403, "Please send it once more")
    assert is_ours(answer)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_database")
def test_a_page_that_needs_the_database_says_that_we_are_back_soon(visitor: Client) -> None:
    answer = visitor.get("/reads/")

    assert (answer.status_code, heading(answer)) == (503, "We are back in a moment")
    assert answer["Retry-After"] == "5"
    assert is_ours(answer)


@pytest.mark.parametrize("address", PAGES)
def test_a_failure_tells_nothing_about_the_inside(visitor: Client, address: str) -> None:
    html = visitor.get(address).content.decode()

    for inside in ("secret", "Traceback", "Exception", "failing_urls", "<b>page</b>", "no/such"):
        assert inside not in html


def test_without_a_telephone_none_is_named(visitor: Client, settings: Settings) -> None:
    settings.CLINIC_PHONE = ""

    assert "tel:" not in visitor.get("/no/such/page/").content.decode()

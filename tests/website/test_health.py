"""What a load balancer hears from a healthy, a starting and a broken process."""

import pytest
from django.test import Client
from pytest_django import Settings

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def test_alive_touches_nothing(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = NOBODY_LISTENS

    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_ready_when_database_and_redis_answer(client: Client) -> None:
    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"ready": True})


@pytest.mark.django_db(transaction=True)
def test_ready_without_redis_which_is_named(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = NOBODY_LISTENS

    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"ready": True, "missing": ["redis"]})


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_database")
def test_not_ready_without_the_database(client: Client) -> None:
    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (503, {"ready": False, "missing": ["database"]})


def test_health_is_only_read(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
    assert client.post("/readyz").status_code == 405

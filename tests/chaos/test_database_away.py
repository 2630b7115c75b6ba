"""Fault 47, as a visitor sees it: while PostgreSQL is away pages and API say so plainly, with 503."""

import pytest
from django.db import OperationalError
from django.test import Client

from scheduling.models import SlotQuerySet

pytestmark = [pytest.mark.chaos, pytest.mark.django_db]


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def database_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("the database system is shutting down")

    monkeypatch.setattr(SlotQuerySet, "visible_to", refuse)
    monkeypatch.setattr(SlotQuerySet, "announced", refuse)


@pytest.mark.usefixtures("database_away")
@pytest.mark.parametrize(("address", "kind"), [("/slots/1/", "text/html"), ("/api/v1/slots/1/", "application/problem")])
def test_it_is_a_503_with_a_hint_when_to_come_back(visitor: Client, address: str, kind: str) -> None:
    answer = visitor.get(address)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["Content-Type"].startswith(kind)
    assert b"shutting down" not in answer.content


def test_control_another_fault_is_a_500(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(SlotQuerySet, "visible_to", fail)

    assert visitor.get("/slots/1/").status_code == 500

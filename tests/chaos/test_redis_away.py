"""Fault 43: Redis is refused or stalled, and bookings are answered all the same."""

import socket
import time
from collections.abc import Iterator

import pytest
from celery import Celery
from django.conf import settings
from django.test import Client
from kombu.exceptions import OperationalError
from pytest_django import Settings

from accounts.models import Patient
from booking.models import Booking
from core import wakeup
from tests.factories import PatientFactory, SlotFactory

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

SOON = 1.0  # seconds


@pytest.fixture
def refusing() -> str:
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{probe.getsockname()[1]}/0"


@pytest.fixture
def stalled() -> Iterator[str]:
    """A server that lets itself be called and never says a word."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        yield f"redis://127.0.0.1:{silent.getsockname()[1]}/0"


@pytest.fixture
def patient() -> Patient:
    patient: Patient = PatientFactory()
    return patient


def app_with_broker(address: str) -> Celery:
    """Our Celery application's settings on another broker."""
    app = Celery(broker=address, set_as_current=False)
    app.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    return app


@pytest.mark.parametrize("trouble", ["refusing", "stalled"])
def test_a_booking_is_answered_at_once_whatever_redis_does(
    trouble: str,
    request: pytest.FixtureRequest,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    client: Client,
    patient: Patient,
) -> None:
    address = request.getfixturevalue(trouble)
    assert patient.account
    client.force_login(patient.account)
    free, paid = SlotFactory(price=0), SlotFactory()
    client.get(f"/slots/{free.pk}/")  # what the first request of a process costs is not asked here
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": address}}
    monkeypatch.setattr(wakeup, "current_app", app_with_broker(address))

    took = []
    for slot in (free, paid):
        begin = time.monotonic()
        client.post(f"/slots/{slot.pk}/book/", {"price": slot.price})
        took.append(time.monotonic() - begin)

    assert set(Booking.objects.values_list("slot", "state")) == {
        (free.pk, Booking.State.CONFIRMED),
        (paid.pk, Booking.State.HELD),
    }
    assert max(took) < SOON


def test_control_asking_the_broker_within_the_request_would_wait(stalled: str) -> None:
    """What `.delay()` in the request would cost while Redis is silent."""
    begin = time.monotonic()
    with pytest.raises(OperationalError):
        app_with_broker(stalled).send_task("booking.tasks.release_ended_holds", retry=False)
    took = time.monotonic() - begin

    assert took > SOON

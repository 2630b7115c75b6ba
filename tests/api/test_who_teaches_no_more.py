"""By program, too, an instructor who teaches no more has no power over the classes once taught."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core import clock
from scheduling.models import Instructor, Series, Slot, SubstituteRequest
from scheduling.operations import ask_for_substitute, stamp_series
from tests.api.client import DescribedClient
from tests.factories import BookingFactory, SeriesFactory, SlotFactory

pytestmark = pytest.mark.django_db

SIX = datetime(2026, 11, 24, 17, tzinfo=UTC)  # 18:00 in Berlin, a Tuesday


@pytest.fixture(autouse=True)
def _october(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "reading", lambda: datetime(2026, 10, 20, tzinfo=UTC))


@pytest.fixture
def own(instructor: Instructor) -> Slot:
    return SlotFactory(instructor=instructor, starts_at=SIX)


def leave(instructor: Instructor) -> None:
    Instructor.objects.filter(pk=instructor.pk).update(is_active=False)


def keys(answer: Any) -> list[int]:
    return [found["id"] for found in answer.json()["results"]]


def test_changes_cancels_and_publishes_no_slot(teaching: DescribedClient, instructor: Instructor, own: Slot) -> None:
    draft = SlotFactory(instructor=instructor, state=Slot.State.DRAFT)
    leave(instructor)
    stood = list(Slot.objects.order_by("pk").values())

    answers = [
        teaching.patch(f"/api/v1/slots/{own.pk}/", {"revision": 0, "capacity": 5}, format="json"),
        teaching.post(f"/api/v1/slots/{own.pk}/cancel/", {"revision": 0}, format="json"),
        teaching.post(f"/api/v1/slots/{own.pk}/restore/"),
        teaching.post(f"/api/v1/slots/{draft.pk}/publish/"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert list(Slot.objects.order_by("pk").values()) == stood


def test_sees_no_own_draft(teaching: DescribedClient, instructor: Instructor) -> None:
    draft = SlotFactory(instructor=instructor, state=Slot.State.DRAFT, starts_at=SIX)
    while_teaching = keys(teaching.get("/api/v1/slots/?state=draft"))

    leave(instructor)

    assert (while_teaching, keys(teaching.get("/api/v1/slots/?state=draft"))) == ([draft.pk], [])
    assert teaching.get(f"/api/v1/slots/{draft.pk}/").status_code == 404


def test_sees_no_series(teaching: DescribedClient, instructor: Instructor) -> None:
    series: Series = SeriesFactory(instructor=instructor, starts_on=SIX.date())
    stamp_series(series=series)
    while_teaching = keys(teaching.get("/api/v1/series/"))

    leave(instructor)

    assert (while_teaching, keys(teaching.get("/api/v1/series/"))) == ([series.pk], [])


def test_sees_no_booking_of_a_class_once_taught(teaching: DescribedClient, instructor: Instructor, own: Slot) -> None:
    booking = BookingFactory(slot=own)
    address = f"/api/v1/bookings/?slot={own.pk}"
    while_teaching = keys(teaching.get(address))

    leave(instructor)

    assert (while_teaching, keys(teaching.get(address))) == ([booking.pk], [])
    assert teaching.get(f"/api/v1/bookings/{booking.pk}/").status_code == 404


def test_neither_asks_for_a_substitute_nor_withdraws(
    teaching: DescribedClient, instructor: Instructor, own: Slot
) -> None:
    other = SlotFactory(instructor=instructor)
    request = ask_for_substitute(slot=own, by=instructor.user)
    leave(instructor)

    answers = [
        teaching.get(f"/api/v1/slots/{other.pk}/colleagues/"),
        teaching.post(f"/api/v1/slots/{other.pk}/ask-for-substitute/"),
        teaching.get(f"/api/v1/substitute-requests/{request.pk}/"),
        teaching.post(f"/api/v1/substitute-requests/{request.pk}/withdraw/"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert [(each.slot, each.is_open) for each in SubstituteRequest.objects.all()] == [(own, True)]

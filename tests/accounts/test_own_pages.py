"""What a session was asked with is kept by no browser and no proxy; what everybody gets may be."""

import pytest
from django.test import Client

from accounts import roles
from booking.models import Booking
from scheduling.models import Slot
from tests.factories import BookingFactory, SlotFactory, UserFactory

pytestmark = pytest.mark.django_db
NOT_KEPT = "private, no-store"


@pytest.fixture
def booking() -> Booking:
    booking: Booking = BookingFactory()
    return booking


def test_a_patients_pages_are_not_kept(client: Client, booking: Booking) -> None:
    assert booking.patient.account is not None
    client.force_login(booking.patient.account)
    own = f"/my/bookings/{booking.pk}/"
    pages = ["/", "/my/", "/my/messages/", own, f"{own}calendar.ics", f"/slots/{booking.slot_id}/"]

    answers = {page: client.get(page) for page in pages}

    assert {page: answer["Cache-Control"] for page, answer in answers.items()} == dict.fromkeys(pages, NOT_KEPT)
    assert {answer.status_code for answer in answers.values()} == {200}


def test_the_desks_pages_are_not_kept(client: Client, booking: Booking) -> None:
    client.force_login(UserFactory(role=roles.FRONT_DESK))

    kept = {page: client.get(page)["Cache-Control"] for page in ["/desk/", "/desk/messages/", "/no/such/page/"]}

    assert kept == dict.fromkeys(kept, NOT_KEPT)


def test_visitors_pages_and_the_timetables_own_rule_stay_as_they_are(client: Client) -> None:
    slot: Slot = SlotFactory()
    visitors = [client.get(page) for page in ("/", f"/slots/{slot.pk}/")]
    timetable = client.get("/timetable/")
    client.force_login(UserFactory())
    own_timetable = client.get("/timetable/")

    assert [answer.get("Cache-Control") for answer in visitors] == [None, None]
    assert (timetable["Cache-Control"], own_timetable["Cache-Control"]) == ("private, no-cache", "private, no-cache")
    assert "ETag" in timetable


def test_answers_to_a_token_are_not_kept(client: Client) -> None:
    answers = [client.get("/api/v1/slots/", headers=headers) for headers in ({"Authorization": "Token wrong"}, {})]

    assert [answer.get("Cache-Control") for answer in answers] == [NOT_KEPT, None]

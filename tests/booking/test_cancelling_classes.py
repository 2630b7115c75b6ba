"""Cancelling planned classes: what the page says before it, and what it does then."""

import pytest
from django.test import Client

from scheduling.models import Instructor, Series, Slot
from scheduling.operations import Scope, cancel_slots
from tests.booking.editing import booked, five_tuesdays, page_of, sent_again, tuesday_class
from tests.booking.reading import words
from tests.factories import PaymentFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("friday_noon")]


@pytest.fixture
def slot(asha: Instructor) -> Slot:
    return tuesday_class(asha)


@pytest.fixture
def series(asha: Instructor) -> Series:
    return five_tuesdays(asha)


def test_says_whose_money_goes_back_and_does_it_then(instructor: Client, slot: Slot) -> None:
    paid = booked(slot, "Robin Beck")
    PaymentFactory(order=paid.order, amount=1800)
    booked(slot, "Kim Adler", order=None, price=0)

    page = instructor.post(page_of(slot, "cancel_class"), {"reason": "Burst  pipe", "revision": 0})

    text = words(page)
    assert "and why: “Burst pipe”. What they paid goes back the way it came: 18,00 € in all." in text
    assert "Kim Adler paid nothing Robin Beck gets 18,00 € back" in text
    assert "Cancel this class and tell 2 people" in text
    assert Slot.objects.get().is_published

    instructor.post(page_of(slot, "cancel_class"), sent_again(page))

    cancelled = Slot.objects.get()
    assert (cancelled.is_cancelled, cancelled.cancel_reason, cancelled.people_told) == (True, "Burst pipe", True)
    assert "Take the cancelling back" not in words(instructor.get(page_of(slot)))


def test_who_books_between_the_check_and_the_click_is_not_cancelled_unseen(instructor: Client, slot: Slot) -> None:
    booked(slot, "Robin Beck")
    page = instructor.post(page_of(slot, "cancel_class"), {"reason": "", "revision": 0})
    booked(slot, "Kim Adler")

    again = instructor.post(page_of(slot, "cancel_class"), sent_again(page))

    assert "Kim Adler" not in words(page) and "Kim Adler" in words(again)
    assert "Cancel this class and tell 2 people" in words(again)
    assert Slot.objects.get().is_published

    instructor.post(page_of(slot, "cancel_class"), sent_again(again))

    assert Slot.objects.get().is_cancelled


def test_a_series_ends_and_nobody_is_told_of_what_nobody_booked(instructor: Client, series: Series) -> None:
    second = Slot.objects.order_by("starts_at")[1]

    page = instructor.post(page_of(second, "cancel_class"), {"reason": "", "revision": 0, "scope": "following"})
    instructor.post(page_of(second, "cancel_class"), sent_again(page))

    assert "4 classes do not take place" in words(page)
    assert "The series ends with this" in words(page)
    assert "Cancel 4 classes Back" in words(page)
    assert [each.is_cancelled for each in Slot.objects.order_by("starts_at")] == [False, True, True, True, True]


def test_can_be_taken_back_while_nobody_was_told(instructor: Client, slot: Slot) -> None:
    cancel_slots(slot=slot, scope=Scope.THIS, reason="", revision=0, by=None)
    assert "Take the cancelling back" in words(instructor.get(page_of(slot)))

    answer = instructor.post(page_of(slot, "restore_class"), follow=True)

    assert "the class takes place" in words(answer)
    assert Slot.objects.get().is_published


def test_cannot_be_taken_back_once_people_were_told(instructor: Client, slot: Slot) -> None:
    booked(slot)
    slot.refresh_from_db()
    cancel_slots(slot=slot, scope=Scope.THIS, reason="", revision=0, by=None)

    answer = instructor.post(page_of(slot, "restore_class"), follow=True)

    assert "Patients were told that this class is cancelled" in words(answer)
    assert Slot.objects.get().is_cancelled


@pytest.mark.parametrize(
    ("reason", "said"),
    [("x" * 10_000, "Please keep it to 200 characters"), ("a\x00b", "Null characters are not allowed")],
)
def test_a_reason_that_cannot_be_kept_is_refused_beside_its_field(
    instructor: Client, slot: Slot, reason: str, said: str
) -> None:
    page = instructor.post(page_of(slot, "cancel_class"), {"reason": reason, "revision": 0})

    assert page.status_code == 422
    assert said in str(page.context["form"].errors["reason"])
    assert Slot.objects.get().is_published

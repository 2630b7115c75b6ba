"""The editor's last button is clicked twice: the second click is told that it is done, and does nothing."""

from typing import Any

import pytest
from django.test import Client

from notifications.models import Kind, Message
from scheduling.models import Instructor, Slot, SlotChange
from scheduling.operations import Scope, Wanted, change_slots
from tests.booking.editing import booked, five_tuesdays, page_of, sent_again, tuesday_class, typed
from tests.booking.reading import words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("friday_noon")]


@pytest.fixture
def slot(asha: Instructor) -> Slot:
    return tuesday_class(asha)


def click_twice(client: Client, slot: Slot, name: str, wish: dict[str, Any]) -> list[Any]:
    """What the last page answers to two clicks, after what was typed was checked."""
    sent = sent_again(client.post(page_of(slot, name), wish))
    return [client.post(page_of(slot, name), sent, follow=True) for _click in range(2)]


def test_a_change_is_saved_once_and_told_once(instructor: Client, slot: Slot) -> None:
    booked(slot)

    first, second = click_twice(instructor, slot, "change_class", typed(slot, wall_time="19:30", price="20"))

    assert [page.redirect_chain for page in (first, second)] == [[(page_of(slot), 303)]] * 2
    assert "Saved. 1 person is told." in words(first)
    assert "This is saved already." in words(second)
    assert "while you were at it" not in words(second)
    assert SlotChange.objects.count() == Message.objects.filter(kind=Kind.CLASS_CHANGED).count() == 1


@pytest.mark.parametrize("scope", ["this", "following", "upcoming"])
def test_of_a_series_too(instructor: Client, asha: Instructor, scope: str) -> None:
    five_tuesdays(asha)
    third = Slot.objects.order_by("starts_at")[2]

    _first, second = click_twice(instructor, third, "change_class", typed(third, wall_time="19:00", scope=scope))

    assert "This is saved already." in words(second)
    assert set(Slot.objects.values_list("revision", flat=True)) <= {0, 1}


def test_a_draft_that_is_saved_at_once_too(instructor: Client, asha: Instructor) -> None:
    draft = tuesday_class(asha, state=Slot.State.DRAFT)
    wish = typed(draft, capacity=5)

    instructor.post(page_of(draft, "change_class"), wish)
    second = instructor.post(page_of(draft, "change_class"), wish, follow=True)

    assert "This is saved already." in words(second)
    assert Slot.objects.get().revision == 1


def test_what_a_colleague_has_changed_to_the_same_is_shown(instructor: Client, manager: Client, slot: Slot) -> None:
    wish = typed(slot, capacity=5)
    manager.post(page_of(slot, "change_class"), sent_again(manager.post(page_of(slot, "change_class"), wish)))

    told = instructor.post(page_of(slot, "change_class"), wish)

    assert told.status_code == 409
    assert "Mona Berg changed this class while you were at it" in words(told)


def test_what_a_colleague_has_changed_after_the_first_click_is_shown(
    instructor: Client, asha: Instructor, slot: Slot
) -> None:
    wish = typed(slot, capacity=5)
    sent = sent_again(instructor.post(page_of(slot, "change_class"), wish))
    instructor.post(page_of(slot, "change_class"), sent)
    other = Wanted.like(Slot.objects.get(), price=2500)
    change_slots(slot=slot, wanted=other, scope=Scope.THIS, revision=1, by=None)

    told = instructor.post(page_of(slot, "change_class"), sent)

    assert told.status_code == 409


def test_an_own_change_to_something_else_is_shown(instructor: Client, asha: Instructor, slot: Slot) -> None:
    wish = typed(slot, capacity=5)
    change_slots(slot=slot, wanted=Wanted.like(slot, price=2500), scope=Scope.THIS, revision=0, by=asha.user)

    told = instructor.post(page_of(slot, "change_class"), wish)

    assert told.status_code == 409
    assert "Price: 25,00 € before: 18,00 €" in words(told)


def test_a_cancelling_is_done_once(instructor: Client, slot: Slot) -> None:
    booked(slot)

    first, second = click_twice(instructor, slot, "cancel_class", {"reason": "Burst pipe", "revision": 0})

    assert "Cancelled. 1 person is told." in words(first)
    assert "This class is cancelled already." in words(second)
    assert "cannot be changed any more" not in words(second)
    assert SlotChange.objects.count() == 1

"""A change of a series that does not fit every class: the editor names them, and one click leaves them as they are."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core import clock
from notifications.models import Kind, Message
from scheduling.models import Instructor, Slot
from tests.booking.editing import HIDDEN, booked, five_tuesdays, page_of, sent_again, typed
from tests.booking.reading import buttons, words
from tests.factories import ClosureFactory, SlotFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("friday_noon")]

ONE_CLICK = "Change the others; leave these days as they are"
HALF_PAST = {"wall_time": "18:30", "scope": "upcoming"}


@pytest.fixture
def tuesdays(asha: Instructor) -> list[Slot]:
    """24 November, 1, 8, 15 and 22 December at 18:00; on 8 December the room is taken from 19:00 on."""
    five_tuesdays(asha)
    slots = list(Slot.objects.order_by("starts_at"))
    SlotFactory(room=slots[2].room, starts_at=slots[2].starts_at + timedelta(hours=1), class_type__name="Steady Core")
    return slots


def send(client: Client, slot: Slot, fields: dict[str, Any]) -> Any:
    return client.post(page_of(slot, "change_class"), fields)


def one_click(page: Any) -> dict[str, str]:
    """What the button sends that leaves the named classes out: the hidden fields of its own form."""
    [form] = re.findall(rf"<form(?:(?!<form).)*?{ONE_CLICK}", page.content.decode(), re.S)
    return {name: html.unescape(value) for name, value in HIDDEN.findall(form) if name != "csrfmiddlewaretoken"}


def begins(slots: list[Slot]) -> list[str]:
    return [f"{clock.clinic_time(Slot.objects.get(pk=slot.pk).starts_at):%H:%M}" for slot in slots]


def test_the_refusal_names_the_classes_and_one_click_shows_what_changes_without_them(
    instructor: Client, tuesdays: list[Slot]
) -> None:
    booked(tuesdays[1], "Robin Beck")
    booked(tuesdays[2], "Kim Adler")

    refused = send(instructor, tuesdays[0], typed(tuesdays[0], **HALF_PAST))
    checked = send(instructor, tuesdays[0], one_click(refused))

    assert refused.status_code == 422
    assert "1 class cannot be changed like this Tuesday 8 December, 18:00–19:00" in words(refused)
    assert "Steady Core" in words(refused) and buttons(refused) == ["Check the change"]
    text = words(checked)
    assert "In 4 classes Tuesday 24 November, 18:30–19:30" in text
    assert "1 class stays as it is Tuesday 8 December, 18:00–19:00 They are exceptions" in text
    assert "Robin Beck" in text and "Kim Adler" not in text
    assert buttons(checked) == ["Move 4 classes and tell 1 person"]
    assert begins(tuesdays) == ["18:00"] * 5


def test_the_second_click_saves_exactly_that(instructor: Client, tuesdays: list[Slot]) -> None:
    booked(tuesdays[1], "Robin Beck")
    booked(tuesdays[2], "Kim Adler")
    refused = send(instructor, tuesdays[0], typed(tuesdays[0], **HALF_PAST))

    answer = send(instructor, tuesdays[0], sent_again(send(instructor, tuesdays[0], one_click(refused))))

    left_out = Slot.objects.get(pk=tuesdays[2].pk)
    assert "Saved. 4 classes. 1 person is told." in words(instructor.get(answer.url))
    assert begins(tuesdays) == ["18:30", "18:30", "18:00", "18:30", "18:30"]
    assert (left_out.is_exception, left_out.revision) == (True, 0)
    assert [each.booking.patient.name for each in Message.objects.filter(kind=Kind.CLASS_CHANGED) if each.booking] == [
        "Robin Beck"
    ]


def test_what_is_blocked_by_then_is_added_to_what_is_left_out(instructor: Client, tuesdays: list[Slot]) -> None:
    refused = send(instructor, tuesdays[0], typed(tuesdays[0], **HALF_PAST))
    ClosureFactory(starts_at=tuesdays[4].starts_at, ends_at=tuesdays[4].ends_at + timedelta(hours=1), reason="Works")

    again = send(instructor, tuesdays[0], one_click(refused))

    assert "1 class cannot be changed like this Tuesday 22 December" in words(again)
    assert one_click(again)["leave_out"] == f"{tuesdays[2].pk},{tuesdays[4].pk}"
    assert "2 classes stay as they are" in words(send(instructor, tuesdays[0], one_click(again)))


def test_back_in_the_form_nothing_is_left_out_any_more(instructor: Client, tuesdays: list[Slot]) -> None:
    refused = send(instructor, tuesdays[0], typed(tuesdays[0], **HALF_PAST))
    checked = send(instructor, tuesdays[0], one_click(refused))

    form = send(instructor, tuesdays[0], sent_again(checked) | {"then": "edit"})

    assert 'name="wall_time" value="18:30"' in form.content.decode()
    assert 'name="leave_out"' not in form.content.decode()


def test_the_class_at_hand_may_be_the_one_that_stays(instructor: Client, tuesdays: list[Slot]) -> None:
    refused = send(instructor, tuesdays[2], typed(tuesdays[2], **HALF_PAST))
    checked = send(instructor, tuesdays[2], one_click(refused))
    send(instructor, tuesdays[2], sent_again(checked))

    assert "1 class stays as it is Tuesday 8 December" in words(checked)
    assert begins(tuesdays) == ["18:30", "18:30", "18:00", "18:30", "18:30"]


def test_where_no_class_would_be_left_there_is_nothing_to_click(instructor: Client, tuesdays: list[Slot]) -> None:
    ClosureFactory(starts_at=tuesdays[0].starts_at, ends_at=tuesdays[4].ends_at + timedelta(hours=1))

    refused = send(instructor, tuesdays[0], typed(tuesdays[0], **HALF_PAST))

    assert "5 classes cannot be changed like this" in words(refused)
    assert "None would be left to change." in words(refused)
    assert ONE_CLICK not in words(refused)


def test_one_class_alone_is_refused_beside_its_field_and_nothing_is_offered(
    instructor: Client, tuesdays: list[Slot]
) -> None:
    refused = send(instructor, tuesdays[2], typed(tuesdays[2], wall_time="18:30"))

    assert "Steady Core" in str(refused.context["form"].errors["room"])
    assert ONE_CLICK not in words(refused)


@pytest.mark.parametrize("keys", ["x", "1,", ",", "1;2", "-1", "1\x00", "9" * 19, "1," * 9000 + "1"])
def test_keys_that_are_none_are_refused(instructor: Client, tuesdays: list[Slot], keys: str) -> None:
    refused = send(instructor, tuesdays[0], typed(tuesdays[0], **HALF_PAST, leave_out=keys))

    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == ["leave_out"]
    assert begins(tuesdays) == ["18:00"] * 5


def test_a_foreign_class_cannot_be_touched_by_its_key(instructor: Client, tuesdays: list[Slot]) -> None:
    foreign = Slot.objects.exclude(series__isnull=False).get()

    checked = send(instructor, tuesdays[0], typed(tuesdays[0], **HALF_PAST, leave_out=f"{foreign.pk},{tuesdays[2].pk}"))
    send(instructor, tuesdays[0], sent_again(checked))

    foreign.refresh_from_db()
    assert (foreign.is_exception, foreign.revision, foreign.series) == (False, 0, None)
    assert begins(tuesdays) == ["18:30", "18:30", "18:00", "18:30", "18:30"]

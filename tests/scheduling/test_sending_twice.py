"""Forms that are sent twice, as by a double click without JavaScript: one effect, and both times the same success."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import roles
from accounts.models import IdempotencyKey
from core import clock
from scheduling.models import Instructor, Room, Series, Slot
from scheduling.operations import Scope, cancel_slots
from tests.booking.reading import words
from tests.factories import ClassTypeFactory, InstructorFactory, RoomFactory, SlotFactory, UserFactory
from tests.scheduling.conftest import MONDAY_MORNING

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

NEW, COPY_WEEK, IMPORT, SERIES = "/teach/slots/new/", "/teach/week/copy/", "/teach/import/", "/teach/series/new/"
TUESDAY_SIX = datetime(2026, 11, 24, 17, tzinfo=UTC)
TOKEN = re.compile(r'name="sent_once" value="([0-9a-f]{32})"')
Fields = dict[str, Any]
Form = tuple[str, Fields, Fields]  # the address, what leads to the form, and what its button sends


def new_class() -> Form:
    fields = {
        "class_type": ClassTypeFactory().pk,
        "instructor": InstructorFactory().pk,
        "room": RoomFactory().pk,
        "day": "2026-11-24",
        "wall_time": "18:00",
    }
    return NEW, {}, fields | {"then": "publish"}


def copied_class() -> Form:
    slot = SlotFactory(starts_at=TUESDAY_SIX)
    return f"/teach/slots/{slot.pk}/copy/", {}, {"day": "2026-12-01", "wall_time": "18:00"}


def copied_week() -> Form:
    SlotFactory(starts_at=TUESDAY_SIX)
    typed = {"week": "2026-11-25", "to": "2026-12-04", "publishes": "no"}
    return COPY_WEEK, typed | {"step": "preview"}, typed | {"step": "save"}


def imported_timetable() -> Form:
    class_type, instructor, room = ClassTypeFactory(), InstructorFactory(), RoomFactory()
    cells = f"{class_type.name};{instructor.name};{room.name};2026-11-24;18:00"
    typed = {"text": f"class type;instructor;room;day;time\n{cells}\n", "publish": "no"}
    return IMPORT, typed, typed | {"then": "import"}


def new_series() -> Form:
    typed = {
        "class_type": ClassTypeFactory().pk,
        "instructor": InstructorFactory().pk,
        "room": RoomFactory().pk,
        "repeats": "weekly",
        "weekdays": ["1"],
        "every": "1",
        "starts_on": "2026-11-24",
        "wall_time": "18:00",
        "ends": "times",
        "times": "3",
        "publishes": "yes",
    }
    return SERIES, typed | {"step": "preview"}, typed | {"step": "save"}


FORMS = [new_class, copied_class, copied_week, imported_timetable, new_series]


def token_in(page: Any) -> str:
    found = TOKEN.findall(page.content.decode())
    assert len(found) == 1
    return str(found[0])


def opened(client: Client, form: Form) -> Fields:
    """What the button of the form sends, with the token of the page on which it stands."""
    address, before, fields = form
    page = client.post(address, before) if before else client.get(address)
    return fields | {"sent_once": token_in(page)}


@pytest.mark.parametrize("form_of", FORMS)
def test_a_second_send_ends_in_the_same_success_and_doubles_nothing(
    managers_client: Client, form_of: Callable[[], Form]
) -> None:
    form = form_of()
    fields = opened(managers_client, form)

    first = managers_client.post(form[0], fields, follow=True)
    there = list(Slot.objects.values()), list(Series.objects.values())
    second = managers_client.post(form[0], fields, follow=True)

    assert first.redirect_chain == second.redirect_chain and len(first.redirect_chain) == 1
    assert words(first) == words(second)
    assert re.match(r"(Published|Copied|Imported|Planned|1 class is copied)", words(second))
    assert (list(Slot.objects.values()), list(Series.objects.values())) == there


@pytest.mark.parametrize("form_of", FORMS)
def test_control_without_the_token_the_second_send_is_refused(
    managers_client: Client, form_of: Callable[[], Form]
) -> None:
    address, _before, fields = form_of()

    answers = [managers_client.post(address, fields).status_code for _send in range(2)]

    assert answers == [302, 422]


def test_what_was_changed_on_the_same_page_is_another_form(managers_client: Client) -> None:
    form = new_class()
    fields = opened(managers_client, form)

    for hour in ("18:00", "19:30", "19:30"):
        managers_client.post(NEW, fields | {"wall_time": hour})

    assert [slot.starts_at - TUESDAY_SIX for slot in Slot.objects.all()] == [timedelta(0), timedelta(minutes=90)]


def test_an_old_page_that_is_sent_again_is_a_new_wish(managers_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = opened(managers_client, new_class())
    managers_client.post(NEW, fields)
    Slot.objects.update(state=Slot.State.CANCELLED, cancelled_at=MONDAY_MORNING)
    later = MONDAY_MORNING + timedelta(minutes=3)
    monkeypatch.setattr(clock, "reading", lambda: later)

    page = managers_client.post(NEW, fields, follow=True)

    assert "Published: " in words(page)
    assert sorted(Slot.objects.values_list("state", flat=True)) == ["cancelled", "published"]


def test_a_refusal_is_not_kept_and_the_page_keeps_its_token(managers_client: Client) -> None:
    form = new_class()
    fields = opened(managers_client, form)
    in_the_way = SlotFactory(room=Room.objects.get(), starts_at=TUESDAY_SIX)

    refused = managers_client.post(NEW, fields)
    Slot.objects.filter(pk=in_the_way.pk).delete()
    answer = managers_client.post(NEW, fields)

    assert (refused.status_code, answer.status_code) == (422, 302)
    assert token_in(refused) == fields["sent_once"]
    assert Slot.objects.count() == 1


def test_a_class_that_is_drafted_but_cannot_be_published_leaves_no_draft_with_a_token_either(
    managers_client: Client,
) -> None:
    fields = opened(managers_client, new_class())

    page = managers_client.post(NEW, fields | {"room": "", "online_link": ""})

    assert page.status_code == 422
    assert not Slot.objects.exists() and not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("token", ["", "x", "0" * 31, "\x00" * 32, "é" * 32])
def test_what_is_no_token_is_replaced(managers_client: Client, token: str) -> None:
    fields = new_class()[2] | {"wall_time": "", "sent_once": token}

    page = managers_client.post(NEW, fields)

    assert page.status_code == 422
    assert token_in(page) != token


def test_a_token_belongs_to_one_account(managers_client: Client) -> None:
    form = new_class()
    fields = opened(managers_client, form)
    other = Client()
    other.force_login(UserFactory(role=roles.MANAGER))

    answers = [client.post(NEW, fields).status_code for client in (managers_client, other)]

    assert answers == [302, 422]  # the other one asks anew, and hears that the room is taken


def test_assigning_a_substitute_twice_is_assigning_once(managers_client: Client) -> None:
    slot, helena = SlotFactory(starts_at=TUESDAY_SIX), InstructorFactory(user__name="Helena Brandt")
    address, fields = f"/teach/slots/{slot.pk}/substitute/assign/", {"revision": 0, "instructor": helena.pk}

    pages = [managers_client.post(address, fields, follow=True) for _send in range(2)]

    slot.refresh_from_db()
    said = ["Helena Brandt teaches this class. We tell everybody concerned." in words(page) for page in pages]
    assert said == [True, True]
    assert pages[0].redirect_chain == pages[1].redirect_chain == [(f"/teach/slots/{slot.pk}/", 302)]
    assert (slot.instructor, slot.revision, slot.changes.count()) == (helena, 1, 1)


def test_a_substitute_whom_somebody_else_has_replaced_since_is_not_assigned_by_the_old_form(
    managers_client: Client,
) -> None:
    slot, helena, marco = SlotFactory(starts_at=TUESDAY_SIX), InstructorFactory(), InstructorFactory()
    address = f"/teach/slots/{slot.pk}/substitute/assign/"
    managers_client.post(address, {"revision": 0, "instructor": helena.pk})
    managers_client.post(address, {"revision": 1, "instructor": marco.pk})

    page = managers_client.post(address, {"revision": 0, "instructor": helena.pk}, follow=True)

    slot.refresh_from_db()
    assert slot.instructor == marco
    assert "Somebody else has changed this class meanwhile." in words(page)


def test_an_old_form_does_not_call_a_class_taught_that_is_cancelled_since(managers_client: Client) -> None:
    slot, helena = SlotFactory(starts_at=TUESDAY_SIX), InstructorFactory()
    address, fields = f"/teach/slots/{slot.pk}/substitute/assign/", {"revision": 0, "instructor": helena.pk}
    managers_client.post(address, fields, follow=True)
    slot.refresh_from_db()
    cancel_slots(slot=slot, scope=Scope.THIS, reason="", revision=1, by=None)

    page = managers_client.post(address, fields, follow=True)

    assert "We tell everybody concerned." not in words(page)


def test_an_instructor_who_plans_the_own_class_twice_has_it_once(
    instructor: Instructor, instructors_client: Client
) -> None:
    fields = opened(instructors_client, new_class())

    pages = [instructors_client.post(NEW, fields | {"then": "draft"}, follow=True) for _send in range(2)]

    assert ["Saved as a draft." in words(page) for page in pages] == [True, True]
    assert Slot.objects.get().instructor == instructor

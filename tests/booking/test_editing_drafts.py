"""Drafts in the editor of planned classes: saved at once, with the same guard against two who edit at a time."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from booking.editor_forms import ChangeForm
from core import clock
from scheduling.feeds import Feed, write_feed
from scheduling.models import Instructor, Slot, SlotChange
from scheduling.operations import publish_slot
from tests.booking.editing import TUESDAY_SIX, booked, five_tuesdays, page_of, sent_again, tuesday_class, typed
from tests.booking.reading import buttons, words
from tests.factories import SlotFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("friday_noon")]


@pytest.fixture
def draft(asha: Instructor) -> Slot:
    return tuesday_class(asha, state=Slot.State.DRAFT)


def save(client: Client, slot: Slot, **more: Any) -> Any:
    return client.post(page_of(slot, "change_class"), typed(slot, **more), follow=True)


def test_a_draft_is_saved_at_once_and_stays_a_draft_with_the_change_on_record(
    instructor: Client, asha: Instructor, draft: Slot
) -> None:
    shown = instructor.get(page_of(draft, "change_class"))
    page = save(instructor, draft, wall_time="19:00", price="20")

    draft.refresh_from_db()
    record = SlotChange.objects.get()
    assert buttons(shown) == ["Save"]
    assert page.redirect_chain == [(page_of(draft), 303)]
    assert "by Asha Lind When: Tuesday 24 November, 19:00–20:00 (Berlin time)" in words(page)
    assert (draft.starts_at, draft.price, draft.state) == (TUESDAY_SIX + timedelta(hours=1), 2000, Slot.State.DRAFT)
    assert (draft.revision, record.revision, record.made_by, record.tells) == (1, 1, asha.user, False)


def test_of_two_who_edit_one_draft_the_second_is_told_and_loses_nothing(
    instructor: Client, manager: Client, draft: Slot
) -> None:
    of_asha = typed(draft, wall_time="19:30")
    save(manager, draft, price="20", capacity=6)

    told = instructor.post(page_of(draft, "change_class"), of_asha)
    draft.refresh_from_db()
    kept = draft.starts_at
    form = told.context["form"]
    instructor.post(page_of(draft, "change_class"), of_asha | dict(form.data.items()))

    draft.refresh_from_db()
    assert told.status_code == 409
    assert "Mona Berg changed this class while you were at it" in words(told)
    assert (form["wall_time"].value(), form["price"].value(), form["capacity"].value()) == ("19:30", "20,00", "6")
    assert kept == TUESDAY_SIX
    assert (draft.starts_at, draft.price, draft.capacity) == (TUESDAY_SIX + timedelta(minutes=90), 2000, 6)


def test_a_changed_draft_is_a_newer_one_in_calendars(
    instructor: Client, draft: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "reading", lambda: later)

    save(instructor, draft, capacity=6)

    written = write_feed(Feed("own", "Asha", "", Slot.objects.all())).decode()
    assert f"LAST-MODIFIED:{later:%Y%m%dT%H%M%SZ}" in written
    assert "SEQUENCE:1" in written


def test_the_link_of_an_on_line_draft_stays(instructor: Client, draft: Slot) -> None:
    link = "https://meet.example.org/back"
    Slot.objects.filter(pk=draft.pk).update(room=None, online_link=link)
    draft.refresh_from_db()

    save(instructor, draft, capacity=6)

    draft.refresh_from_db()
    assert (draft.online_link, draft.capacity) == (link, 6)


def test_a_clash_is_said_beside_its_field(instructor: Client, draft: Slot) -> None:
    SlotFactory(room=draft.room, starts_at=TUESDAY_SIX + timedelta(hours=2), class_type__name="Steady Core")

    page = save(instructor, draft, wall_time="19:30")

    assert page.status_code == 422
    assert "Steady Core" in str(page.context["form"].errors["room"])
    assert SlotChange.objects.count() == 0


def test_who_saves_a_draft_that_was_published_and_booked_meanwhile_reads_both_before_anything_is_saved(
    instructor: Client, draft: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    colleague, wanted = UserFactory(name="Mona Berg"), ChangeForm.wanted

    def published_meanwhile(form: ChangeForm) -> Any:
        monkeypatch.setattr(ChangeForm, "wanted", wanted)
        booked(publish_slot(slot=draft, by=colleague), "Kim Adler")
        return wanted(form)

    monkeypatch.setattr(ChangeForm, "wanted", published_meanwhile)

    told = save(instructor, draft, wall_time="19:30")
    checked = instructor.post(page_of(draft, "change_class"), dict(told.context["form"].data.items()))

    draft.refresh_from_db()
    assert told.status_code == 409
    assert "Mona Berg changed this class" in words(told) and "State: Published before: Draft" in words(told)
    assert "Kim Adler" in words(checked) and "Move this class and tell 1 person" in words(checked)
    assert draft.starts_at == TUESDAY_SIX


def test_drafts_of_a_series_are_checked_first_like_its_other_classes(instructor: Client, asha: Instructor) -> None:
    five_tuesdays(asha, publishes=False)
    second = Slot.objects.order_by("starts_at")[1]

    page = save(instructor, second, capacity=5, scope="upcoming")
    before = set(Slot.objects.values_list("capacity", flat=True))
    instructor.post(page_of(second, "change_class"), sent_again(page))

    assert "Change 5 classes" in words(page) and "Nobody has booked yet, so nobody is told." in words(page)
    assert before == {8}
    assert set(Slot.objects.values_list("capacity", "state")) == {(5, "draft")}

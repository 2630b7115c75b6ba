"""Drafts that lie in a closure or time off: the same choices as for what is published, and what keeping one allows."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from scheduling.models import Closure, Instructor, Slot, SubstituteRequest, TimeOff
from scheduling.operations import (
    ClinicIsClosed,
    InstructorIsAway,
    Scope,
    Wanted,
    change_slots,
    keep_class,
    publish_slot,
)
from scheduling.operations.planning import obstacles_to
from tests.booking.reading import words
from tests.factories import ClosureFactory, SlotFactory, TimeOffFactory
from tests.scheduling.conftest import MONDAY_MORNING

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

TUESDAY = MONDAY_MORNING + timedelta(days=1)
BEFORE, AFTER = TUESDAY - timedelta(hours=2), TUESDAY + timedelta(hours=4)

Absent = Callable[[Slot], Closure | TimeOff]


def closed(slot: Slot) -> Closure:
    return ClosureFactory(starts_at=BEFORE, ends_at=AFTER, reason="Works")


def away(slot: Slot) -> TimeOff:
    return TimeOffFactory(instructor=slot.instructor, starts_at=BEFORE, ends_at=AFTER)


ABSENT = [
    pytest.param(closed, ClinicIsClosed, id="closure"),
    pytest.param(away, InstructorIsAway, id="time off"),
]


@pytest.fixture
def draft(instructor: Instructor) -> Slot:
    """Gentle Back Care of Asha Lind on Tuesday at 09:00, not published yet."""
    return SlotFactory(
        instructor=instructor, starts_at=TUESDAY, state=Slot.State.DRAFT, class_type__name="Gentle Back Care"
    )


def page_of(absence: Closure | TimeOff) -> str:
    return f"/manage/closures/{absence.pk}/" if isinstance(absence, Closure) else f"/teach/time-off/{absence.pk}/"


class TestTheChoices:
    @pytest.mark.parametrize(("absent", "_refusal"), ABSENT)
    def test_are_those_for_a_published_class(
        self, managers_client: Client, draft: Slot, absent: Absent, _refusal: object
    ) -> None:
        absence = absent(draft)

        text = words(managers_client.get(page_of(absence)))

        assert "1 class needs your decision" in text
        assert "No patient has seen it. It cannot be published at this time unless you keep it." in text
        assert "Cancel the draft" in text and "Keep the draft" in text
        assert ("Ask for a substitute" in text) == isinstance(absence, TimeOff)

    @pytest.mark.parametrize(("absent", "_refusal"), ABSENT)
    def test_keep_decides_and_says_that_it_is_still_a_draft(
        self, managers_client: Client, draft: Slot, absent: Absent, _refusal: object
    ) -> None:
        absence = absent(draft)

        page = managers_client.post(f"{page_of(absence)}slots/{draft.pk}/keep/", follow=True)

        draft.refresh_from_db()
        text = words(page)
        assert draft.state == Slot.State.DRAFT
        assert list(absence.kept.all()) == [draft]
        assert "It stays a draft until you publish it." in text
        assert "Draft Kept" in text and "It takes place once you publish it." in text
        assert "needs your decision" not in text and "Keep the draft" not in text

    def test_cancel_tells_nobody(self, managers_client: Client, draft: Slot) -> None:
        absence = closed(draft)

        page = managers_client.post(
            f"{page_of(absence)}slots/{draft.pk}/cancel/", {"revision": draft.revision}, follow=True
        )

        draft.refresh_from_db()
        assert (draft.state, draft.people_told) == (Slot.State.CANCELLED, False)
        assert "No patient had seen it." in words(page)
        assert "None. Nobody needs to be told." in words(page)

    def test_a_substitute_is_asked_for_as_for_any_class(self, instructors_client: Client, draft: Slot) -> None:
        absence = away(draft)

        page = instructors_client.post(f"{page_of(absence)}slots/{draft.pk}/ask/", follow=True)

        assert SubstituteRequest.objects.get().slot == draft
        assert "Draft Looking for a substitute" in words(page)


class TestWhatIsKept:
    @pytest.mark.parametrize(("absent", "refusal"), ABSENT)
    def test_can_be_published_and_nothing_else_can(self, draft: Slot, absent: Absent, refusal: type[Exception]) -> None:
        absence = absent(draft)
        other = SlotFactory(instructor=draft.instructor, starts_at=TUESDAY + timedelta(hours=2), state=Slot.State.DRAFT)
        with pytest.raises(refusal):
            publish_slot(slot=draft, by=None)

        keep_class(absence=absence, slot=draft)

        assert publish_slot(slot=draft, by=None).is_published
        with pytest.raises(refusal):
            publish_slot(slot=other, by=None)

    @pytest.mark.parametrize(("absent", "refusal"), ABSENT)
    def test_is_kept_in_that_closure_or_time_off_only(
        self, draft: Slot, absent: Absent, refusal: type[Exception]
    ) -> None:
        kept_in, another = absent(draft), absent(draft)

        keep_class(absence=kept_in, slot=draft)

        with pytest.raises(refusal):
            publish_slot(slot=draft, by=None)
        keep_class(absence=another, slot=draft)
        assert publish_slot(slot=draft, by=None).is_published

    def test_in_a_closure_says_nothing_about_a_time_off_with_the_same_key(self, draft: Slot) -> None:
        closure = closed(draft)
        TimeOffFactory(pk=closure.pk, instructor=draft.instructor, starts_at=BEFORE, ends_at=AFTER)

        keep_class(absence=closure, slot=draft)

        with pytest.raises(InstructorIsAway):
            publish_slot(slot=draft, by=None)

    @pytest.mark.parametrize(("absent", "refusal"), ABSENT)
    def test_can_be_changed_when_published(
        self, instructor: Instructor, absent: Absent, refusal: type[Exception]
    ) -> None:
        slot = SlotFactory(instructor=instructor, starts_at=TUESDAY)
        absence = absent(slot)
        later = Wanted.like(slot, starts_at=TUESDAY + timedelta(minutes=30))
        with pytest.raises(refusal):
            change_slots(slot=slot, wanted=later, scope=Scope.THIS, revision=0, by=None)

        keep_class(absence=absence, slot=slot)
        [changed] = change_slots(slot=slot, wanted=later, scope=Scope.THIS, revision=0, by=None)

        assert changed.starts_at == TUESDAY + timedelta(minutes=30)

    @pytest.mark.parametrize("rows", [1, 3])
    def test_costs_two_queries_more_however_much_is_closed(
        self, draft: Slot, rows: int, monday: datetime, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        slot = Slot.objects.with_details().get(pk=draft.pk)
        with django_assert_num_queries(4):  # qualifications asked for, closures, times off, other classes
            free = obstacles_to([slot], moving=[slot.pk])
        for _ in range(rows):
            for absence in (closed(draft), away(draft)):
                keep_class(absence=absence, slot=draft)

        with django_assert_num_queries(6):
            kept = obstacles_to([slot], moving=[slot.pk])

        assert (free, kept) == ({}, {})

"""Publishing the drafts of a week together: all that can be, each other one with its reason, any number of times."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import roles
from scheduling.models import Instructor, Slot
from scheduling.operations import (
    ClinicIsClosed,
    InstructorHasLeft,
    InstructorIsAway,
    NeedsRoomOrLink,
    NotADraft,
    NotQualified,
    SlotInThePast,
    preview_publishing,
    publish_slots,
)
from tests.booking.reading import buttons, without_writing, words
from tests.factories import (
    ClosureFactory,
    PatientFactory,
    QualificationFactory,
    SlotFactory,
    TimeOffFactory,
    UserFactory,
)
from tests.scheduling.conftest import MONDAY_MORNING

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

TUESDAY_SIX = datetime(2026, 11, 24, 17, tzinfo=UTC)
WEEK = "/teach/week/publish/?from=2026-11-23"


def drafts(count: int, **fields: Any) -> list[Slot]:
    """As many drafts, an hour after each other."""
    times = [TUESDAY_SIX + timedelta(hours=nth) for nth in range(count)]
    return [SlotFactory(state=Slot.State.DRAFT, starts_at=starts_at, **fields) for starts_at in times]


def states() -> list[str]:
    return list(Slot.objects.values_list("state", flat=True))


def keys(slots: list[Slot]) -> dict[str, str]:
    """What the form sends for these drafts."""
    return {"drafts": ",".join(f"{each.pk}.{each.revision}" for each in slots)}


class TestTheOperation:
    def test_publishes_all_that_it_is_given(self) -> None:
        slots = drafts(3)

        outcome = publish_slots(slots=slots[::-1], seen={}, by=None)

        assert [(each.slot, each.problem) for each in outcome] == [(slot, None) for slot in slots]
        assert set(Slot.objects.values_list("state", "published_at")) == {("published", MONDAY_MORNING)}

    def test_leaves_what_cannot_be_published_as_it_is_and_says_why(self) -> None:
        closed, away, unqualified, left, nowhere, fine = drafts(6)
        ClosureFactory(starts_at=closed.starts_at, ends_at=closed.ends_at, room=closed.room)
        TimeOffFactory(instructor=away.instructor, starts_at=away.starts_at, ends_at=away.ends_at)
        QualificationFactory().class_types.add(unqualified.class_type)
        Instructor.objects.filter(pk=left.instructor_id).update(is_active=False)
        Slot.objects.filter(pk=nowhere.pk).update(room=None)
        before = list(Slot.objects.exclude(pk=fine.pk).values())

        outcome = publish_slots(slots=Slot.objects.all(), seen={}, by=None)

        reasons = [ClinicIsClosed, InstructorIsAway, NotQualified, InstructorHasLeft, NeedsRoomOrLink, type(None)]
        assert [type(each.problem) for each in outcome] == reasons
        assert list(Slot.objects.exclude(pk=fine.pk).values()) == before
        assert [each.slot.is_published for each in outcome] == [False] * 5 + [True]
        assert Slot.objects.get(pk=fine.pk).is_published

    def test_finds_nothing_to_do_in_what_was_published_before_and_leaves_its_date(self, stand_at: Any) -> None:
        slots = drafts(2)
        publish_slots(slots=slots[:1], seen={}, by=None)
        stand_at(MONDAY_MORNING + timedelta(hours=1))

        outcome = publish_slots(slots=slots, seen={}, by=None)

        assert [each.problem for each in outcome] == [None, None]
        assert [each.slot.published_at for each in outcome] == [MONDAY_MORNING, MONDAY_MORNING + timedelta(hours=1)]

    def test_names_what_was_cancelled_or_has_begun_meanwhile(self, stand_at: Any) -> None:
        cancelled, begun, fine = drafts(3)
        Slot.objects.filter(pk=cancelled.pk).update(state=Slot.State.CANCELLED, cancelled_at=MONDAY_MORNING)
        stand_at(begun.starts_at)

        outcome = publish_slots(slots=[cancelled, begun, fine], seen={}, by=None)

        assert [type(each.problem) for each in outcome] == [NotADraft, SlotInThePast, type(None)]
        assert states() == ["cancelled", "draft", "published"]

    def test_is_shown_beforehand_without_saving(self) -> None:
        closed, fine = drafts(2)
        ClosureFactory(starts_at=closed.starts_at, ends_at=closed.ends_at)
        slots = list(Slot.objects.with_details())

        planned = without_writing(lambda: preview_publishing(slots=slots))

        assert [type(each.problem) for each in planned] == [ClinicIsClosed, type(None)]
        assert [each.slot for each in planned] == [closed, fine]
        assert {slot.state for slot in slots} == {"draft"}

    @pytest.mark.parametrize("count", [1, 3])
    def test_costs_the_same_few_queries_for_many_classes(self, count: int, django_assert_num_queries: Any) -> None:
        slots = drafts(count)

        # the transaction's two; slots locked and read, instructors, rooms; closures, times off, needed, busy; written,
        # on the record
        with django_assert_num_queries(12):
            outcome = publish_slots(slots=slots, seen={}, by=None)

        assert [each.problem for each in outcome] == [None] * count


class TestTheWeeks:
    def test_lead_to_the_drafts_of_each_week_that_has_some(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        drafts(2, instructor=instructor)
        SlotFactory(instructor=instructor, starts_at=TUESDAY_SIX + timedelta(days=7))

        page = instructors_client.get("/teach/")

        assert words(page).count("Publish 2 drafts") == 1
        assert words(page).count("Publish 1 draft") == 0
        assert f'href="{WEEK}"' in page.content.decode()

    def test_count_only_what_they_show_and_what_has_not_begun(self, managers_client: Client) -> None:
        ashas, _helenas = drafts(1)[0], drafts(1)[0]
        SlotFactory(
            state=Slot.State.DRAFT, starts_at=MONDAY_MORNING - timedelta(minutes=5), instructor=ashas.instructor
        )

        everyones = words(managers_client.get("/teach/"))
        page = managers_client.get(f"/teach/?instructor={ashas.instructor_id}")

        assert "Publish 2 drafts" in everyones
        assert "Publish 1 draft" in words(page) and "Publish 2 drafts" not in words(page)
        assert f'href="{WEEK}&amp;instructor={ashas.instructor_id}"' in page.content.decode()

    def test_that_begin_within_a_week_mean_the_drafts_from_there_on(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        tuesday, friday = (TUESDAY_SIX + timedelta(days=days) for days in (7, 10))
        for starts_at in (tuesday, friday):
            SlotFactory(instructor=instructor, state=Slot.State.DRAFT, starts_at=starts_at)

        weeks = instructors_client.get("/teach/?from=2026-12-02")
        page = words(instructors_client.get("/teach/week/publish/?from=2026-12-02"))

        assert "Publish 1 draft" in words(weeks)
        assert 'href="/teach/week/publish/?from=2026-12-02"' in weeks.content.decode()
        assert "Friday 4 December" in page and "Tuesday 1 December" not in page


class TestThePage:
    def test_shows_the_drafts_first_and_publishes_them_then(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        slots = drafts(2, instructor=instructor)
        others = drafts(1)
        SlotFactory(instructor=instructor, state=Slot.State.DRAFT, starts_at=TUESDAY_SIX + timedelta(days=7))

        shown = without_writing(lambda: instructors_client.get(WEEK))
        answer = instructors_client.post(WEEK, keys([*slots, *others]), follow=True)

        assert f'name="drafts" value="{slots[0].pk}.0,{slots[1].pk}.0"' in shown.content.decode()
        assert "2 classes to publish Patients do not see them yet. All times are Berlin time." in words(shown)
        assert f"{slots[0].class_type.name}, Tuesday 24 November, 18:00–19:00" in words(shown)
        assert buttons(shown) == ["Publish 2 classes"]
        assert answer.redirect_chain == [("/teach/?from=2026-11-23", 302)]
        assert "2 classes are published. Patients can book them from now on." in words(answer)
        assert set(Slot.objects.published()) == set(slots)

    def test_names_what_cannot_be_published_with_its_reason_and_comes_back_to_it(self, managers_client: Client) -> None:
        closed, fine = drafts(2)
        ClosureFactory(starts_at=closed.starts_at, ends_at=closed.ends_at, reason="Boiler")

        shown = managers_client.get(WEEK)
        answer = managers_client.post(WEEK, keys([fine]), follow=True)

        for page, button in ((shown, ["Publish 1 class"]), (answer, [])):
            assert "1 class cannot be published" in words(page)
            assert f"{closed.class_type.name}, Tuesday 24 November, 18:00–19:00" in words(page)
            assert "closed at that time (Boiler)" in words(page)
            assert buttons(page) == button
        assert "1 class is published." in words(answer)
        assert answer.redirect_chain == [(WEEK, 302)]
        assert states() == ["draft", "published"]

    def test_sent_again_says_the_same(self, instructor: Instructor, instructors_client: Client) -> None:
        slots = drafts(2, instructor=instructor)

        pages = [instructors_client.post(WEEK, keys(slots), follow=True) for _ in range(2)]

        assert ["2 classes are published." in words(page) for page in pages] == [True, True]
        assert "Not published" not in words(pages[1])

    def test_names_what_came_between_looking_and_publishing(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        cancelled, fine = drafts(2, instructor=instructor)
        Slot.objects.filter(pk=cancelled.pk).update(state=Slot.State.CANCELLED, cancelled_at=MONDAY_MORNING)

        page = words(instructors_client.post(WEEK, keys([cancelled, fine]), follow=True))

        assert "1 class is published." in page
        assert f"Not published: {cancelled}. This class was cancelled, so it cannot be published." in page

    def test_publishes_no_class_that_was_changed_since_it_was_shown(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        changed, fine = drafts(2, instructor=instructor)
        fields = keys([changed, fine])
        Slot.objects.filter(pk=changed.pk).update(price=0, revision=1)

        page = instructors_client.post(WEEK, fields, follow=True)

        assert states() == ["draft", "published"]
        assert f"Not published: {changed}. Somebody else has changed this class meanwhile." in words(page)
        assert buttons(page) == ["Publish 1 class"]

    def test_says_so_when_a_class_has_gone_elsewhere(self, instructor: Instructor, instructors_client: Client) -> None:
        [moved] = drafts(1, instructor=instructor)
        fields = keys([moved])
        week = timedelta(days=7)
        Slot.objects.filter(pk=moved.pk).update(starts_at=moved.starts_at + week, ends_at=moved.ends_at + week)

        page = instructors_client.post(WEEK, fields, follow=True)

        assert "Not published: 1 class that is not in this week any more, or somebody else's now." in words(page)
        assert "published." not in words(page) and states() == ["draft"]

    def test_publishes_no_draft_that_it_did_not_show(self, instructor: Instructor, instructors_client: Client) -> None:
        seen, unseen = drafts(2, instructor=instructor)

        page = instructors_client.post(WEEK, keys([seen]), follow=True)

        assert states() == ["published", "draft"]
        assert unseen.class_type.name in words(page) and buttons(page) == ["Publish 1 class"]

    def test_without_drafts_says_so(self, instructors_client: Client) -> None:
        page = instructors_client.get(WEEK)

        assert "No drafts left in this week" in words(page)
        assert buttons(page) == []

    def test_of_one_instructor_leaves_the_others_alone(self, managers_client: Client) -> None:
        [one], [other] = drafts(1), drafts(1)
        address = f"{WEEK}&instructor={one.instructor_id}"

        shown = words(managers_client.get(address))
        answer = managers_client.post(address, keys([one, other]), follow=True)

        assert f"{one.instructor.name}’s classes in the week of 23 November 2026." in shown
        assert other.class_type.name not in shown
        assert list(Slot.objects.published()) == [one]
        assert answer.redirect_chain == [(f"/teach/?from=2026-11-23&instructor={one.instructor_id}", 302)]

    @pytest.mark.parametrize("count", [1, 3])
    def test_costs_the_same_few_queries_for_many_classes(
        self, instructor: Instructor, instructors_client: Client, count: int, django_assert_num_queries: Any
    ) -> None:
        drafts(count, instructor=instructor)

        with django_assert_num_queries(8):  # session, account, roles, drafts, closures, times off, needed, busy
            page = instructors_client.get(WEEK)

        assert words(page).count("Tuesday 24 November") == count

    @pytest.mark.parametrize(
        "query", ["", "?from=9999-12-31", "?from=0001-01-01", "?from=\x00", "?instructor=\x00", "?instructor=77777"]
    )
    def test_ignores_what_it_does_not_understand(self, managers_client: Client, query: str) -> None:
        [draft] = drafts(1)

        page = managers_client.get("/teach/week/publish/" + query)
        managers_client.post(
            "/teach/week/publish/" + query, {"drafts": f"x,\x00,-1.0,{'9' * 30}.0,{draft.pk},{draft.pk}.x,{draft.pk}.0"}
        )

        assert draft.class_type.name in words(page)
        assert states() == ["published"]

    def test_51_is_for_instructors_and_managers_and_the_own_drafts_only(self, instructors_client: Client) -> None:
        [others] = drafts(1)
        desk, patient = UserFactory(), PatientFactory().account
        roles.assign_role(desk, roles.FRONT_DESK)
        outside = [Client(), Client(), Client()]
        outside[1].force_login(patient)
        outside[2].force_login(desk)

        codes = [(client.get(WEEK).status_code, client.post(WEEK, keys([others])).status_code) for client in outside]
        instructors_client.post(f"{WEEK}&instructor={others.instructor_id}", keys([others]))

        assert codes == [(302, 302), (403, 403), (403, 403)]
        assert states() == ["draft"]


def test_after_copying_a_week_the_message_leads_to_its_drafts(managers_client: Client) -> None:
    slot = SlotFactory(starts_at=TUESDAY_SIX)
    typed = {"week": "2026-11-25", "to": "2026-12-04", "step": "save"}
    whose = {"instructor": slot.instructor_id}

    drafted = managers_client.post("/teach/week/copy/", typed | whose | {"publishes": "no"}, follow=True)
    published = managers_client.post("/teach/week/copy/", typed | {"to": "2026-12-11", "publishes": "yes"}, follow=True)

    address = f"/teach/week/publish/?from=2026-11-30&amp;instructor={slot.instructor_id}"
    assert f'1 class is copied. <a href="{address}">Publish 1 draft</a>' in drafted.content.decode()
    assert "1 class is copied. Publish" not in words(published)

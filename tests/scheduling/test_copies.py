"""Copying a class and a week: the same wall times, all or nothing, and what stands in the way by name."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import roles
from core import clock
from core.clock import NonexistentWallTime
from scheduling.models import Instructor, Slot
from scheduling.operations import RoomIsTaken, SlotInThePast
from scheduling.operations.copies import NothingToCopy, WeekBlocked, copy_slot, copy_week, preview_week
from tests.booking.reading import buttons, without_writing, words
from tests.factories import (
    ClosureFactory,
    InstructorFactory,
    LocationFactory,
    PatientFactory,
    RoomFactory,
    SlotFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

TUESDAY_SIX = datetime(2026, 11, 24, 17, tzinfo=UTC)
THIS_WEEK, NEXT_WEEK = date(2026, 11, 25), date(2026, 12, 4)  # any days of the two weeks
COPY_WEEK = "/teach/week/copy/"
SAME = ("class_type", "instructor", "room", "online_link", "capacity", "price", "minutes")


def of_next_week() -> list[Slot]:
    return list(Slot.objects.filter(starts_at__gte=datetime(2026, 11, 30, tzinfo=UTC)).order_by("starts_at"))


class TestASlot:
    def test_is_copied_with_all_but_its_time_and_its_bookings(self) -> None:
        slot = SlotFactory(starts_at=TUESDAY_SIX, capacity=6, taken=3, price=2100, online_link="https://m.example.org/")

        draft = copy_slot(slot=slot, starts_at=TUESDAY_SIX + timedelta(days=2))

        assert [getattr(draft, name) for name in SAME] == [getattr(slot, name) for name in SAME]
        assert (draft.state, draft.taken, draft.series) == (Slot.State.DRAFT, 0, None)
        assert draft.starts_at == TUESDAY_SIX + timedelta(days=2)

    def test_is_not_copied_to_where_the_room_is_taken(self) -> None:
        slot = SlotFactory(starts_at=TUESDAY_SIX)

        with pytest.raises(RoomIsTaken):
            copy_slot(slot=slot, starts_at=TUESDAY_SIX + timedelta(minutes=30))
        assert Slot.objects.count() == 1

    def test_page_offers_the_same_time_a_week_later_and_leads_to_the_draft(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        slot = SlotFactory(starts_at=TUESDAY_SIX, instructor=instructor)
        address = f"/teach/slots/{slot.pk}/copy/"

        page = without_writing(lambda: instructors_client.get(address)).content.decode()
        answer = instructors_client.post(address, {"day": "2026-12-01", "wall_time": "18:00"})

        draft = Slot.objects.exclude(pk=slot.pk).get()
        assert 'value="2026-12-01"' in page and 'value="18:00"' in page
        assert (draft.starts_at, draft.state) == (TUESDAY_SIX + timedelta(days=7), Slot.State.DRAFT)
        assert answer.headers["Location"] == f"/teach/slots/{draft.pk}/"

    @pytest.mark.parametrize(
        ("day", "wall_time", "said"),
        [
            ("2026-11-24", "18:30", "teaches at that time"),
            ("2026-11-22", "18:00", "Date: This time is over."),
            ("2026-11-23", "08:00", "Date: This time is over."),
            ("2027-03-28", "02:30", "There is no 02:30 on Sunday 28 March"),
            ("2027-10-31", "02:30", "Which of the two: 02:30 on Sunday 31 October"),
            ("9999-12-31", "18:00", "Date: Please choose a day within the next two years."),
        ],
    )
    def test_page_says_why_it_cannot_be_copied(
        self, instructor: Instructor, instructors_client: Client, day: str, wall_time: str, said: str
    ) -> None:
        slot = SlotFactory(starts_at=TUESDAY_SIX, instructor=instructor, room=None)

        page = instructors_client.post(f"/teach/slots/{slot.pk}/copy/", {"day": day, "wall_time": wall_time})

        assert page.status_code == 422
        assert said in words(page)
        assert Slot.objects.count() == 1

    def test_page_copies_to_the_hour_that_was_chosen_of_two(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        slot = SlotFactory(starts_at=TUESDAY_SIX, instructor=instructor)

        instructors_client.post(
            f"/teach/slots/{slot.pk}/copy/", {"day": "2027-10-31", "wall_time": "02:30", "fold": "1"}
        )

        assert Slot.objects.exclude(pk=slot.pk).get().starts_at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


class TestAWeek:
    def test_is_copied_at_the_same_wall_times_without_what_was_cancelled(self) -> None:
        SlotFactory(starts_at=TUESDAY_SIX - timedelta(days=7))
        first = SlotFactory(starts_at=TUESDAY_SIX, capacity=6, taken=2, price=2100)
        SlotFactory(starts_at=TUESDAY_SIX + timedelta(days=1), state=Slot.State.CANCELLED)
        last = SlotFactory(starts_at=datetime(2026, 11, 29, 22, 30, tzinfo=UTC), state=Slot.State.DRAFT)

        copies = copy_week(week=THIS_WEEK, to=NEXT_WEEK)

        assert copies == of_next_week()
        assert [each.starts_at - timedelta(days=7) for each in copies] == [first.starts_at, last.starts_at]
        assert [getattr(copies[0], name) for name in SAME] == [getattr(first, name) for name in SAME]
        assert {(each.state, each.taken, each.series) for each in copies} == {(Slot.State.DRAFT, 0, None)}

    def test_28_keeps_its_wall_times_through_a_clock_change(self) -> None:
        SlotFactory(starts_at=TUESDAY_SIX)

        [copy] = copy_week(week=THIS_WEEK, to=date(2027, 4, 1))

        assert f"{clock.clinic_time(copy.starts_at):%d %B, %H:%M}" == "30 March, 18:00"
        assert copy.starts_at == datetime(2027, 3, 30, 16, tzinfo=UTC)

    def test_may_publish_copies_of_what_is_published(self) -> None:
        SlotFactory(starts_at=TUESDAY_SIX)
        SlotFactory(starts_at=TUESDAY_SIX, state=Slot.State.DRAFT)

        copies = copy_week(week=THIS_WEEK, to=NEXT_WEEK, publishes=True)

        assert sorted(each.state for each in copies) == ["draft", "published"]
        assert [each.published_at for each in copies if each.is_published] == [clock.now()]

    def test_of_one_instructor_leaves_the_others_alone(self) -> None:
        one, _other = SlotFactory(starts_at=TUESDAY_SIX), SlotFactory(starts_at=TUESDAY_SIX)

        copies = copy_week(week=THIS_WEEK, to=NEXT_WEEK, instructor=one.instructor)

        assert [each.instructor for each in copies] == [one.instructor]

    def test_is_copied_wholly_or_not_at_all_and_names_what_stands_in_the_way(self) -> None:
        taken = SlotFactory(starts_at=TUESDAY_SIX, room__name="Hall", class_type__name="Steady Core")
        free = SlotFactory(starts_at=TUESDAY_SIX + timedelta(days=1))
        closed = SlotFactory(starts_at=TUESDAY_SIX + timedelta(days=2))
        there = SlotFactory(starts_at=TUESDAY_SIX + timedelta(days=7, minutes=30), room=taken.room)
        ClosureFactory(starts_at=TUESDAY_SIX + timedelta(days=9), reason="Boiler")

        with pytest.raises(WeekBlocked) as refused:
            copy_week(week=THIS_WEEK, to=NEXT_WEEK)
        assert of_next_week() == [there]
        copies = copy_week(week=THIS_WEEK, to=NEXT_WEEK, leave_out=[taken.pk, closed.pk])

        assert [each.original for each in refused.value.blocked] == [taken, closed]
        assert "Steady Core, Tuesday 24 November" in str(refused.value) and "Boiler" in str(refused.value)
        assert [each.starts_at for each in copies] == [free.starts_at + timedelta(days=7)]

    def test_preview_says_the_same_and_saves_nothing(self) -> None:
        slot = SlotFactory(starts_at=datetime(2026, 11, 29, 1, 30, tzinfo=UTC))  # Sunday, 02:30

        [missing] = preview_week(week=THIS_WEEK, to=date(2027, 3, 24))
        [fine] = preview_week(week=THIS_WEEK, to=NEXT_WEEK)

        assert (missing.original, missing.day, missing.slot) == (slot, date(2027, 3, 28), None)
        assert isinstance(missing.problem, NonexistentWallTime)
        assert fine.slot and fine.problem is None
        assert Slot.objects.count() == 1

    def test_into_the_present_week_refuses_what_would_be_over(self, stand_at: Any) -> None:
        SlotFactory(starts_at=TUESDAY_SIX)
        SlotFactory(starts_at=TUESDAY_SIX + timedelta(days=2))
        stand_at(TUESDAY_SIX + timedelta(days=8))

        planned = preview_week(week=THIS_WEEK, to=NEXT_WEEK)

        assert [type(each.problem) for each in planned] == [SlotInThePast, type(None)]

    def test_without_classes_cannot_be_copied(self) -> None:
        with pytest.raises(NothingToCopy):
            copy_week(week=THIS_WEEK, to=NEXT_WEEK)

    @pytest.mark.parametrize("count", [1, 3])
    def test_costs_the_same_few_queries_for_many_classes(self, count: int, django_assert_num_queries: Any) -> None:
        for nth in range(count):
            SlotFactory(starts_at=TUESDAY_SIX + timedelta(hours=nth))

        with django_assert_num_queries(10):
            copies = copy_week(week=THIS_WEEK, to=NEXT_WEEK)

        assert of_next_week() == copies
        assert len(copies) == count


class TestTheWeeksPage:
    typed = {"week": "2026-11-25", "to": "2026-12-04", "publishes": "no", "step": "preview"}

    def test_shows_the_classes_first_and_copies_them_then(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        SlotFactory(starts_at=TUESDAY_SIX, instructor=instructor, class_type__name="Steady Core")
        SlotFactory(starts_at=TUESDAY_SIX, class_type__name="Somebody Else's")

        shown = instructors_client.post(COPY_WEEK, self.typed)
        before = len(of_next_week())
        answer = instructors_client.post(COPY_WEEK, self.typed | {"step": "save"}, follow=True)

        assert "Week of 23 November 2026 To Week of 30 November 2026" in words(shown)
        assert "1 class to copy" in words(shown)
        assert "Tuesday 1 December, 18:00–19:00 Steady Core Leave out" in words(shown)
        assert "Somebody Else" not in words(shown)
        assert before == 0
        assert answer.redirect_chain == [("/teach/?from=2026-11-30", 302)]
        assert "1 class is copied." in words(answer)
        assert [slot.instructor for slot in of_next_week()] == [instructor]

    def test_comes_filled_in_from_the_weeks_that_lead_to_it(self, managers_client: Client) -> None:
        instructor = InstructorFactory(user__name="Asha Lind")
        SlotFactory(starts_at=TUESDAY_SIX, instructor=instructor)

        weeks = managers_client.get(f"/teach/?instructor={instructor.pk}").content.decode()
        page = managers_client.get(f"{COPY_WEEK}?week=2026-11-23&instructor={instructor.pk}").content.decode()

        assert f'href="{COPY_WEEK}?week=2026-11-23&amp;instructor={instructor.pk}"' in weeks
        assert 'value="2026-11-23"' in page and 'value="2026-11-30"' in page
        assert f'<option value="{instructor.pk}" selected>Asha Lind' in page

    def test_offers_only_another_week_where_no_class_can_be_copied(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        SlotFactory(starts_at=TUESDAY_SIX, instructor=instructor)
        SlotFactory(starts_at=TUESDAY_SIX + timedelta(days=7), instructor=instructor, class_type__name="Chair Yoga")

        page = instructors_client.post(COPY_WEEK, self.typed)

        assert "None of these classes can be copied Please choose another week." in words(page)
        assert "teaches at that time: Chair Yoga, 18:00–19:00." in words(page)
        assert buttons(page) == ["Change something"]
        assert "Leave out" not in words(page)

    def test_leaves_out_what_cannot_be_copied_only_when_told_to(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        room = RoomFactory(name="Hall", location=LocationFactory(name="Canal House"))
        blocked = SlotFactory(starts_at=TUESDAY_SIX, instructor=instructor, room=room)
        SlotFactory(starts_at=TUESDAY_SIX + timedelta(days=1), instructor=instructor)
        SlotFactory(starts_at=TUESDAY_SIX + timedelta(days=7), room=room, class_type__name="Chair Yoga")

        refused = instructors_client.post(COPY_WEEK, self.typed | {"step": "save"})
        before = len(of_next_week())
        offered = instructors_client.post(COPY_WEEK, self.typed | {"step": "leave_out"})
        instructors_client.post(COPY_WEEK, self.typed | {"step": "save", "leave_out": [blocked.pk]})

        assert refused.status_code == 422
        assert "Hall, Canal House is taken at that time: Chair Yoga" in words(refused)
        assert before == 1
        assert "Is left out." in words(offered)
        assert len(of_next_week()) == 2

    def test_a_manager_copies_everyones_classes_or_one_instructors(self, managers_client: Client) -> None:
        one, _other = SlotFactory(starts_at=TUESDAY_SIX), SlotFactory(starts_at=TUESDAY_SIX)

        everyones = words(managers_client.post(COPY_WEEK, self.typed))
        managers_client.post(COPY_WEEK, self.typed | {"step": "save", "instructor": one.instructor.pk})

        assert "2 classes to copy" in everyones
        assert [slot.instructor for slot in of_next_week()] == [one.instructor]

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({}, "Copy the week of: There is no class to copy in that week."),
            ({"to": "2026-11-23"}, "To the week of: Both are the same week."),
            ({"to": "2026-11-22"}, "To the week of: This time is over."),
            ({"to": "9999-12-31"}, "To the week of: Please choose a day within the next two years."),
            ({"week": "0001-01-01"}, "Copy the week of: Please choose a day within two years from today."),
            ({"week": "soon"}, "Copy the week of: Please choose a day of the calendar."),
        ],
    )
    def test_says_what_cannot_be(self, instructors_client: Client, changed: dict[str, str], said: str) -> None:
        page = instructors_client.post(COPY_WEEK, self.typed | changed)

        assert page.status_code == 422
        assert said in words(page)

    def test_51_is_for_instructors_and_managers_and_the_own_classes_only(
        self, instructors_client: Client, managers_client: Client
    ) -> None:
        other = SlotFactory(starts_at=TUESDAY_SIX, instructor=InstructorFactory())
        desk, patient = UserFactory(), PatientFactory().account
        roles.assign_role(desk, roles.FRONT_DESK)
        outside = [Client(), Client(), Client()]
        outside[1].force_login(patient)
        outside[2].force_login(desk)
        copy_one = f"/teach/slots/{other.pk}/copy/"

        codes = [[client.get(address).status_code for address in (COPY_WEEK, copy_one)] for client in outside]
        day = {"day": "2026-12-01", "wall_time": "18:00"}
        by_others = instructors_client.post(copy_one, day).status_code
        of_others = instructors_client.post(COPY_WEEK, self.typed | {"instructor": other.instructor.pk})

        assert codes == [[302, 302], [403, 403], [403, 403]]
        assert by_others == 404
        assert "There is no class to copy in that week." in words(of_others)
        assert Slot.objects.count() == 1
        assert managers_client.get(copy_one).status_code == 200

"""Series on the pages: planned in two steps, listed in words, with the days that have no class."""

import re
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts import roles
from scheduling.models import Instructor, Series, Slot
from scheduling.operations import start_series
from tests.booking.reading import buttons, without_writing, words
from tests.factories import (
    ClassTypeFactory,
    ClosureFactory,
    InstructorFactory,
    LocationFactory,
    PatientFactory,
    RoomFactory,
    SeriesFactory,
    SlotFactory,
    UserFactory,
)
from tests.scheduling.conftest import StandAt

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

NEW = "/teach/series/new/"
LIST = "/teach/series/"


@pytest.fixture
def typed() -> dict[str, Any]:
    """Gentle Back Care in the Quiet Room, each Tuesday from 24 November on at 18:00, five times."""
    room = RoomFactory(name="Quiet Room", size=8, location=LocationFactory(name="House by the Park"))
    return {
        "class_type": ClassTypeFactory(name="Gentle Back Care", capacity=8, price=1800, minutes=60).pk,
        "room": room.pk,
        "starts_on": "2026-11-24",
        "wall_time": "18:00",
        "repeats": "weekly",
        "every": "1",
        "ends": "times",
        "times": "5",
        "publishes": "yes",
        "step": "preview",
    }


def series_of(instructor: Instructor, **fields: Any) -> Series:
    """A series with its slots: Tuesdays at 18:00."""
    if "class_type" not in fields:
        fields["class_type"] = ClassTypeFactory(name="Steady Core")
    parts = {"instructor": instructor, "room": RoomFactory()}
    return start_series(series=SeriesFactory.build(**{"starts_on": date(2026, 11, 24), **parts, **fields}))


def ticks(page: Any) -> list[str]:
    """The days that are ticked to be left out."""
    boxes = re.findall(r"<input[^>]*leave_out[^>]*>", page.content.decode())
    return [re.findall(r'value="([^"]*)"', box)[0] for box in boxes if re.search(r"\bchecked\b", box)]


class TestPlanning:
    def test_the_first_step_shows_the_dates_and_saves_nothing(
        self, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        page = instructors_client.post(NEW, typed)

        text = words(page)
        assert "Check the dates Nothing is saved yet." in text
        assert "Every Tuesday at 18:00, from 24 November on, 5 times (Berlin time)" in text
        assert "5 classes up to 22 December 2026 Tuesday 24 November Leave out Tuesday 1 December" in text
        assert "60 minutes" in text and "18,00 €" in text
        assert buttons(page) == ["Plan these classes"]
        assert Series.objects.count() == Slot.objects.count() == 0

    def test_the_second_step_saves_what_was_shown(
        self, instructor: Instructor, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        answer = instructors_client.post(NEW, typed | {"step": "save"}, follow=True)

        series = Series.objects.get()
        assert answer.redirect_chain == [(f"/teach/series/{series.pk}/", 302)]
        assert "Planned: Gentle Back Care. Every Tuesday at 18:00, from 24 November on, 5 times." in words(answer)
        assert (series.instructor, series.recurrence, series.time_zone) == (
            instructor,
            "FREQ=WEEKLY;BYDAY=TU;COUNT=5",
            "Europe/Berlin",
        )
        assert (series.minutes, series.capacity, series.price, series.publishes) == (60, 8, 1800, True)
        assert series.slots.published().count() == 5

    def test_the_shown_dates_carry_all_that_was_typed_into_the_second_step(
        self, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        typed |= {"weekdays": ["0", "3"], "minutes": "75", "online_link": "https://meet.example.org/back"}
        page = instructors_client.post(NEW, typed).content.decode()

        hidden = re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', page)
        sent = {name: [value for each, value in hidden if each == name] for name, _value in hidden}
        instructors_client.post(NEW, sent | {"step": "save"})

        series = Series.objects.get()
        assert (series.recurrence, series.minutes) == ("FREQ=WEEKLY;BYDAY=MO,TH;COUNT=5", 75)
        assert series.online_link == "https://meet.example.org/back"

    def test_a_clash_is_named_and_nothing_is_saved_until_its_day_is_left_out(
        self, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        SlotFactory(
            room_id=typed["room"], starts_at=datetime(2026, 12, 1, 17, 30, tzinfo=UTC), class_type__name="Chair Yoga"
        )

        shown = instructors_client.post(NEW, typed)
        refused = instructors_client.post(NEW, typed | {"step": "save"})
        slots_after_refusal = Slot.objects.count()
        all_at_once = instructors_client.post(NEW, typed | {"step": "leave_out"})
        instructors_client.post(NEW, typed | {"step": "save", "leave_out": ["2026-12-01"]})

        clash = "Quiet Room, House by the Park is taken at that time: Chair Yoga, Tuesday 1 December, 18:30–19:30"
        assert "1 day is not free" in words(shown) and clash in words(shown)
        assert refused.status_code == 422
        assert "Not planned yet Some days are not free." in words(refused) and clash in words(refused)
        assert slots_after_refusal == 1
        assert (ticks(shown), ticks(all_at_once)) == ([], ["2026-12-01"])
        assert "Tuesday 1 December Is left out." in words(all_at_once)
        series = Series.objects.get()
        assert series.skipped_days == [date(2026, 12, 1)]
        days = [slot.series_day for slot in series.slots.order_by("starts_at") if slot.series_day]
        assert [f"{day:%m-%d}" for day in days] == ["11-24", "12-08", "12-15", "12-22"]

    def test_a_closed_day_is_shown_and_skipped_without_a_question(
        self, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        ClosureFactory(starts_at=datetime(2026, 12, 8, tzinfo=UTC), reason="Boiler")

        shown = instructors_client.post(NEW, typed)
        instructors_client.post(NEW, typed | {"step": "save"})

        assert "Tuesday 8 December The whole clinic: closed (Boiler). No class is planned." in words(shown)
        assert "not free" not in words(shown)
        assert Slot.objects.count() == 4

    def test_a_free_day_may_be_left_out_as_well_and_a_day_of_no_series_is_ignored(
        self, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        instructors_client.post(NEW, typed | {"step": "save", "leave_out": ["2026-12-15", "2026-12-16", "nonsense"]})

        assert Series.objects.get().skipped_days == [date(2026, 12, 15)]

    def test_29_a_night_without_the_hour_is_one_of_the_blocked_days(
        self, instructors_client: Client, typed: dict[str, Any], stand_at: StandAt
    ) -> None:
        stand_at(datetime(2027, 3, 1, tzinfo=UTC))
        typed |= {"starts_on": "2027-03-21", "wall_time": "02:30", "times": "3"}

        page = instructors_client.post(NEW, typed)

        assert "Sunday 28 March There is no 02:30 on Sunday 28 March in Berlin: the clocks jump over it" in words(page)
        assert "1 day is not free" in words(page)

    def test_30_a_night_with_the_hour_twice_asks_which(
        self, instructors_client: Client, typed: dict[str, Any], stand_at: StandAt
    ) -> None:
        stand_at(datetime(2026, 10, 1, tzinfo=UTC))
        typed |= {"starts_on": "2026-10-18", "wall_time": "02:30", "times": "3"}

        asked = instructors_client.post(NEW, typed)
        instructors_client.post(NEW, typed | {"fold": "1", "step": "save"})

        assert asked.status_code == 422
        assert "02:30 on Sunday 25 October happens twice in Berlin" in words(asked)
        assert "The second 02:30, after the clocks are set back" in words(asked)
        night = Slot.objects.get(series_day=date(2026, 10, 25))
        assert night.starts_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)

    def test_30_a_night_beyond_the_preview_is_asked_for_too_since_the_sweep_cannot_ask(
        self, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        typed |= {"starts_on": "2026-11-29", "wall_time": "02:30", "ends": "never"}  # the night is in October 2027

        page = instructors_client.post(NEW, typed)

        assert page.status_code == 422
        assert "happens twice in Berlin" in words(page)

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"room": ""}, "Room: Please choose a room, or enter the link under which people join on-line."),
            ({"capacity": "9"}, "Places: Quiet Room, House by the Park holds 8 mats."),
            ({"price": "0.20"}, "Price in EUR: Cards cannot be charged less than 0,50 €."),
            ({"starts_on": "2026-11-22"}, "First day: This time is over."),
            ({"starts_on": "9999-12-31"}, "First day: Please choose a day within the next two years."),
            ({"ends": "day"}, "Last day: Please choose the last day."),
            ({"ends": "day", "ends_on": "2026-11-23"}, "Last day: The last day comes before the first."),
            ({"times": ""}, "How many times: Please say how many times."),
            ({"times": "201"}, "How many times: Please enter a number from 1 to 200."),
            ({"every": "-1"}, "Every how many weeks: Please enter a number from 1 to 12."),
            ({"repeats": "hourly"}, "Repeats: Please choose one from the list."),
            ({"weekdays": ["7"]}, "On these days: Please choose one from the list."),
            ({"ends": "day", "ends_on": "2026-11-29", "weekdays": ["0"]}, "First day: This series has no days"),
            ({"online_link": "javascript:alert(1)"}, "Link to join on-line: Please write the whole link"),
        ],
    )
    def test_what_cannot_be_is_said_beside_its_field(
        self, instructors_client: Client, typed: dict[str, Any], changed: dict[str, Any], said: str
    ) -> None:
        page = instructors_client.post(NEW, typed | {"step": "save"} | changed)

        assert page.status_code == 422
        assert said in words(page)
        assert Series.objects.count() == 0

    @pytest.mark.parametrize(
        ("changed", "recurrence"),
        [
            ({"every": "2"}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;COUNT=5"),
            ({"repeats": "monthly"}, "FREQ=MONTHLY;BYDAY=4TU;COUNT=5"),
            ({"repeats": "daily"}, "FREQ=DAILY;COUNT=5"),
            ({"ends": "never"}, "FREQ=WEEKLY;BYDAY=TU"),
        ],
    )
    def test_the_answers_make_the_rule(
        self, instructors_client: Client, typed: dict[str, Any], changed: dict[str, Any], recurrence: str
    ) -> None:
        instructors_client.post(NEW, typed | {"step": "save"} | changed)

        assert Series.objects.get().recurrence == recurrence

    def test_changing_something_leads_back_to_the_form_as_it_was(
        self, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        page = instructors_client.post(NEW, typed | {"step": "change"})

        assert buttons(page) == ["Show the dates"]
        assert 'value="2026-11-24"' in page.content.decode()

    def test_drafts_are_for_staff_only(self, instructors_client: Client, typed: dict[str, Any]) -> None:
        instructors_client.post(NEW, typed | {"step": "save", "publishes": "no"})

        assert set(Slot.objects.values_list("state", flat=True)) == {Slot.State.DRAFT}

    def test_a_manager_chooses_who_teaches_and_an_instructor_cannot(
        self, instructor: Instructor, instructors_client: Client, managers_client: Client, typed: dict[str, Any]
    ) -> None:
        other = InstructorFactory()

        unsaid = managers_client.post(NEW, typed | {"step": "save"})
        managers_client.post(NEW, typed | {"step": "save", "instructor": other.pk})
        instructors_client.post(NEW, typed | {"step": "save", "instructor": other.pk, "wall_time": "08:00"})

        assert "Instructor: Please choose who teaches." in words(unsaid)
        assert [each.instructor for each in Series.objects.order_by("pk")] == [other, instructor]


class TestReading:
    def test_the_list_says_each_rule_in_words_with_its_next_class_and_what_is_missing(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        series = series_of(instructor)
        series.slots.filter(series_day=date(2026, 12, 8)).delete()

        text = words(without_writing(lambda: instructors_client.get(LIST)))

        assert "Steady Core Every Tuesday at 18:00, from 24 November on" in text
        assert "Tue 24 Nov, 18:00–19:00 8 Dec Why?" in text

    def test_a_series_that_is_over_is_listed_on_demand(
        self, instructor: Instructor, instructors_client: Client, stand_at: StandAt
    ) -> None:
        series_of(instructor, ends_on=date(2026, 12, 1))
        stand_at(datetime(2026, 12, 2, tzinfo=UTC))

        assert "Steady Core" not in words(instructors_client.get(LIST))
        assert "Steady Core" in words(instructors_client.get(f"{LIST}?over=1"))

    def test_without_any_the_list_says_what_series_are_for(self, instructors_client: Client) -> None:
        assert "No series yet Plan a class that comes every week once" in words(instructors_client.get(LIST))

    def test_a_series_shows_its_classes_and_why_days_have_none(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        series = series_of(instructor)
        series.slots.filter(series_day__in=[date(2026, 12, 8), date(2026, 12, 15)]).delete()
        ClosureFactory(starts_at=datetime(2026, 12, 14, 23, tzinfo=UTC), reason="Boiler")
        series.slots.filter(series_day=date(2026, 11, 24)).update(taken=3, is_exception=True)

        text = words(without_writing(lambda: instructors_client.get(f"/teach/series/{series.pk}/")))

        assert "Tuesday 24 November, 18:00–19:00 3 of 8 places taken · changed by hand Published" in text
        assert "Tuesday 8 December Nothing stands in the way any more." in text
        assert "Tuesday 15 December The whole clinic: closed (Boiler)." in text
        assert "Plan the days that are free by now" in text

    def test_missing_days_that_are_free_by_now_are_planned_on_demand(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        series = series_of(instructor)
        series.slots.filter(series_day__in=[date(2026, 12, 8), date(2026, 12, 15)]).delete()
        ClosureFactory(starts_at=datetime(2026, 12, 14, 23, tzinfo=UTC))

        answers = [instructors_client.post(f"/teach/series/{series.pk}/fill/", follow=True) for _ in range(2)]

        assert "1 more class is planned." in words(answers[0])
        assert "0 more classes are planned." in words(answers[1])
        assert series.slots.filter(series_day=date(2026, 12, 8)).count() == 1
        assert not series.slots.filter(series_day=date(2026, 12, 15)).exists()

    def test_a_series_of_somebody_who_has_left_says_why_it_ends(
        self, instructor: Instructor, managers_client: Client
    ) -> None:
        series = series_of(instructor)
        series.slots.filter(series_day=date(2026, 12, 8)).delete()
        Instructor.objects.update(is_active=False)

        assert "does not teach at present" in words(managers_client.get(f"/teach/series/{series.pk}/"))

    @pytest.mark.parametrize("count", [1, 3])
    def test_the_list_costs_the_same_few_queries_for_many_series(
        self,
        instructor: Instructor,
        instructors_client: Client,
        count: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for nth in range(count):
            series_of(instructor, wall_time=time(8 + 2 * nth), class_type=ClassTypeFactory())

        with django_assert_num_queries(6):  # session, account, roles, series, slots, the instructor
            page = instructors_client.get(LIST)

        assert [words(page).count(series.class_type.name) for series in Series.objects.all()] == [1] * count


class TestWhoMay:
    """Fault 51."""

    @pytest.mark.parametrize("address", [LIST, NEW, "/teach/series/{pk}/"])
    def test_only_instructors_and_managers_come_in(self, address: str) -> None:
        address = address.format(pk=series_of(InstructorFactory()).pk)
        desk, patient = UserFactory(), PatientFactory().account
        roles.assign_role(desk, roles.FRONT_DESK)
        clients = [Client(), Client(), Client()]
        clients[1].force_login(patient)
        clients[2].force_login(desk)

        answers = [client.get(address) for client in clients]

        assert [answer.status_code for answer in answers] == [302, 403, 403]
        assert answers[0].headers["Location"].startswith("/accounts/login/")

    def test_an_instructor_sees_the_own_series_only_and_a_manager_all(
        self, instructor: Instructor, instructors_client: Client, managers_client: Client
    ) -> None:
        own, other = series_of(instructor), series_of(InstructorFactory(), class_type=ClassTypeFactory(name="Other's"))
        other.slots.filter(series_day=date(2026, 12, 8)).delete()

        listed = [words(client.get(LIST)) for client in (instructors_client, managers_client)]
        codes = [
            [client.get(f"/teach/series/{series.pk}/").status_code for series in (own, other)]
            for client in (instructors_client, managers_client)
        ]
        filled = instructors_client.post(f"/teach/series/{other.pk}/fill/")

        assert ["Other's" in text for text in listed] == [False, True]
        assert codes == [[200, 404], [200, 200]]
        assert filled.status_code == 404
        assert not other.slots.filter(series_day=date(2026, 12, 8)).exists()

    def test_an_instructor_who_is_not_in_the_list_cannot_plan(self, client: Client, typed: dict[str, Any]) -> None:
        user = UserFactory()
        roles.assign_role(user, roles.INSTRUCTOR)
        client.force_login(user)

        assert client.get(NEW).status_code == 404
        assert client.post(NEW, typed | {"step": "save"}).status_code == 404
        assert "New series" not in words(client.get(LIST))
        assert Series.objects.count() == 0

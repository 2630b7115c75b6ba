"""Series on the pages: planned in two steps, listed in words, with the days that have no class."""

import re
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.test import Client

from accounts import roles
from scheduling.models import Instructor, Series, Slot
from tests.booking.reading import buttons, words
from tests.factories import (
    ClassTypeFactory,
    ClosureFactory,
    InstructorFactory,
    LocationFactory,
    PatientFactory,
    RoomFactory,
    SlotFactory,
    UserFactory,
)
from tests.scheduling.conftest import StandAt
from tests.scheduling.tuesdays import series_of

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
        assert "Every Tuesday at 18:00 (Berlin time), from 24 November on, 5 times" in text
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
        assert (
            "Planned: Gentle Back Care. Every Tuesday at 18:00 (Berlin time), from 24 November on, 5 times."
            in words(answer)
        )
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

        clash = "Quiet Room, House by the Park is taken at that time: Chair Yoga, 18:30–19:30."
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

    def test_where_no_day_is_free_only_changing_something_is_offered(
        self, instructor: Instructor, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        other = ClassTypeFactory(name="Steady Core")
        series_of(instructor, class_type=other, wall_time=time(18, 30))

        page = instructors_client.post(NEW, typed)

        assert "No day is free Please change the days, the time or the room." in words(page)
        assert "No class up to 22 December 2026" in words(page)
        assert f"{instructor} teaches at that time: Steady Core, 18:30–19:30." in words(page)
        assert buttons(page) == ["Change something"]
        assert "Leave out" not in words(page)

    def test_with_every_day_left_out_the_dates_are_shown_again(
        self, instructors_client: Client, typed: dict[str, Any]
    ) -> None:
        days = ["2026-11-24", "2026-12-01", "2026-12-08", "2026-12-15", "2026-12-22"]

        page = instructors_client.post(NEW, typed | {"step": "save", "leave_out": days})

        assert page.status_code == 422
        assert "Not planned yet Every day is left out. Please keep at least one." in words(page)
        assert ticks(page) == days
        assert not Series.objects.exists()

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

"""The calendar of instructors and managers: what the grid is given, and the page behind it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts import roles
from scheduling.models import Instructor, Slot
from tests.booking.reading import words
from tests.factories import (
    ClassTypeFactory,
    ClosureFactory,
    LocationFactory,
    RoomFactory,
    SeriesFactory,
    SlotFactory,
    TimeOffFactory,
    UserFactory,
)
from tests.scheduling.conftest import StandAt

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

PAGE = "/teach/calendar/"
THIS_WEEK = "?start=2026-11-23&end=2026-11-30"
TUESDAY_SIX = datetime(2026, 11, 24, 17, tzinfo=UTC)
QUERIES = 7  # session, user, role; slots, closures, times off, class types


def entries(client: Client, query: str = THIS_WEEK) -> list[dict[str, Any]]:
    answer = client.get(f"{PAGE}feed/{query}")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["entries"]
    return found


def titles(client: Client, query: str = THIS_WEEK) -> list[str]:
    return [entry["title"] for entry in entries(client, query)]


class TestTheFeed:
    def test_says_of_a_class_what_the_grid_shows(self, instructor: Instructor, instructors_client: Client) -> None:
        room = RoomFactory(name="Quiet Room", location=LocationFactory(name="House by the Park"))
        slot = SlotFactory(
            instructor=instructor,
            class_type__name="Gentle Back Care",
            room=room,
            starts_at=TUESDAY_SIX,
            taken=3,
            revision=4,
        )

        assert entries(instructors_client) == [
            {
                "id": str(slot.pk),
                "title": "Gentle Back Care",
                "start": "2026-11-24T18:00",
                "end": "2026-11-24T19:00",
                "url": f"/teach/slots/{slot.pk}/",
                "panel": f"/teach/calendar/slots/{slot.pk}/",
                "move": f"/teach/calendar/slots/{slot.pk}/move/",
                "editable": True,
                "revision": 4,
                "colour": 0,
                "occupancy": "3/8",
                "place": "Quiet Room, House by the Park",
                "instructor": "Asha Lind",
                "state": "published",
                "stateWord": "",
                "isOver": False,
                "day": "Tuesday 24 November",
                "hours": "",
                "places": "3 of 8 places taken",
            }
        ]

    @pytest.mark.parametrize(
        ("state", "word", "editable"),
        [(Slot.State.DRAFT, "Draft", True), (Slot.State.CANCELLED, "Cancelled", False)],
    )
    def test_names_the_state_in_words(
        self, instructor: Instructor, instructors_client: Client, state: str, word: str, editable: bool
    ) -> None:
        SlotFactory(instructor=instructor, starts_at=TUESDAY_SIX, state=state)

        [entry] = entries(instructors_client)

        assert (entry["state"], entry["stateWord"], entry["editable"]) == (state, word, editable)

    def test_offers_no_move_of_what_has_begun(
        self, instructor: Instructor, instructors_client: Client, stand_at: StandAt
    ) -> None:
        SlotFactory(instructor=instructor, starts_at=TUESDAY_SIX)
        stand_at(TUESDAY_SIX)

        [entry] = entries(instructors_client)

        assert (entry["editable"], entry["isOver"]) == (False, True)

    def test_gives_neighbouring_class_types_different_colours(self, managers_client: Client) -> None:
        kinds = [ClassTypeFactory() for _ in range(9)]
        for hour, kind in enumerate(kinds):
            SlotFactory(class_type=kind, starts_at=TUESDAY_SIX - timedelta(hours=hour))

        colours = [entry["colour"] for entry in reversed(entries(managers_client))]

        assert colours == [0, 1, 2, 3, 4, 5, 6, 7, 0]

    def test_is_of_ones_own_classes_and_absences_only(self, instructor: Instructor, instructors_client: Client) -> None:
        SlotFactory(instructor=instructor, class_type__name="Mine", starts_at=TUESDAY_SIX)
        SlotFactory(class_type__name="Theirs", starts_at=TUESDAY_SIX)
        TimeOffFactory(starts_at=TUESDAY_SIX)

        assert titles(instructors_client) == ["Mine"]

    def test_is_of_everyone_for_a_manager_who_may_choose(self, instructor: Instructor, managers_client: Client) -> None:
        here = RoomFactory()
        SlotFactory(instructor=instructor, class_type__name="Hers", starts_at=TUESDAY_SIX)
        SlotFactory(room=here, class_type__name="Here", starts_at=TUESDAY_SIX + timedelta(hours=1))
        ClosureFactory(room=here, starts_at=TUESDAY_SIX, reason="Paint")
        ClosureFactory(location=LocationFactory(), starts_at=TUESDAY_SIX, reason="Elsewhere")
        paint = f"{here} closed: Paint"

        hers = titles(managers_client, f"{THIS_WEEK}&instructor={instructor.pk}")
        in_room = titles(managers_client, f"{THIS_WEEK}&room={here.pk}")
        in_house = titles(managers_client, f"{THIS_WEEK}&location={here.location_id}")

        assert titles(managers_client)[:2] == ["Hers", "Here"]
        assert [title for title in hers if "closed" not in title] == ["Hers"]
        assert in_room == ["Here", paint]
        assert in_house == ["Here", paint]

    def test_names_a_closed_house_once_however_many_rooms_it_has(self, managers_client: Client) -> None:
        house = LocationFactory(name="House")
        rooms = [RoomFactory(location=house) for _ in range(3)]
        ClosureFactory(location=house, starts_at=TUESDAY_SIX, reason="Works")

        assert titles(managers_client, f"{THIS_WEEK}&room={rooms[0].pk}") == ["House closed: Works"]

    def test_ends_where_the_days_asked_for_end(self, managers_client: Client) -> None:
        sunday_late = datetime(2026, 11, 29, 22, 30, tzinfo=UTC)  # 23:30 in Berlin
        SlotFactory(class_type__name="Late on Sunday", starts_at=sunday_late)
        SlotFactory(class_type__name="Monday", starts_at=sunday_late + timedelta(hours=2))

        assert titles(managers_client) == ["Late on Sunday"]
        assert titles(managers_client, "?start=2026-11-30&end=2026-12-07") == ["Late on Sunday", "Monday"]

    @pytest.mark.parametrize("count", [1, 3])
    def test_asks_the_database_as_often_for_three_as_for_one(
        self, managers_client: Client, django_assert_num_queries: DjangoAssertNumQueries, count: int
    ) -> None:
        for hour in range(count):
            start = TUESDAY_SIX + timedelta(hours=hour)
            series = SeriesFactory()
            SlotFactory(starts_at=start, series=series, series_day=date(2026, 11, 24))
            ClosureFactory(room=RoomFactory(), starts_at=start)
            TimeOffFactory(starts_at=start)

        with django_assert_num_queries(QUERIES):
            found = entries(managers_client)

        assert len(found) == 3 * count

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "?start=2026-11-23",
            "?start=2026-11-23&end=2026-11-23",
            "?start=2026-11-23&end=2026-12-08",
            "?start=2026-11-30&end=2026-11-23",
            "?start=0001-01-01&end=0001-01-08",
            "?start=9999-12-25&end=9999-12-31",
            "?start=2026-11-31&end=2026-12-01",
            "?start=%00&end=2026-12-01",
        ],
    )
    def test_refuses_days_that_are_none_or_too_many(self, managers_client: Client, query: str) -> None:
        answer = managers_client.get(f"{PAGE}feed/{query}")

        assert (answer.status_code, answer.json()) == (400, {"detail": "Please ask for at most two weeks."})

    def test_is_kept_by_nobody(self, managers_client: Client) -> None:
        answer = managers_client.get(f"{PAGE}feed/{THIS_WEEK}")

        assert answer["Cache-Control"] == "private, no-store"


class TestClockChanges:
    """Berlin sets its clocks forward on 28 March 2027 and back on 25 October 2026 and 31 October 2027."""

    def test_six_is_six_before_and_after(self, managers_client: Client) -> None:
        SlotFactory(starts_at=datetime(2027, 3, 27, 17, tzinfo=UTC))
        SlotFactory(starts_at=datetime(2027, 3, 28, 16, tzinfo=UTC))

        starts = [entry["start"] for entry in entries(managers_client, "?start=2027-03-22&end=2027-03-29")]

        assert starts == ["2027-03-27T18:00", "2027-03-28T18:00"]

    def test_a_class_over_the_gap_is_as_long_as_it_lasts(self, managers_client: Client) -> None:
        SlotFactory(starts_at=datetime(2027, 3, 28, 0, 30, tzinfo=UTC))

        [entry] = entries(managers_client, "?start=2027-03-22&end=2027-03-29")

        assert (entry["start"], entry["end"]) == ("2027-03-28T01:30", "2027-03-28T02:30")
        assert entry["hours"] == "01:30–03:30"

    @pytest.mark.parametrize("hour", [0, 1])
    def test_both_halves_of_the_hour_that_comes_twice_have_an_end_after_their_start(
        self, managers_client: Client, hour: int
    ) -> None:
        SlotFactory(starts_at=datetime(2027, 10, 31, hour, 30, tzinfo=UTC))

        [entry] = entries(managers_client, "?start=2027-10-25&end=2027-11-01")

        assert (entry["start"], entry["end"]) == ("2027-10-31T02:30", "2027-10-31T03:30")


class TestWhoMayLook:
    @pytest.mark.parametrize("path", ["", "feed/", "slots/1/", "slots/1/move/"])
    @pytest.mark.parametrize("role", [roles.PATIENT, roles.FRONT_DESK])
    def test_patients_and_the_desk_may_not(self, client: Client, role: str, path: str) -> None:
        client.force_login(UserFactory(role=role))

        answer = client.post(PAGE + path) if path.endswith("move/") else client.get(PAGE + path)

        assert answer.status_code == 403
        assert "text/html" in answer["Content-Type"]

    @pytest.mark.parametrize("path", ["", "feed/", "slots/1/"])
    def test_visitors_sign_in_first(self, client: Client, path: str) -> None:
        answer = client.get(PAGE + path)

        assert answer["Location"].startswith("/accounts/login/?next=/teach/calendar/")

    def test_the_panel_of_somebody_elses_class_does_not_exist(self, instructors_client: Client) -> None:
        assert instructors_client.get(f"{PAGE}slots/{SlotFactory().pk}/").status_code == 404


class TestThePanel:
    def test_says_what_when_where_and_how_full(self, instructor: Instructor, instructors_client: Client) -> None:
        room = RoomFactory(name="Quiet Room", location=LocationFactory(name="House by the Park"))
        slot = SlotFactory(
            instructor=instructor, class_type__name="Gentle Back Care", room=room, starts_at=TUESDAY_SIX, taken=3
        )

        answer = instructors_client.get(f"{PAGE}slots/{slot.pk}/")

        assert words(answer) == (
            "Gentle Back Care State Published When Tuesday 24 November, 18:00–19:00 (Berlin time) "
            "Where Quiet Room, House by the Park Instructor Asha Lind Taken 3 of 8 Change Cancel the class "
            "Open its page Move it Date Begins at Minutes Move"
        )
        for page in ("", "change/", "cancel/"):
            assert f'href="/teach/slots/{slot.pk}/{page}"' in answer.content.decode()

    def test_offers_no_move_of_a_cancelled_class(self, managers_client: Client) -> None:
        slot = SlotFactory(starts_at=TUESDAY_SIX, state=Slot.State.CANCELLED)

        text = words(managers_client.get(f"{PAGE}slots/{slot.pk}/"))

        assert "Cancelled" in text
        assert text.endswith("Taken 0 of 8 Open its page")


class TestThePage:
    def test_without_script_is_a_list_of_the_week(self, instructor: Instructor, instructors_client: Client) -> None:
        SlotFactory(instructor=instructor, class_type__name="Gentle Back Care", starts_at=TUESDAY_SIX)
        SlotFactory(instructor=instructor, class_type__name="Next week", starts_at=TUESDAY_SIX + timedelta(days=7))
        ClosureFactory(starts_at=TUESDAY_SIX, ends_at=TUESDAY_SIX + timedelta(hours=1), reason="Works")

        text = words(instructors_client.get(PAGE))

        assert "23 – 29 November 2026" in text
        assert "Tuesday 24 November The whole clinic closed: Works 18:00–19:00 Gentle Back Care" in text
        assert "Next week" not in text

    def test_folds_the_days_of_this_week_that_are_over(
        self, instructor: Instructor, instructors_client: Client, stand_at: StandAt
    ) -> None:
        SlotFactory(instructor=instructor, class_type__name="Gentle Back Care", starts_at=TUESDAY_SIX)
        SlotFactory(instructor=instructor, class_type__name="Chair Yoga", starts_at=TUESDAY_SIX + timedelta(days=1))

        on_monday = instructors_client.get(PAGE).content.decode()
        stand_at(TUESDAY_SIX + timedelta(days=1))
        on_wednesday = instructors_client.get(PAGE).content.decode()
        stand_at(TUESDAY_SIX + timedelta(days=3))
        on_friday = words(instructors_client.get(PAGE))
        stand_at(TUESDAY_SIX + timedelta(days=7))
        a_week_later = instructors_client.get(f"{PAGE}?day=2026-11-24").content.decode()

        folded = on_wednesday.partition("<details")[2].partition("</details>")[0]
        assert "<details" not in on_monday
        assert "Gentle Back Care" in folded and "Chair Yoga" not in folded
        assert "No further classes this week." in on_friday
        assert "<details" not in a_week_later

    def test_of_a_day_shows_that_day(self, managers_client: Client) -> None:
        SlotFactory(class_type__name="Tuesday's", starts_at=TUESDAY_SIX)
        SlotFactory(class_type__name="Wednesday's", starts_at=TUESDAY_SIX + timedelta(days=1))

        answer = managers_client.get(f"{PAGE}?view=day&day=2026-11-24")

        assert "Tuesday 24 November 2026" in words(answer)
        assert "Tuesday&#x27;s" in answer.content.decode()
        assert "Wednesday&#x27;s" not in answer.content.decode()

    @pytest.mark.parametrize(
        "query", ["?day=0001-01-01", "?day=9999-12-31", "?day=x", "?view=x", "?room=0", "?instructor=%00", "?day=%00"]
    )
    def test_what_the_address_gets_wrong_is_left_out(self, managers_client: Client, query: str) -> None:
        assert "23 – 29 November 2026" in words(managers_client.get(PAGE + query))

    def test_keeps_the_filters_in_its_links(self, instructor: Instructor, managers_client: Client) -> None:
        html = managers_client.get(f"{PAGE}?instructor={instructor.pk}&day=2026-11-24").content.decode()

        assert f"view=week&amp;day=2026-11-30&amp;instructor={instructor.pk}" in html
        assert f"view=week&amp;day=2026-11-16&amp;instructor={instructor.pk}" in html
        assert f'<option value="{instructor.pk}" selected>Asha Lind' in html.replace("\n", " ").replace("  ", "")

    def test_offers_filters_to_managers_only(self, instructors_client: Client, managers_client: Client) -> None:
        assert "All locations" in words(managers_client.get(PAGE))
        assert "All locations" not in words(instructors_client.get(PAGE))

    def test_allows_the_styles_of_the_grid_by_a_nonce_and_nothing_else_by_one(self, managers_client: Client) -> None:
        answer = managers_client.get(PAGE)
        elsewhere = managers_client.get("/teach/")

        nonce = answer.wsgi_request.csp_nonce  # type: ignore[attr-defined]
        policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
        assert policy["style-src"] == f"'self' 'nonce-{nonce}'"
        assert policy["font-src"] == "'self' data:"
        assert policy["default-src"] == "'self'"
        assert f'nonce="{nonce}"' in answer.content.decode()
        assert "nonce" not in elsewhere["Content-Security-Policy"]

    def test_and_the_weeks_lead_to_each_other(self, managers_client: Client) -> None:
        assert 'href="/teach/"' in managers_client.get(PAGE).content.decode()
        assert 'href="/teach/calendar/"' in managers_client.get("/teach/").content.decode()


class TestANewClass:
    def test_gets_the_time_that_was_drawn(self, instructor: Instructor, managers_client: Client) -> None:
        address = f"/teach/slots/new/?day=2026-11-24&time=18:15&minutes=45&instructor={instructor.pk}"

        form = managers_client.get(address).context["form"]

        shown = {name: str(form[name].value()) for name in ("day", "wall_time", "minutes", "instructor")}
        assert shown == {
            "day": "2026-11-24",
            "wall_time": "18:15:00",
            "minutes": "45",
            "instructor": str(instructor.pk),
        }

    @pytest.mark.parametrize("query", ["?day=x&time=25:00&minutes=0", "?time=%00&minutes=-5", "?day=9999-12-31"])
    def test_leaves_out_what_is_no_time(self, instructors_client: Client, query: str) -> None:
        form = instructors_client.get(f"/teach/slots/new/{query}").context["form"]

        assert [form[name].value() for name in ("day", "wall_time", "minutes")] == [None, None, None]

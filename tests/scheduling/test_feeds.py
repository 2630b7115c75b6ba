"""Calendar feeds, read as calendars read them."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dateutil.tz import tzical
from django.conf import settings
from django.test import Client
from icalendar import Calendar
from pytest_django import DjangoAssertNumQueries

from accounts import roles
from core import clock
from scheduling.feeds import MOST_EVENTS
from scheduling.models import FeedToken, Instructor, Location, Slot
from scheduling.operations import Scope, Wanted, cancel_slots, change_slots
from scheduling.operations.feeds import MOST_FEEDS, TooManyFeeds, create_feed, revoke_feed
from tests.factories import BookingFactory, InstructorFactory, LocationFactory, RoomFactory, SlotFactory, UserFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
# RFC 5545, 3.6 and 3.6.1: what a calendar and an event without METHOD must have, and once at most
REQUIRED = {"uid", "dtstamp", "dtstart"}


def address_of(owner: Instructor | Location) -> str:
    _feed, token = create_feed(of=owner, by=UserFactory())
    return f"/feeds/{token}.ics"


def calendar_at(address: str) -> Any:
    answer = Client().get(address)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(answer.content)


def events_at(address: str) -> dict[str, Any]:
    return {str(event["summary"]): event for event in calendar_at(address).events}


@pytest.fixture
def slot(monday: datetime, instructor: Instructor) -> Slot:
    house = LocationFactory(name="Garden House", address="1 Garden Road; 10115 X")
    slot: Slot = SlotFactory(
        instructor=instructor,
        class_type__name="Gentle Back Care",
        room=RoomFactory(name="Willow", location=house),
        starts_at=monday + DAY,
    )
    return slot


class TestEvents:
    def test_a_calendar_reads_when_where_and_what(self, slot: Slot) -> None:
        event = events_at(address_of(slot.instructor))["Gentle Back Care"]

        assert event["uid"] == f"slot-{slot.pk}@127.0.0.1"
        assert (event["status"], event["sequence"], event["transp"]) == ("CONFIRMED", 0, "OPAQUE")
        assert event["location"] == "Willow, Garden House, 1 Garden Road; 10115 X"
        assert event["dtstart"].params["TZID"] == "Europe/Berlin"
        assert (event.start, event.end) == (slot.starts_at, slot.ends_at)
        assert event["url"] == f"{settings.SITE_URL}/teach/slots/{slot.pk}/"
        assert event["last-modified"].dt == event["dtstamp"].dt == datetime(2026, 11, 23, 8, tzinfo=UTC)

    def test_a_change_counts_and_keeps_the_name(
        self, slot: Slot, monday: datetime, stand_at: Callable[[datetime], None]
    ) -> None:
        address = address_of(slot.instructor)
        before = events_at(address)["Gentle Back Care"]
        stand_at(monday + timedelta(hours=1))
        wanted = Wanted.like(slot, starts_at=slot.starts_at + timedelta(hours=2))
        change_slots(slot=slot, wanted=wanted, scope=Scope.THIS, revision=0, by=None)

        after = events_at(address)["Gentle Back Care"]

        assert (after["uid"], after["sequence"]) == (before["uid"], 1)
        assert after["last-modified"].dt == monday + timedelta(hours=1)
        assert after.start == before.start + timedelta(hours=2)

    def test_a_draft_is_tentative_for_its_instructor_and_unknown_to_others(self, slot: Slot) -> None:
        Slot.objects.update(state=Slot.State.DRAFT, published_at=None)
        assert slot.room

        own = events_at(address_of(slot.instructor))

        assert own["Draft: Gentle Back Care"]["status"] == "TENTATIVE"
        assert events_at(address_of(slot.room.location)) == {}
        assert events_at("/timetable.ics") == {}

    def test_what_was_cancelled_stays_for_four_weeks(
        self, slot: Slot, monday: datetime, stand_at: Callable[[datetime], None]
    ) -> None:
        addresses = [address_of(slot.instructor), address_of(slot.room.location), "/timetable.ics"]
        cancel_slots(slot=slot, scope=Scope.THIS, revision=0, reason="Asha is ill", by=None)

        told = [events_at(address)["Cancelled: Gentle Back Care"] for address in addresses]
        stand_at(slot.starts_at + timedelta(days=28))
        kept = [len(events_at(address)) for address in addresses]
        stand_at(slot.starts_at + timedelta(days=29))
        later = [len(events_at(address)) for address in addresses]

        assert [(event["status"], event["sequence"]) for event in told] == [("CANCELLED", 1)] * 3
        assert {str(event["uid"]) for event in told} == {f"slot-{slot.pk}@127.0.0.1"}
        assert (kept, later) == ([1, 1, 1], [0, 0, 0])
        assert not any("Asha is ill" in str(event) for event in told)

    def test_a_draft_that_was_cancelled_was_never_announced(self, slot: Slot) -> None:
        Slot.objects.update(state=Slot.State.DRAFT, published_at=None)
        slot.refresh_from_db()
        cancel_slots(slot=slot, scope=Scope.THIS, revision=0, reason="", by=None)

        assert list(events_at(address_of(slot.instructor))) == ["Cancelled: Gentle Back Care"]
        assert events_at("/timetable.ics") == {}

    def test_the_link_to_join_is_for_the_instructor_alone(self, slot: Slot) -> None:
        link = "https://meet.example.org/secret"
        Slot.objects.update(online_link=link)
        assert slot.room

        texts = [
            Client().get(address).content.decode().replace("\r\n ", "")
            for address in (address_of(slot.instructor), address_of(slot.room.location), "/timetable.ics")
        ]

        assert [link in text for text in texts] == [True, False, False]

    def test_no_feed_names_a_patient_or_speaks_of_health(self, slot: Slot) -> None:
        """Faults 61 and 64."""
        slot.class_type.avoid = "Slipped discs"
        slot.class_type.save()
        booking = BookingFactory(slot=slot, patient__account__name="Canary Weber")
        assert slot.room

        for address in (address_of(slot.instructor), address_of(slot.room.location), "/timetable.ics"):
            text = Client().get(address).content.decode().replace("\r\n ", "")
            assert "Gentle Back Care" in text
            for secret in ("Canary", booking.booked_by.email, "Slipped", slot.instructor.user.email):
                assert secret not in text

    def test_a_feed_shows_only_its_own_classes(self, slot: Slot, monday: datetime) -> None:
        SlotFactory(class_type__name="Elsewhere", starts_at=monday + DAY)
        assert slot.room

        assert list(events_at(address_of(slot.instructor))) == ["Gentle Back Care"]
        assert list(events_at(address_of(slot.room.location))) == ["Gentle Back Care"]
        assert set(events_at("/timetable.ics")) == {"Gentle Back Care", "Elsewhere"}
        assert set(events_at(f"/timetable.ics?instructor={slot.instructor_id}")) == {"Gentle Back Care"}

    def test_a_filter_that_does_not_exist_is_refused(self, db: None) -> None:
        answer = Client().get("/timetable.ics?level=superhuman")

        assert (answer.status_code, answer.content) == (400, b"There is no such filter.")


class TestFormat:
    """RFC 5545."""

    @pytest.fixture
    def text(self, slot: Slot, monday: datetime) -> bytes:
        long_name = "Yöga für den Rücken, mit Gefühl; sehr langsam " * 2
        SlotFactory(instructor=slot.instructor, class_type__name=long_name, starts_at=monday + 2 * DAY)
        SlotFactory(
            instructor=slot.instructor, class_type__name="Injected\r\nATTENDEE:x", room=None, starts_at=monday + 3 * DAY
        )
        content: bytes = Client().get(address_of(slot.instructor)).content
        return content

    def test_lines_end_with_crlf_and_are_folded_at_75_octets(self, text: bytes) -> None:
        lines = text.split(b"\r\n")

        assert text.endswith(b"END:VCALENDAR\r\n")
        assert b"\n" not in b"".join(lines) and b"\r" not in b"".join(lines)
        assert max(map(len, lines)) <= 75
        assert any(line.startswith(b" ") for line in lines)
        for line in lines:
            line.decode()  # no character is cut in two

    def test_what_must_be_there_is_there_once(self, text: bytes) -> None:
        calendar: Any = Calendar.from_ical(text)

        assert (calendar["version"], calendar["prodid"]) == ("2.0", f"-//{settings.CLINIC_NAME}//Timetable//EN")
        assert len(calendar.events) == 3
        for event in calendar.events:
            properties = [name.lower() for name, _value in event.property_items(recursive=False)]
            properties = [name for name in properties if name not in ("begin", "end")]
            assert set(properties) >= REQUIRED
            assert len(properties) == len(set(properties))
            assert event["dtstart"].params["TZID"] == event["dtend"].params["TZID"] == "Europe/Berlin"
        assert [zone["tzid"] for zone in calendar.timezones] == ["Europe/Berlin"]
        assert calendar.errors == []

    def test_a_newline_in_a_name_makes_no_property(self, text: bytes) -> None:
        assert b"\r\nATTENDEE" not in text

    def test_wall_times_are_right_on_both_sides_of_a_change_of_the_clocks(
        self, instructor: Instructor, stand_at: Callable[[datetime], None]
    ) -> None:
        """Berlin's clocks are set back on 25 October 2026 at 03:00; checked by the file's own zone, in dateutil."""
        stand_at(datetime(2026, 10, 20, tzinfo=UTC))
        hours = [datetime(2026, 10, 24, 22, tzinfo=UTC) + timedelta(hours=hour) for hour in range(6)]
        for hour in hours:
            SlotFactory(instructor=instructor, starts_at=hour, ends_at=hour + timedelta(minutes=30))

        text = Client().get(address_of(instructor)).content.decode()

        zone_text = text[text.index("BEGIN:VTIMEZONE") : text.index("BEGIN:VEVENT")].replace("\r\n", "\n")
        zone = tzical(io.StringIO(zone_text)).get()
        calendar: Any = Calendar.from_ical(text)
        told = [event["dtstart"] for event in calendar.events]
        starts = [start.dt.replace(tzinfo=zone if start.params else UTC) for start in told]
        assert [start.astimezone(UTC) for start in starts] == hours
        # 02:00 happens twice; RFC 5545, 3.3.5, lets a local time mean the first of the two, so the second is in UTC
        assert [start.to_ical().decode() for start in told[2:4]] == ["20261025T020000", "20261025T010000Z"]


class TestTokens:
    def test_a_token_has_128_bits_and_only_its_hash_is_kept(self, instructor: Instructor) -> None:
        feed, token = create_feed(of=instructor, by=instructor.user)

        assert len(token) == 22  # 6 bits a character
        assert token not in str(vars(FeedToken.objects.get()))
        assert feed.token_hash == FeedToken.hash_of(token)

    def test_a_revoked_or_unknown_address_is_no_address(
        self, instructor: Instructor, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        address = address_of(instructor)
        works = Client().get(address).status_code
        revoked = [revoke_feed(feed=FeedToken.objects.get()) for _time in range(2)]

        answers = []
        for each in (address, "/feeds/AAAAAAAAAAAAAAAAAAAAAA.ics", "/feeds/%00.ics"):
            with django_assert_num_queries(1):  # so an answer takes as long as another
                answers.append(Client().get(each))

        assert (works, revoked) == (200, [True, False])
        assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert len({answer.content for answer in answers}) == 1

    @pytest.mark.parametrize("left", ["instructor", "account"])
    def test_the_feed_of_who_has_left_ends(self, instructor: Instructor, left: str) -> None:
        address = address_of(instructor)
        row = instructor if left == "instructor" else instructor.user
        row.is_active = False
        row.save()

        assert Client().get(address).status_code == 404

    def test_several_addresses_work_but_not_any_number(self, instructor: Instructor) -> None:
        addresses = [address_of(instructor) for _number in range(MOST_FEEDS)]

        with pytest.raises(TooManyFeeds):
            address_of(instructor)
        revoke_feed(feed=FeedToken.objects.all()[0])
        assert Client().get(addresses[1]).status_code == 200
        assert Client().get(address_of(instructor)).status_code == 200


class TestAnswers:
    def test_a_calendar_that_has_it_already_gets_304_until_something_changes(
        self, slot: Slot, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        address = address_of(slot.instructor)
        tag = Client().get(address).headers["ETag"]
        with django_assert_num_queries(2):  # the token, and what marks every change
            same = Client().get(address, headers={"If-None-Match": tag})
        slot.class_type.name = "Kind Back Care"
        slot.class_type.save()
        other = Client().get(address, headers={"If-None-Match": tag})

        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
        assert (other.status_code, b"Kind Back Care" in other.content) == (200, True)
        assert same.headers["Cache-Control"] == other.headers["Cache-Control"] == "private, no-cache"

    def test_the_next_day_is_another_answer(
        self, slot: Slot, monday: datetime, stand_at: Callable[[datetime], None]
    ) -> None:
        tag = Client().get("/timetable.ics").headers["ETag"]
        stand_at(monday + DAY)

        assert Client().get("/timetable.ics", headers={"If-None-Match": tag}).status_code == 200

    def test_two_feeds_never_share_a_tag(self, slot: Slot) -> None:
        assert slot.room
        addresses = [address_of(slot.instructor), address_of(InstructorFactory()), address_of(slot.room.location)]
        addresses += ["/timetable.ics", "/timetable.ics?focus=alignment"]

        assert len({Client().get(address).headers["ETag"] for address in addresses}) == 5

    def test_a_private_feed_is_kept_by_nobody_else(self, instructor: Instructor) -> None:
        headers = Client().get(address_of(instructor)).headers

        assert (headers["Referrer-Policy"], headers["X-Robots-Tag"]) == ("no-referrer", "noindex")
        assert headers["Cache-Control"] == "private, no-cache"
        assert Client().get("/timetable.ics").headers["Cache-Control"] == "public, max-age=300"

    @pytest.mark.parametrize("classes", [1, 3])
    def test_queries_do_not_grow_with_the_classes(
        self, instructor: Instructor, classes: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(classes):
            SlotFactory(instructor=instructor, starts_at=clock.now() + (number + 1) * DAY)
        address = address_of(instructor)

        with django_assert_num_queries(7):  # the token, the marks, the classes, and the four that they refer to
            events = events_at(address)

        assert len(events) == classes

    def test_a_feed_is_bounded_and_the_log_says_so(
        self, instructor: Instructor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr("scheduling.feeds.MOST_EVENTS", 2)
        address, cut, told = address_of(instructor), f"feed own, instructor {instructor.pk}, is cut", []
        for day in (2, 1, 3):
            SlotFactory(instructor=instructor, class_type__name=f"Day {day}", starts_at=clock.now() + day * DAY)
            told.append((list(events_at(address)), cut in caplog.text))

        assert MOST_EVENTS >= 200 * (4 + 52)  # two hundred weekly classes for a year
        assert told == [(["Day 2"], False), (["Day 1", "Day 2"], False), (["Day 1", "Day 2"], True)]


class TestPage:
    def test_an_instructor_makes_an_address_and_sees_it_once(self, slot: Slot, instructors_client: Client) -> None:
        made = instructors_client.post("/teach/feeds/", {"of": "instructor"})
        again = instructors_client.get("/teach/feeds/").content.decode()

        address = made.context["address"]
        assert address in made.content.decode() and "webcal://" in made.content.decode()
        assert made.headers["Cache-Control"] == "private, no-store"
        assert address.rsplit("/", 1)[1] not in again
        assert again.count("Made on ") == 2
        assert list(events_at(address.removeprefix(settings.SITE_URL))) == ["Gentle Back Care"]

    def test_looking_at_the_page_makes_nothing(self, instructors_client: Client) -> None:
        """Fault 59."""
        instructors_client.get("/teach/feeds/?of=instructor")

        assert not FeedToken.objects.exists()

    def test_it_is_ended_by_its_button(self, instructor: Instructor, instructors_client: Client) -> None:
        address = address_of(instructor)
        feed = FeedToken.objects.get()

        instructors_client.get(f"/teach/feeds/{feed.pk}/revoke/")
        by_link = Client().get(address).status_code
        answer = instructors_client.post(f"/teach/feeds/{feed.pk}/revoke/", follow=True)

        assert (by_link, Client().get(address).status_code) == (200, 404)
        assert "This address has ended." in answer.content.decode()

    def test_a_manager_makes_those_of_locations_and_ends_all(
        self, instructor: Instructor, managers_client: Client
    ) -> None:
        house = LocationFactory(name="Garden House")
        address_of(instructor)

        made = managers_client.post("/teach/feeds/", {"of": str(house.pk)})
        managers_client.post(f"/teach/feeds/{instructor.feed_tokens.get().pk}/revoke/")

        assert "A new address for Garden House" in made.content.decode()
        assert [feed.revoked_at is None for feed in FeedToken.objects.order_by("pk")] == [False, True]

    def test_one_too_many_is_refused_in_words(self, instructor: Instructor, instructors_client: Client) -> None:
        for _number in range(MOST_FEEDS):
            address_of(instructor)

        answer = instructors_client.post("/teach/feeds/", {"of": "instructor"}, follow=True)

        assert "There are 10 addresses already." in answer.content.decode()

    def test_what_is_somebody_elses_is_not_found(self, instructors_client: Client) -> None:
        """Fault 51."""
        other = InstructorFactory()
        address_of(other)
        house = LocationFactory()

        statuses = [
            instructors_client.post(f"/teach/feeds/{other.feed_tokens.get().pk}/revoke/").status_code,
            instructors_client.post("/teach/feeds/", {"of": str(house.pk)}).status_code,
            instructors_client.post("/teach/feeds/", {"of": "\0"}).status_code,
        ]

        assert statuses == [404, 404, 404]
        assert FeedToken.objects.live().count() == 1
        assert other.name not in instructors_client.get("/teach/feeds/").content.decode()

    @pytest.mark.parametrize("role", [roles.PATIENT, roles.FRONT_DESK, None])
    def test_the_page_is_for_who_plans_classes(self, role: str | None, client: Client) -> None:
        if role:
            client.force_login(UserFactory(role=role))

        statuses = {client.post(path).status_code for path in ("/teach/feeds/", "/teach/feeds/1/revoke/")}

        assert statuses == ({403} if role else {302})

"""Moving and resizing in the calendar: every refusal with its reason, and who is asked what before."""

import re
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from booking.models import Booking
from notifications.models import Message
from scheduling.models import Instructor, Series, Slot, SlotChange
from scheduling.operations import stamp_series
from tests.factories import (
    BookingFactory,
    ClosureFactory,
    QualificationFactory,
    SeriesFactory,
    SlotFactory,
    TimeOffFactory,
)
from tests.scheduling.conftest import StandAt

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

TUESDAY_SIX = datetime(2026, 11, 24, 17, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEDNESDAY = {"day": "2026-11-25", "wall_time": "18:00", "minutes": "60"}


@pytest.fixture
def slot(instructor: Instructor) -> Slot:
    """Gentle Back Care of Asha Lind on Tuesday at 18:00."""
    return SlotFactory(instructor=instructor, class_type__name="Gentle Back Care", starts_at=TUESDAY_SIX)


@pytest.fixture
def series(instructor: Instructor) -> Series:
    """Her weekly class on Tuesdays at 18:00, four times."""
    made = SeriesFactory(
        instructor=instructor, starts_on=date(2026, 11, 24), ends_on=date(2026, 12, 15), wall_time=time(18)
    )
    stamp_series(series=made)
    return made


def move(client: Client, slot: Slot, **values: Any) -> tuple[int, dict[str, str]]:
    """Move a class to Wednesday at 18:00, or as `values` say: the status and the answer."""
    sent = WEDNESDAY | {"revision": slot.revision} | values
    answer = client.post(f"/teach/calendar/slots/{slot.pk}/move/", sent)
    return answer.status_code, answer.json()


def refused(client: Client, slot: Slot, **values: Any) -> tuple[int, dict[str, str]]:
    """The answer to a move that must leave the class where it stands."""
    stood = (slot.starts_at, slot.ends_at, slot.revision)
    answer = move(client, slot, **values)
    slot.refresh_from_db()
    assert (slot.starts_at, slot.ends_at, slot.revision) == stood
    return answer


def read(question: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", question))).strip()


def test_moves_a_class_and_says_where(slot: Slot, instructors_client: Client) -> None:
    answer = move(instructors_client, slot)

    slot.refresh_from_db()
    assert answer == (200, {"said": "Changed: Gentle Back Care, Wednesday 25 November, 18:00–19:00 (Berlin time)."})
    assert (slot.starts_at, slot.ends_at, slot.revision) == (TUESDAY_SIX + DAY, TUESDAY_SIX + DAY + HOUR, 1)
    assert SlotChange.objects.get().made_by == slot.instructor.user


def test_makes_a_class_longer(slot: Slot, instructors_client: Client) -> None:
    status, _answer = move(instructors_client, slot, day="2026-11-24", minutes="75")

    slot.refresh_from_db()
    assert (status, slot.starts_at, slot.minutes) == (200, TUESDAY_SIX, 75)


def test_moves_a_draft_without_telling_anybody(slot: Slot, instructors_client: Client) -> None:
    Slot.objects.filter(pk=slot.pk).update(state=Slot.State.DRAFT, published_at=None)

    status, answer = move(instructors_client, slot)

    slot.refresh_from_db()
    assert (status, list(answer), slot.starts_at) == (200, ["said"], TUESDAY_SIX + DAY)
    assert Message.objects.count() == 0


def test_what_is_where_it_was_is_no_change(slot: Slot, instructors_client: Client) -> None:
    assert move(instructors_client, slot, day="2026-11-24") == (200, {"said": "Nothing has changed."})
    assert SlotChange.objects.count() == 0


class TestRefusals:
    def test_room_is_taken(self, slot: Slot, instructors_client: Client) -> None:
        SlotFactory(room=slot.room, class_type__name="Steady Core", starts_at=TUESDAY_SIX + DAY)

        words = (
            f"{slot.room} is taken at that time: Steady Core, Wednesday 25 November, 18:00–19:00 (Berlin time). "
            "Please choose another time or room."
        )
        assert refused(instructors_client, slot) == (409, {"code": "room_taken", "detail": words})

    def test_instructor_teaches(self, slot: Slot, instructors_client: Client) -> None:
        SlotFactory(instructor=slot.instructor, class_type__name="Steady Core", starts_at=TUESDAY_SIX + DAY)

        words = (
            "Asha Lind teaches at that time: Steady Core, Wednesday 25 November, 18:00–19:00 (Berlin time). "
            "Please choose another time."
        )
        assert refused(instructors_client, slot) == (409, {"code": "instructor_teaching", "detail": words})

    def test_closed(self, slot: Slot, instructors_client: Client) -> None:
        ClosureFactory(starts_at=TUESDAY_SIX + DAY, reason="Works")

        words = "The whole clinic: closed at that time (Works). Please choose another time."
        assert refused(instructors_client, slot) == (409, {"code": "closed", "detail": words})

    def test_instructor_is_away(self, slot: Slot, instructors_client: Client) -> None:
        TimeOffFactory(instructor=slot.instructor, starts_at=TUESDAY_SIX + DAY)

        words = "Asha Lind is away at that time. Please choose another time or instructor."
        assert refused(instructors_client, slot) == (409, {"code": "instructor_away", "detail": words})

    def test_not_qualified(self, slot: Slot, instructors_client: Client) -> None:
        slot.class_type.qualifications.add(QualificationFactory(name="Spine"))

        words = "Asha Lind does not hold Spine on that day, which Gentle Back Care asks for."
        assert refused(instructors_client, slot) == (409, {"code": "not_qualified", "detail": words})

    def test_in_the_past(self, slot: Slot, instructors_client: Client) -> None:
        words = "This time is over. Please choose one in the future."
        answer = refused(instructors_client, slot, day="2026-11-20")

        assert answer == (422, {"code": "slot_in_the_past", "detail": words})

    def test_too_far_ahead(self, slot: Slot, instructors_client: Client) -> None:
        words = "Please choose a day within the next two years."
        assert refused(instructors_client, slot, day="2029-01-01") == (422, {"code": "too_far_ahead", "detail": words})

    def test_changed_meanwhile(self, slot: Slot, instructors_client: Client) -> None:
        Slot.objects.filter(pk=slot.pk).update(revision=1)
        slot.refresh_from_db()

        words = "Somebody else has changed this class meanwhile. Please look at it again; nothing of yours was saved."
        assert refused(instructors_client, slot, revision=0) == (409, {"code": "changed_meanwhile", "detail": words})

    @pytest.mark.parametrize("how", ["begun", "cancelled"])
    def test_begun_or_cancelled(self, slot: Slot, instructors_client: Client, stand_at: StandAt, how: str) -> None:
        if how == "begun":
            stand_at(TUESDAY_SIX)
        else:
            Slot.objects.filter(pk=slot.pk).update(state=Slot.State.CANCELLED, cancelled_at=TUESDAY_SIX)

        words = "This class has begun or was cancelled, so it cannot be changed any more."
        assert refused(instructors_client, slot) == (409, {"code": "cannot_change", "detail": words})

    def test_a_wall_time_that_does_not_exist(self, slot: Slot, instructors_client: Client) -> None:
        words = (
            "There is no 02:30 on Sunday 28 March 2027 in Berlin: the clocks jump over it that night. "
            "Please choose an earlier or later time."
        )
        answer = refused(instructors_client, slot, day="2027-03-28", wall_time="02:30")

        assert answer == (422, {"code": "nonexistent_wall_time", "detail": words})

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"minutes": "0"}, "A class lasts 5 to 600 minutes."),
            ({"minutes": "601"}, "A class lasts 5 to 600 minutes."),
            ({"minutes": "99999999999999999999"}, "A class lasts 5 to 600 minutes."),
            ({"minutes": ""}, "A class lasts 5 to 600 minutes."),
            ({"day": "soon"}, "Please choose a day and a time."),
            ({"day": "2026-11-25\0"}, "Please choose a day and a time."),
            ({"wall_time": "25:00", "day": ""}, "Please choose a day and a time."),
            ({"fold": "2"}, "Select a valid choice. 2 is not one of the available choices."),
        ],
    )
    def test_what_is_no_time(self, slot: Slot, instructors_client: Client, values: dict[str, str], words: str) -> None:
        assert refused(instructors_client, slot, **values) == (422, {"code": "move_not_understood", "detail": words})

    def test_somebody_elses_class_does_not_exist(self, instructors_client: Client) -> None:
        slot = SlotFactory(starts_at=TUESDAY_SIX)

        answer = instructors_client.post(f"/teach/calendar/slots/{slot.pk}/move/", WEDNESDAY | {"revision": 0})

        assert answer.status_code == 404
        assert Slot.objects.get().starts_at == TUESDAY_SIX

    def test_a_link_moves_nothing(self, slot: Slot, instructors_client: Client) -> None:
        answer = instructors_client.get(f"/teach/calendar/slots/{slot.pk}/move/", WEDNESDAY)

        assert (answer.status_code, answer["Location"]) == (302, "/teach/calendar/")


class TestTheHourThatComesTwice:
    NIGHT = {"day": "2027-10-31", "wall_time": "02:30"}
    QUESTION = (
        "Which of the two? 02:30 on Sunday 31 October 2027 happens twice in Berlin, because the clocks are set back "
        "that night. Please say which one you mean. Gentle Back Care shall begin at "
        "the first one, before the clocks are set back the second one, after the clocks are set back Go on Leave it"
    )

    def test_is_asked_about_before_anything_is_saved(self, slot: Slot, instructors_client: Client) -> None:
        status, answer = move(instructors_client, slot, **self.NIGHT)

        slot.refresh_from_db()
        assert (status, read(answer["question"])) == (200, self.QUESTION)
        assert (slot.starts_at, slot.revision) == (TUESDAY_SIX, 0)

    @pytest.mark.parametrize(("fold", "hour"), [("0", 0), ("1", 1)], ids=["first", "second"])
    def test_takes_the_half_that_was_chosen(self, slot: Slot, instructors_client: Client, fold: str, hour: int) -> None:
        status, answer = move(instructors_client, slot, **self.NIGHT, fold=fold)

        slot.refresh_from_db()
        assert (status, list(answer)) == (200, ["said"])
        assert slot.starts_at == datetime(2027, 10, 31, hour, 30, tzinfo=UTC)

    def test_who_has_booked_is_asked_about_next(self, slot: Slot, instructors_client: Client) -> None:
        BookingFactory(slot=slot)

        _status, which = move(instructors_client, slot, **self.NIGHT)
        _status, whom = move(instructors_client, slot, **self.NIGHT, fold="1")
        status, _said = move(instructors_client, slot, **self.NIGHT, fold="1", **{"scope": "this", "told-this": "1"})

        slot.refresh_from_db()
        assert read(which["question"]) == self.QUESTION
        assert "1 booked patient is told" in whom["question"]
        assert (status, slot.starts_at) == (200, datetime(2027, 10, 31, 1, 30, tzinfo=UTC))

    def test_is_asked_about_where_only_another_class_of_the_series_meets_it(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        series = SeriesFactory(
            instructor=instructor, starts_on=date(2027, 10, 24), ends_on=date(2027, 10, 31), wall_time=time(1)
        )
        stamp_series(series=series, until=date(2027, 11, 1))
        slot = series.slots.get(series_day=date(2027, 10, 24))
        wanted = {"day": "2027-10-24", "wall_time": "02:30", "scope": "following"}

        _status, answer = move(instructors_client, slot, **wanted)
        status, _said = move(instructors_client, slot, **wanted, fold="1")

        assert "02:30 on Sunday 31 October 2027 happens twice" in read(answer["question"])
        assert status == 200
        assert [f"{each.starts_at:%d %H:%M}" for each in series.slots.order_by("starts_at")] == ["24 00:30", "31 01:30"]

    @pytest.mark.parametrize("hour", [0, 1], ids=["first", "second"])
    def test_resizing_keeps_the_half_that_it_is_in(
        self, instructor: Instructor, instructors_client: Client, hour: int
    ) -> None:
        start = datetime(2027, 10, 31, hour, 30, tzinfo=UTC)
        slot = SlotFactory(instructor=instructor, starts_at=start)

        status, _answer = move(instructors_client, slot, day="2027-10-31", wall_time="02:30", minutes="90")

        slot.refresh_from_db()
        assert (status, slot.starts_at, slot.minutes) == (200, start, 90)


class TestPeopleWhoHaveBooked:
    def test_are_named_before_anything_is_saved(self, slot: Slot, instructors_client: Client) -> None:
        BookingFactory(slot=slot)
        BookingFactory(slot=slot, state=Booking.State.HELD)
        before = Message.objects.count()

        status, answer = move(instructors_client, slot)

        assert status == 200
        assert read(answer["question"]) == (
            "Change this class? Gentle Back Care would be on: Wednesday 25 November, 18:00–19:00 (Berlin time) "
            "2 booked patients are told, and may cancel free of charge. Change it Leave it"
        )
        slot.refresh_from_db()
        assert (slot.starts_at, slot.revision, Message.objects.count()) == (TUESDAY_SIX, 0, before)

    def test_are_told_once_somebody_has_agreed(self, slot: Slot, instructors_client: Client) -> None:
        BookingFactory(slot=slot)

        status, answer = move(instructors_client, slot, **{"scope": "this", "told-this": "1"})

        slot.refresh_from_db()
        assert (status, slot.starts_at) == (200, TUESDAY_SIX + DAY)
        assert answer["said"].endswith("(Berlin time). 1 patient is told.")

    def test_are_asked_about_again_when_they_became_more(self, slot: Slot, instructors_client: Client) -> None:
        BookingFactory(slot=slot)
        BookingFactory(slot=slot)

        _status, answer = move(instructors_client, slot, **{"scope": "this", "told-this": "1"})

        slot.refresh_from_db()
        assert "2 booked patients are told" in answer["question"]
        assert slot.starts_at == TUESDAY_SIX

    def test_are_not_asked_about_where_the_move_is_refused_anyway(self, slot: Slot, instructors_client: Client) -> None:
        BookingFactory(slot=slot)
        ClosureFactory(starts_at=TUESDAY_SIX + DAY)

        status, answer = move(instructors_client, slot)

        assert (status, answer["code"]) == (409, "closed")


class TestASeries:
    def starts(self, series: Series) -> list[str]:
        slots = Slot.objects.filter(instructor=series.instructor)
        return [f"{slot.starts_at:%d %b %H}" for slot in slots]

    def test_asks_which_classes_are_meant(self, series: Series, instructors_client: Client) -> None:
        slots = list(series.slots.order_by("starts_at"))
        BookingFactory(slot=slots[0])
        BookingFactory(slot=slots[2])

        _status, answer = move(instructors_client, slots[1], day="2026-12-01", wall_time="19:00")

        assert read(answer["question"]).endswith(
            "It belongs to a series. What shall change? "
            "Only this class Nobody has booked, so nobody is told. "
            "This and the following classes 3 classes. 1 booked patient is told, and may cancel free of charge. "
            "All upcoming classes of the series 4 classes. "
            "2 booked patients are told, and may cancel free of charge. Change it Leave it"
        )
        assert self.starts(series) == ["24 Nov 17", "01 Dec 17", "08 Dec 17", "15 Dec 17"]

    @pytest.mark.parametrize(
        ("scope", "starts", "said"),
        [
            ("this", ["24 Nov 17", "01 Dec 18", "08 Dec 17", "15 Dec 17"], ""),
            (
                "following",
                ["24 Nov 17", "01 Dec 18", "08 Dec 18", "15 Dec 18"],
                " 2 other classes of the series too.",
            ),
            (
                "upcoming",
                ["24 Nov 18", "01 Dec 18", "08 Dec 18", "15 Dec 18"],
                " 3 other classes of the series too.",
            ),
        ],
    )
    def test_moves_the_classes_that_were_chosen(
        self, series: Series, instructors_client: Client, scope: str, starts: list[str], said: str
    ) -> None:
        slot = series.slots.get(series_day=date(2026, 12, 1))

        status, answer = move(instructors_client, slot, day="2026-12-01", wall_time="19:00", scope=scope)

        assert (status, self.starts(series)) == (200, starts)
        assert answer["said"].endswith(f"Tuesday 1 December, 19:00–20:00 (Berlin time).{said}")

    def test_with_a_day_in_the_way_moves_nothing(self, series: Series, instructors_client: Client) -> None:
        slot = series.slots.get(series_day=date(2026, 12, 1))
        ClosureFactory(starts_at=datetime(2026, 12, 8, 18, tzinfo=UTC), ends_at=datetime(2026, 12, 8, 20, tzinfo=UTC))

        status, answer = move(instructors_client, slot, day="2026-12-01", wall_time="19:00", scope="following")

        assert (status, answer["code"]) == (409, "days_blocked")
        assert self.starts(series) == ["24 Nov 17", "01 Dec 17", "08 Dec 17", "15 Dec 17"]

    def test_a_single_class_has_no_other_scope(self, slot: Slot, instructors_client: Client) -> None:
        _status, answer = move(instructors_client, slot, scope="upcoming")

        slot.refresh_from_db()
        assert "question" in answer
        assert slot.starts_at == TUESDAY_SIX

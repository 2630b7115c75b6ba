"""The pages of closures and times off: nothing is cancelled silently, and each choice is its own step."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts import roles
from booking.models import Booking
from booking.tasks import end_bookings_of_cancelled_slots
from scheduling.models import Closure, Instructor, Slot, SubstituteRequest, TimeOff
from tests.booking.reading import buttons, without_writing, words
from tests.factories import (
    BookingFactory,
    ClosureFactory,
    InstructorFactory,
    RoomFactory,
    SlotFactory,
    TimeOffFactory,
    UserFactory,
)
from tests.scheduling.outline import headings, skips_no_level

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

CLOSURES, TIME_OFF = "/manage/closures/", "/teach/time-off/"
CHRISTMAS = {"place": "clinic", "first_day": "2026-12-24", "last_day": "2026-12-26", "reason": "Christmas"}
CHRISTMAS_EVE = datetime(2026, 12, 24, 9, tzinfo=UTC)
WHOLE_DAYS = (datetime(2026, 12, 23, 23, tzinfo=UTC), datetime(2026, 12, 26, 23, tzinfo=UTC))
ABSENT = {"starts_at": WHOLE_DAYS[0], "ends_at": WHOLE_DAYS[1]}


def times_of(absence: Closure | TimeOff) -> tuple[datetime, datetime]:
    return absence.starts_at, absence.ends_at


class TestClosures:
    def test_are_whole_days_at_the_clinic_unless_hours_are_given(self, managers_client: Client) -> None:
        answer = managers_client.post(CLOSURES, CHRISTMAS, follow=True)

        assert times_of(Closure.objects.get()) == WHOLE_DAYS
        assert "Added: Christmas: Thursday 24 December – Saturday 26 December." in words(answer)
        assert "The whole clinic" in words(answer)

    def test_of_one_day_need_one_day_only(self, managers_client: Client) -> None:
        managers_client.post(
            CLOSURES, {"place": "clinic", "first_day": "2026-12-24", "begins": "12:00", "reason": "Party"}
        )

        closure = Closure.objects.get()
        assert times_of(closure) == (datetime(2026, 12, 24, 11, tzinfo=UTC), datetime(2026, 12, 24, 23, tzinfo=UTC))
        assert closure.when == "Thursday 24 December, 12:00 – Friday 25 December, 00:00 (Berlin time)"

    def test_of_a_room_or_a_location_name_it(self, managers_client: Client) -> None:
        room = RoomFactory()

        managers_client.post(CLOSURES, CHRISTMAS | {"place": f"room-{room.pk}"})
        managers_client.post(CLOSURES, CHRISTMAS | {"place": f"location-{room.location_id}"})

        assert [(each.room, each.location) for each in Closure.objects.order_by("pk")] == [
            (room, None),
            (None, room.location),
        ]

    def test_over_the_hour_that_happens_twice_cover_both(self, managers_client: Client) -> None:
        night = {
            "place": "clinic",
            "first_day": "2027-10-31",
            "begins": "02:15",
            "ends": "02:45",
            "reason": "Power cut",
        }

        managers_client.post(CLOSURES, night)

        closure = Closure.objects.get()
        assert closure.ends_at - closure.starts_at == timedelta(minutes=90)

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"first_day": ""}, "Please choose the day."),
            ({"first_day": "9999-12-31"}, "Please choose a day within the next two years."),
            ({"last_day": "9999-12-31"}, "Please choose a day within the next two years."),
            ({"first_day": "0001-01-01"}, "This time is over already."),
            ({"first_day": "2026-11-01", "last_day": "2026-11-02"}, "This time is over already."),
            ({"last_day": "2026-12-23"}, "This ends before it begins."),
            ({"begins": "soon"}, "Please write the time as hours and minutes"),
            (
                {"first_day": "2027-03-28", "last_day": "", "begins": "02:30"},
                "There is no 02:30 on Sunday 28 March 2027",
            ),
            ({"place": ""}, "Please choose what is closed."),
            ({"place": "room-999"}, "Please choose one from the list."),
            ({"place": "\x00"}, "Please choose one from the list."),
            ({"reason": ""}, "Please write why"),
            ({"reason": "x" * 201}, "at most 200 characters"),
            ({"reason": "\x00"}, "Null characters are not allowed."),
        ],
    )
    def test_say_beside_the_field_what_is_wrong(
        self, managers_client: Client, typed: dict[str, str], said: str
    ) -> None:
        page = managers_client.post(CLOSURES, CHRISTMAS | typed)

        assert page.status_code == 422
        assert said in words(page)
        assert not Closure.objects.exists()

    def test_lead_to_the_classes_in_them_with_what_each_choice_means(self, managers_client: Client) -> None:
        busy, _idle, _draft = (
            SlotFactory(starts_at=CHRISTMAS_EVE, class_type__name=name, **more)
            for name, more in [("Busy", {}), ("Idle", {}), ("Unseen", {"state": Slot.State.DRAFT})]
        )
        for _ in range(3):
            BookingFactory(slot=busy)

        page = managers_client.post(CLOSURES, CHRISTMAS, follow=True)

        text = words(page)
        assert "3 classes need your decision" in text
        assert "3 people booked. If you cancel, they will be told and get their money back." in text
        assert "Nobody has booked." in text
        assert "No patient has seen it. It cannot be published at this time unless you keep it." in text
        choices = ("Keep the class", "Cancel the class", "Keep the draft", "Cancel the draft")
        assert [text.count(choice) for choice in choices] == [2, 2, 1, 1]
        assert skips_no_level(page.content.decode())
        assert headings(page.content.decode())[0] == (1, "Christmas")
        assert Slot.objects.not_cancelled().count() == 3

    def test_cancel_a_class_with_their_reason_and_give_the_money_back(self, managers_client: Client) -> None:
        booking = BookingFactory(slot__starts_at=CHRISTMAS_EVE)
        slot, closure = booking.slot, ClosureFactory(reason="Christmas", **ABSENT)

        page = managers_client.post(
            f"{CLOSURES}{closure.pk}/slots/{slot.pk}/cancel/", {"revision": slot.revision}, follow=True
        )
        end_bookings_of_cancelled_slots()

        slot.refresh_from_db()
        booking.refresh_from_db()
        assert (slot.state, slot.cancel_reason) == (Slot.State.CANCELLED, "Christmas")
        assert booking.state not in Booking.LIVE
        assert "1 person is told, and gets back what was paid." in words(page)
        assert "None. Nobody needs to be told." in words(page)

    def test_keep_a_class_and_say_so(self, managers_client: Client) -> None:
        slot, closure = SlotFactory(starts_at=CHRISTMAS_EVE), ClosureFactory(**ABSENT)
        before = words(managers_client.get(CLOSURES))

        page = managers_client.post(f"{CLOSURES}{closure.pk}/slots/{slot.pk}/keep/", follow=True)

        slot.refresh_from_db()
        assert slot.is_published
        assert "1 class to decide about" in before
        assert "Kept: " in words(page) and "needs your decision" not in words(page)
        assert "Keep the class" not in words(page) and "Cancel the class" in words(page)
        assert "to decide about" not in words(managers_client.get(CLOSURES))

    @pytest.mark.parametrize("revision", ["", "0", "x", "9" * 50])
    def test_cancel_no_class_that_has_changed_since_it_was_shown(self, managers_client: Client, revision: str) -> None:
        slot, closure = SlotFactory(starts_at=CHRISTMAS_EVE, revision=1), ClosureFactory(**ABSENT)

        page = managers_client.post(
            f"{CLOSURES}{closure.pk}/slots/{slot.pk}/cancel/", {"revision": revision}, follow=True
        )

        slot.refresh_from_db()
        assert slot.is_published
        assert "Somebody else has changed this class meanwhile." in words(page)

    @pytest.mark.parametrize("choice", ["cancel", "keep"])
    def test_choose_nothing_for_a_class_outside(self, managers_client: Client, choice: str) -> None:
        slot, closure = SlotFactory(starts_at=WHOLE_DAYS[1]), ClosureFactory(**ABSENT)

        answer = managers_client.post(f"{CLOSURES}{closure.pk}/slots/{slot.pk}/{choice}/", {"revision": 0})

        assert answer.status_code == 404
        assert Slot.objects.published().count() == 1

    def test_are_removed_by_a_form_only(self, managers_client: Client) -> None:
        closure = ClosureFactory(**ABSENT)
        remove = f"{CLOSURES}{closure.pk}/remove/"

        without_writing(lambda: managers_client.get(remove))
        page = managers_client.post(remove, follow=True)

        assert "Removed: Works: Thursday 24 December – Saturday 26 December." in words(page)
        assert "Nothing is closed" in words(page)
        assert buttons(page) == ["Add closure"]

    def test_are_removed_and_added_once_by_two_clicks(self, managers_client: Client) -> None:
        for _ in range(2):
            managers_client.post(CLOSURES, CHRISTMAS)
        closure = Closure.objects.get()

        pages = [managers_client.post(f"{CLOSURES}{closure.pk}/remove/", follow=True) for _ in range(2)]

        assert "Removed: Christmas" in words(pages[0])
        assert "This closure is removed already." in words(pages[1])
        assert not Closure.objects.exists()

    @pytest.mark.parametrize(
        "other", [{"place": "location"}, {"last_day": "2026-12-27"}, {"first_day": "2026-12-25"}, {"reason": "Works"}]
    )
    def test_that_differ_in_anything_are_two(self, managers_client: Client, other: dict[str, str]) -> None:
        other = other if "place" not in other else {"place": f"location-{RoomFactory().location_id}"}

        for typed in (CHRISTMAS, CHRISTMAS | other):
            managers_client.post(CLOSURES, typed)

        assert Closure.objects.count() == 2

    def test_say_that_a_class_is_cancelled_already(self, managers_client: Client) -> None:
        slot, closure = SlotFactory(starts_at=CHRISTMAS_EVE), ClosureFactory(**ABSENT)
        cancel = f"{CLOSURES}{closure.pk}/slots/{slot.pk}/cancel/"

        pages = [managers_client.post(cancel, {"revision": 0}, follow=True) for _ in range(2)]

        slot.refresh_from_db()
        assert (slot.is_cancelled, slot.revision) == (True, 1)
        assert "Cancelled: " in words(pages[0])
        assert "This class is cancelled already." in words(pages[1])

    @pytest.mark.parametrize("rows", [1, 3])
    def test_cost_the_same_queries_for_many(
        self, managers_client: Client, rows: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for _ in range(rows):
            ClosureFactory(room=RoomFactory(), **ABSENT)
            SlotFactory(starts_at=CHRISTMAS_EVE)

        with django_assert_num_queries(8):  # session, account, roles, locations, rooms, closures, kept, counts
            page = managers_client.get(CLOSURES)

        assert words(page).count("Works") == rows


class TestTimeOff:
    def test_is_ones_own_for_an_instructor(self, instructor: Instructor, instructors_client: Client) -> None:
        other = InstructorFactory()
        typed = {"first_day": "2026-12-24", "last_day": "2026-12-26", "note": "Holiday", "instructor": other.pk}

        page = instructors_client.post(TIME_OFF, typed, follow=True)

        time_off = TimeOff.objects.get()
        assert (time_off.instructor, *times_of(time_off)) == (instructor, *WHOLE_DAYS)
        assert "Added: Asha Lind: Thursday 24 December – Saturday 26 December." in words(page)

    def test_is_added_by_a_manager_for_anybody(self, managers_client: Client) -> None:
        teacher = InstructorFactory()

        unnamed = managers_client.post(TIME_OFF, {"first_day": "2026-12-24"})
        managers_client.post(TIME_OFF, {"first_day": "2026-12-24", "instructor": teacher.pk})

        assert "Please choose who is away." in words(unnamed)
        assert TimeOff.objects.get().instructor == teacher

    def test_of_others_is_none_of_an_instructors_business(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        TimeOffFactory(instructor=instructor, note="Mine", **ABSENT)
        others = TimeOffFactory(note="Theirs", **ABSENT)
        slot = SlotFactory(instructor=others.instructor, starts_at=CHRISTMAS_EVE)
        one = f"{TIME_OFF}{others.pk}/"

        text = words(instructors_client.get(TIME_OFF))
        answers = [
            instructors_client.get(one),
            instructors_client.post(f"{one}remove/"),
            instructors_client.post(f"{one}slots/{slot.pk}/keep/"),
            instructors_client.post(f"{one}slots/{slot.pk}/cancel/", {"revision": 0}),
        ]

        assert "Mine" in text and "Theirs" not in text
        assert [answer.status_code for answer in answers] == [404] * 4
        assert TimeOff.objects.count() == 2 and Slot.objects.published().count() == 1

    def test_cancels_a_class_without_saying_why(self, instructor: Instructor, instructors_client: Client) -> None:
        time_off = TimeOffFactory(instructor=instructor, note="At the dentist", **ABSENT)
        slot = SlotFactory(instructor=instructor, starts_at=CHRISTMAS_EVE)

        page = instructors_client.post(f"{TIME_OFF}{time_off.pk}/slots/{slot.pk}/cancel/", {"revision": 0}, follow=True)

        slot.refresh_from_db()
        assert (slot.state, slot.cancel_reason) == (Slot.State.CANCELLED, "")
        assert "Nobody was booked." in words(page)

    def test_keeps_a_class(self, instructor: Instructor, instructors_client: Client) -> None:
        time_off = TimeOffFactory(instructor=instructor, **ABSENT)
        slot = SlotFactory(instructor=instructor, starts_at=CHRISTMAS_EVE)

        instructors_client.post(f"{TIME_OFF}{time_off.pk}/slots/{slot.pk}/keep/")

        assert list(time_off.kept.all()) == [slot]

    def test_asks_the_colleagues_to_take_a_class_over(self, instructor: Instructor, instructors_client: Client) -> None:
        time_off = TimeOffFactory(instructor=instructor, **ABSENT)
        slot = SlotFactory(instructor=instructor, starts_at=CHRISTMAS_EVE)
        shown = words(instructors_client.get(f"{TIME_OFF}{time_off.pk}/"))

        page = instructors_client.post(f"{TIME_OFF}{time_off.pk}/slots/{slot.pk}/ask/", follow=True)

        request = SubstituteRequest.objects.get()
        assert (request.slot, request.instead_of, request.asked_by) == (slot, instructor, instructor.user)
        assert "Ask for a substitute" in shown and "Looking for a substitute" not in shown
        assert "Looking for a substitute" in words(page) and "Ask for a substitute" not in words(page)
        assert "1 class needs your decision" in words(page)

    def test_is_removed_by_its_instructor(self, instructor: Instructor, instructors_client: Client) -> None:
        time_off = TimeOffFactory(instructor=instructor, **ABSENT)

        instructors_client.post(f"{TIME_OFF}{time_off.pk}/remove/")

        assert not TimeOff.objects.exists()

    def test_is_added_and_removed_once_by_two_clicks(self, instructor: Instructor, instructors_client: Client) -> None:
        for _ in range(2):
            instructors_client.post(TIME_OFF, {"first_day": "2026-12-24", "note": "Holiday"})
        time_off = TimeOff.objects.get()

        pages = [instructors_client.post(f"{TIME_OFF}{time_off.pk}/remove/", follow=True) for _ in range(2)]

        assert "Removed: Asha Lind" in words(pages[0])
        assert "This time off is removed already." in words(pages[1])

    def test_that_is_a_colleagues_and_gone_is_named_to_nobody(self, instructors_client: Client) -> None:
        gone = TimeOffFactory(instructor=InstructorFactory(user__name="Ben Ott"), note="Theirs", **ABSENT)
        TimeOff.objects.all().delete()

        text = words(instructors_client.post(f"{TIME_OFF}{gone.pk}/remove/", follow=True))

        assert "This time off is removed already." in text
        assert "Ben Ott" not in text and "Theirs" not in text

    def test_says_nothing_of_a_colleagues_cancelled_class(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        time_off = TimeOffFactory(instructor=instructor, **ABSENT)
        others = SlotFactory(state=Slot.State.CANCELLED, starts_at=CHRISTMAS_EVE)

        answer = instructors_client.post(f"{TIME_OFF}{time_off.pk}/slots/{others.pk}/cancel/", {"revision": 0})

        assert answer.status_code == 404

    def test_without_an_instructors_entry_says_what_to_do(self, client: Client) -> None:
        client.force_login(UserFactory(role=roles.INSTRUCTOR))

        shown, posted = client.get(TIME_OFF), client.post(TIME_OFF, {"first_day": "2026-12-24"})

        assert "You are not in the list of instructors" in words(shown)
        assert posted.status_code == 200 and not TimeOff.objects.exists()


class TestWhoMayComeIn:
    """Fault 51: every address by every role."""

    ADDRESSES = [
        ("get", CLOSURES),
        ("post", CLOSURES),
        ("get", CLOSURES + "{closure.pk}/"),
        ("post", CLOSURES + "{closure.pk}/remove/"),
        ("post", CLOSURES + "{closure.pk}/slots/{slot.pk}/cancel/"),
        ("post", CLOSURES + "{closure.pk}/slots/{slot.pk}/keep/"),
        ("get", TIME_OFF),
        ("post", TIME_OFF),
        ("get", TIME_OFF + "{time_off.pk}/"),
        ("post", TIME_OFF + "{time_off.pk}/remove/"),
        ("post", TIME_OFF + "{time_off.pk}/slots/{slot.pk}/cancel/"),
        ("post", TIME_OFF + "{time_off.pk}/slots/{slot.pk}/keep/"),
        ("post", TIME_OFF + "{time_off.pk}/slots/{slot.pk}/ask/"),
    ]

    @pytest.mark.parametrize("role", [None, roles.PATIENT, roles.FRONT_DESK, roles.INSTRUCTOR])
    @pytest.mark.parametrize(("method", "address"), ADDRESSES)
    def test_nobody_else_may(self, client: Client, role: str | None, method: str, address: str) -> None:
        rows: dict[str, Any] = {"closure": ClosureFactory(**ABSENT), "time_off": TimeOffFactory(**ABSENT)}
        rows["slot"] = SlotFactory(instructor=rows["time_off"].instructor, starts_at=CHRISTMAS_EVE)
        if role:
            client.force_login(UserFactory(role=role))

        data = CHRISTMAS | {"revision": 0}
        answer = getattr(client, method)(address.format(**rows), data if method == "post" else {})

        is_teaching = role == roles.INSTRUCTOR and address.startswith(TIME_OFF)
        expected = 403 if role else 302
        if is_teaching:
            expected = 200 if address == TIME_OFF else 404  # the page itself is theirs, but nothing of others in it
        assert answer.status_code == expected
        if role is None:
            assert answer["Location"].startswith("/accounts/login/")
        assert (Closure.objects.count(), TimeOff.objects.count()) == (1, 1)
        assert Slot.objects.published().count() == 1 and not SubstituteRequest.objects.exists()

    @pytest.mark.parametrize("address", [CLOSURES, TIME_OFF])
    def test_get_writes_nothing(self, managers_client: Client, address: str) -> None:
        assert without_writing(lambda: managers_client.get(address)).status_code == 200

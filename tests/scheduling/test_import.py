"""A timetable from a spreadsheet: each row's outcome, and all of it or nothing."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts import roles
from accounts.models import User
from core import clock
from core.errors import DomainError
from scheduling.models import ClassType, Instructor, Room, Series, Slot
from scheduling.operations.imports import PlannedRow, RowsRefused, import_timetable, preview_import
from scheduling.sheet import MOST_BYTES, read_rows
from tests.factories import (
    CertificateFactory,
    ClassTypeFactory,
    ClosureFactory,
    InstructorFactory,
    LocationFactory,
    QualificationFactory,
    RoomFactory,
    SeriesFactory,
    SlotFactory,
    UserFactory,
)
from tests.scheduling.rows import HEADER, row, sheet

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _house(monday: datetime, instructor: Instructor) -> None:
    """Asha Lind teaches Gentle Back Care in Willow; it is Monday 23 November 2026."""
    RoomFactory(name="Willow", location=LocationFactory(name="Garden House"))
    ClassTypeFactory(name="Gentle Back Care", minutes=75, capacity=9, price=1900)


@pytest.fixture
def manager(db: None) -> User:
    user: User = UserFactory(role=roles.MANAGER)
    return user


def outcome(manager: User, *rows: str, **options: Any) -> list[PlannedRow]:
    return preview_import(rows=read_rows(sheet(*rows)), by=manager, **options)


def problem(manager: User, **cells: str) -> str:
    """Why a row cannot be planned, in words."""
    [planned] = outcome(manager, row(**cells))
    return str(planned.problem)


class TestRows:
    def test_a_row_with_a_date_is_a_class(self, manager: User) -> None:
        import_timetable(rows=read_rows(sheet(row(minutes="50", places="5", price="12,50"))), by=manager)

        slot = Slot.objects.get()
        assert (slot.class_type.name, slot.instructor.name, str(slot.room)) == (
            "Gentle Back Care",
            "Asha Lind",
            "Willow, Garden House",
        )
        assert slot.starts_at == datetime(2026, 11, 24, 17, tzinfo=UTC)
        assert (slot.minutes, slot.capacity, slot.price, slot.state) == (50, 5, 1250, Slot.State.DRAFT)
        assert (slot.series, slot.series_day) == (None, None)

    def test_what_is_left_out_comes_from_the_class_type(self, manager: User) -> None:
        import_timetable(rows=read_rows(sheet(row())), by=manager)

        slot = Slot.objects.get()
        assert (slot.minutes, slot.capacity, slot.price) == (75, 9, 1900)

    def test_a_row_with_a_weekday_is_a_series(self, manager: User) -> None:
        rows = read_rows(sheet(row(day="Thursday", until="2026-12-31", **{"except": "2026-12-24"})))

        import_timetable(rows=rows, by=manager, publish=True)

        series = Series.objects.get()
        assert (series.recurrence, series.starts_on, series.wall_time) == (
            "FREQ=WEEKLY;BYDAY=TH",
            date(2026, 11, 26),
            time(18),
        )
        days = [f"{slot.series_day:%d.%m.}" for slot in series.slots.all()]
        assert days == ["26.11.", "03.12.", "10.12.", "17.12.", "31.12."]
        assert {slot.state for slot in series.slots.all()} == {Slot.State.PUBLISHED}
        assert series.stamped_until == TUESDAY - timedelta(days=1) + timedelta(weeks=12)

    def test_a_row_with_a_rule_is_a_series_from_its_date(self, manager: User) -> None:
        import_timetable(rows=read_rows(sheet(row(repeats='"FREQ=WEEKLY;INTERVAL=2;COUNT=3"'))), by=manager)

        assert [f"{slot.series_day:%d.%m.}" for slot in Slot.objects.all()] == ["24.11.", "08.12.", "22.12."]

    def test_a_series_leaves_out_the_days_on_which_the_clinic_is_closed(self, manager: User) -> None:
        ClosureFactory(starts_at=datetime(2026, 12, 1, tzinfo=UTC))

        [planned] = outcome(manager, row(day="Tuesday", until="2026-12-08"))

        assert planned.problem is None
        assert planned.closed == [date(2026, 12, 1)]
        assert [slot.series_day for slot in planned.slots] == [TUESDAY, date(2026, 12, 8)]

    def test_a_series_that_begins_beyond_the_horizon_takes_its_times_at_once(self, manager: User) -> None:
        rows = read_rows(sheet(row(**{"day": "Tuesday", "from": "2027-06-01"})))
        import_timetable(rows=rows, by=manager)

        with pytest.raises(RowsRefused):
            import_timetable(rows=rows, by=manager)

        assert (Series.objects.count(), Slot.objects.count()) == (1, 13)

    @pytest.mark.parametrize(
        ("cells", "said"),
        [
            (
                {"class_type": "Gentel Back Care"},
                "There is no class type called “Gentel Back Care”. Did you mean “Gentle Back Care”?",
            ),
            ({"class_type": "Zumba"}, "There is no class type called “Zumba”."),
            ({"class_type": ""}, "class type: please name what is taught."),
            ({"instructor": "Asha Lint"}, "There is no instructor called “Asha Lint”. Did you mean “Asha Lind”?"),
            ({"instructor": ""}, "instructor: please name who teaches."),
            ({"room": "Wilow"}, "There is no room called “Wilow”. Did you mean “Willow, Garden House”?"),
            ({"day": "Someday"}, "day: please write the date as 2026-11-24."),
            ({"day": ""}, "day: please write a weekday or a date."),
            ({"day": "11/24/2026"}, "day: please write the date as 2026-11-24."),
            ({"day": "2026-02-30"}, "day: there is no such day. Please look at the calendar."),
            ({"day": "9999-12-31"}, "day: there is no such day. Please look at the calendar."),
            ({"day": "0001-01-01"}, "day: there is no such day. Please look at the calendar."),
            ({"day": "2026-11-20"}, "This time is over. Please choose one in the future."),
            ({"day": "2099-11-20"}, "Please choose a day within the next two years."),
            ({"time": "6 pm"}, "time: please write hours and minutes, such as 18:30."),
            ({"time": "25:00"}, "time: please write hours and minutes, such as 18:30."),
            ({"day": "2027-03-28", "time": "02:30"}, "There is no 02:30 on Sunday 28 March 2027 in Berlin"),
            ({"day": "2027-10-31", "time": "02:30"}, "02:30 on Sunday 31 October 2027 happens twice in Berlin"),
            ({"minutes": "4"}, "minutes: please enter a number from 5 to 600."),
            ({"minutes": "-60"}, "minutes: please enter a number from 5 to 600."),
            ({"places": "0"}, "places: please enter a number from 1 to 500."),
            ({"places": "99999999999"}, "places: please enter a number from 1 to 500."),
            ({"places": "21"}, "Willow, Garden House holds 20 mats."),
            ({"price": "1.800"}, "price: Please write the amount in figures, such as 18,00."),
            ({"price": "99999999"}, "This price is too high."),
            ({"until": "2026-12-01"}, "until: only for rows with a weekday or a rule. Please leave it empty."),
            ({"day": "Tuesday", "until": "2026-11-01"}, "until: this is before the first day."),
            ({"day": "Tuesday", "from": "2001-01-01"}, "from: a series cannot have begun more than ten years ago."),
            (
                {"day": "Tuesday", "repeats": "FREQ=DAILY"},
                "repeats: with a rule, “day” is the date of the first class.",
            ),
            ({"repeats": "FREQ=SECONDLY"}, "This recurrence is not understood."),
            ({"state": "cancelled"}, "state: please write draft or published."),
            ({"state": "published", "room": ""}, "Please choose a room, or enter the link"),
            ({"link": "javascript:alert(1)"}, "link: please write a whole address"),
            ({"class_type": "=1+1"}, "class type: this looks like a formula. Please write the value itself."),
            ({"room": "@SUM(A1)"}, "room: this looks like a formula."),
            ({"class_type": "x" * 10_000}, "class type: this cell is too long."),
        ],
    )
    def test_what_cannot_be_planned_is_said_in_words(self, manager: User, cells: dict[str, str], said: str) -> None:
        """Fault 66."""
        assert problem(manager, **cells).startswith(said)

    def test_which_of_two_equal_times_is_meant_can_be_said(self, manager: User) -> None:
        first, second = outcome(
            manager,
            row(day="2027-10-31", time="02:30 first", minutes="30"),
            row(day="2027-10-31", time="02:30 second", minutes="30"),
        )

        assert [str(first.problem), str(second.problem)] == ["None", "None"]
        assert second.slots[0].starts_at - first.slots[0].starts_at == timedelta(hours=1)

    def test_a_clash_names_the_class(self, manager: User) -> None:
        SlotFactory(
            room=Room.objects.get(),
            class_type__name="Morning Stretch",
            starts_at=datetime(2026, 11, 24, 17, tzinfo=UTC),
        )

        assert problem(manager) == (
            "Willow, Garden House is taken at that time: Morning Stretch, Tuesday 24 November, 18:00–19:00"
            " (Berlin time). Please choose another time or room."
        )

    def test_a_clash_within_the_file_names_its_row(self, manager: User) -> None:
        _first, second = outcome(manager, row(), row(time="19:00", room=""))

        assert str(second.problem).startswith("Asha Lind teaches at that time: Gentle Back Care, Tuesday 24 November")
        assert str(second.problem).endswith("That one is in row 2 of this file.")

    def test_a_missing_qualification_is_said(self, manager: User) -> None:
        needed = QualificationFactory(name="Spine")
        ClassType.objects.get().qualifications.add(needed)
        without = problem(manager)
        CertificateFactory(instructor=Instructor.objects.get(), qualification=needed)

        assert without.startswith("Asha Lind does not hold Spine on that day")
        assert problem(manager) == "None"

    def test_namesakes_are_told_apart_by_their_address(self, manager: User) -> None:
        other = InstructorFactory(user__name="Asha Lind", user__email="other@example.org")

        ambiguous = problem(manager)
        [planned] = outcome(manager, row(instructor="other@example.org"))

        assert ambiguous == "“Asha Lind” may mean more than one instructor. Please write the account's e-mail address."
        assert planned.slots[0].instructor == other


class TestAllOrNothing:
    def test_one_bad_row_and_nothing_is_imported(self, manager: User) -> None:
        rows = read_rows(sheet(row(), row(day="Thursday"), row(time="late")))

        with pytest.raises(RowsRefused) as refused:
            import_timetable(rows=rows, by=manager)

        assert str(refused.value) == "Nothing was imported: not every row can be planned as it is."
        assert [each.problem is None for each in refused.value.planned] == [True, True, False]
        assert (Slot.objects.count(), Series.objects.count()) == (0, 0)

    def test_the_same_file_twice_clashes_with_itself(self, manager: User) -> None:
        rows = read_rows(sheet(row(), row(day="Thursday")))
        import_timetable(rows=rows, by=manager)
        made = Slot.objects.count()

        with pytest.raises(RowsRefused):
            import_timetable(rows=rows, by=manager)

        assert Slot.objects.count() == made

    def test_a_preview_saves_nothing(self, manager: User) -> None:
        outcome(manager, row(), row(day="Thursday"))

        assert (Slot.objects.count(), Series.objects.count()) == (0, 0)

    @pytest.mark.parametrize("rows", [1, 30])
    def test_queries_do_not_grow_with_the_rows(
        self, manager: User, rows: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        read = read_rows(sheet(*(row(day=f"{TUESDAY + timedelta(days=day)}") for day in range(rows))))
        manager.roles  # noqa: B018 – read before

        with django_assert_num_queries(12):
            import_timetable(rows=read, by=manager)

        assert Slot.objects.count() == rows


class TestRoles:
    """Fault 51."""

    def test_an_instructor_plans_the_own_classes(self, instructor: Instructor) -> None:
        InstructorFactory(user__name="Ben Holm")

        own, named, foreign = outcome(
            instructor.user,
            row(instructor=""),
            row(instructor="asha  lind", time="20:00"),
            row(instructor="Ben Holm", time="09:00"),
        )

        assert [own.slots[0].instructor, named.slots[0].instructor] == [instructor, instructor]
        assert str(foreign.problem).startswith("You can plan your own classes only.")

    def test_who_has_left_plans_nothing(self, instructor: Instructor) -> None:
        instructor.is_active = False
        instructor.save()

        [planned] = outcome(instructor.user, row(instructor=""))

        assert planned.problem is not None and planned.problem.code == "not_own_class"

    @pytest.mark.parametrize("role", [roles.PATIENT, roles.FRONT_DESK, None])
    def test_the_pages_are_for_who_plans_classes(self, role: str | None, client: Client) -> None:
        if role:
            client.force_login(UserFactory(role=role))

        statuses = {client.get(path).status_code for path in ("/teach/import/", "/teach/export.csv")}

        assert statuses == ({403} if role else {302})

    def test_an_instructors_file_holds_nobody_elses_series(
        self, instructor: Instructor, instructors_client: Client, managers_client: Client
    ) -> None:
        """Series that have no slot yet count too: no list of own slots would keep those of others out."""
        SeriesFactory(instructor=instructor, class_type__name="Mine")
        SeriesFactory(class_type__name="Not mine")

        own = instructors_client.get("/teach/export.csv").content.decode("utf-8-sig")
        whole = managers_client.get("/teach/export.csv").content.decode("utf-8-sig")

        assert [line.partition(";")[0] for line in own.splitlines()[1:]] == ["Mine"]
        assert sorted(line.partition(";")[0] for line in whole.splitlines()[1:]) == ["Mine", "Not mine"]

    def test_an_instructors_file_holds_nobody_elses_classes(
        self, instructor: Instructor, instructors_client: Client, managers_client: Client
    ) -> None:
        SlotFactory(instructor=instructor, class_type__name="Mine", starts_at=clock.now() + timedelta(days=1))
        SlotFactory(class_type__name="Not mine", starts_at=clock.now() + timedelta(days=1))

        own = instructors_client.get("/teach/export.csv").content.decode("utf-8-sig")
        everything = managers_client.get("/teach/export.csv").content.decode("utf-8-sig")

        assert [line.split(";")[0] for line in own.splitlines()] == ["class type", "Mine"]
        assert {line.split(";")[0] for line in everything.splitlines()} == {"class type", "Mine", "Not mine"}


class TestFiles:
    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"", "This file has no rows."),
            (HEADER.encode(), "This file has no rows."),
            (HEADER.encode() + b";;;\n\n", "This file has no rows."),
            ("Höhe".encode("latin-1"), "This file is not written in UTF-8."),
            (HEADER.encode("utf-16"), "This file is not written in UTF-8."),
            (HEADER.encode() + b"a\0b", "This is not a CSV file (it holds NUL characters)."),
            (b"PK\x03\x04\xff", "This file is not written in UTF-8."),
            (HEADER.encode() + b'"never closed', "This is not a CSV file (a cell is too long or a quotation mark"),
            (HEADER.encode() + b"x" * 200_000, "This is not a CSV file (a cell is too long or a quotation mark"),
            (b"x" * (MOST_BYTES + 1), "This file is too large. A timetable has at most 5,000 rows"),
            (HEADER.encode() + b"a\n" * 5001, "This file is too large. A timetable has at most 5,000 rows"),
            (b"class type;day\nx;y", "The first row must name the columns class type, day, time. Not found: time."),
            (b"class type;day;time;prise\nx", "There is no column called prise. The columns are: class type"),
            (b"class type;day;time;day\nx", "The first row names day twice."),
        ],
    )
    def test_a_file_that_is_no_timetable_is_refused_in_words(self, data: bytes, said: str) -> None:
        """Fault 66."""
        with pytest.raises(DomainError) as refused:
            read_rows(data)

        assert str(refused.value).startswith(said)
        assert refused.value.status == 422

    @pytest.mark.parametrize("delimiter", [";", ",", "\t"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    def test_files_of_any_spreadsheet_are_read(self, delimiter: str, encoding: str, newline: str) -> None:
        lines = [("Class Type", "DAY", "time", ""), ("Ruhe für den Rücken", "Mo", "9:00")]
        text = newline.join(delimiter.join(cells) for cells in lines)

        [only] = read_rows(text.encode(encoding))

        assert only.cells == {"class type": "Ruhe für den Rücken", "day": "Mo", "time": "9:00"}
        assert only.number == 2

    def test_a_row_with_too_many_cells_is_no_class(self, manager: User) -> None:
        [planned] = outcome(manager, row().strip() + ";surplus\n")

        assert str(planned.problem).startswith("row: it has more cells than the first row.")


def test_standing_later_a_row_may_be_over(
    manager: User, monday: datetime, stand_at: Callable[[datetime], None]
) -> None:
    rows = read_rows(sheet(row()))
    stand_at(monday + timedelta(days=3))

    [planned] = preview_import(rows=rows, by=manager)

    assert planned.problem is not None and planned.problem.code == "slot_in_the_past"

"""The pages on which a timetable is imported: the outcome of a look, the import, and what they say about the file."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import roles
from accounts.models import User
from core import clock
from scheduling.columns import WORDS, example_rows
from scheduling.models import ClassType, Instructor, Room, Slot
from scheduling.operations.imports import MOST_SLOTS, import_timetable
from scheduling.sheet import COLUMNS, MOST_ROWS, read_rows, write_rows
from tests.booking.reading import buttons, words
from tests.factories import (
    ClassTypeFactory,
    ClosureFactory,
    InstructorFactory,
    LocationFactory,
    RoomFactory,
    SlotFactory,
    UserFactory,
)
from tests.scheduling.rows import row, sheet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _house(monday: datetime, instructor: Instructor) -> None:
    """Asha Lind teaches Gentle Back Care in Willow; it is Monday 23 November 2026."""
    RoomFactory(name="Willow", location=LocationFactory(name="Garden House"))
    ClassTypeFactory(name="Gentle Back Care", minutes=75, capacity=9, price=1900)


@pytest.fixture
def manager(db: None) -> User:
    user: User = UserFactory(role=roles.MANAGER)
    return user


class TestPages:
    def upload(self, client: Client, data: bytes, **fields: str) -> Any:
        file = SimpleUploadedFile("timetable.csv", data)
        return client.post("/teach/import/", {"file": file, "publish": "no"} | fields)

    def test_looking_and_then_importing(self, managers_client: Client) -> None:
        looked = self.upload(managers_client, sheet(row(), row(day="Thursday", until="2026-12-03")))
        before = Slot.objects.count()
        fields = {"text": looked.context["text"], "publish": "yes", "then": "import"}
        done = managers_client.post("/teach/import/", fields, follow=True)

        assert "The file makes 1 series with 3 classes in all" in looked.content.decode()
        assert "Gentle Back Care, 2 classes, the first: Thursday 26 November, 18:00–19:15" in words(looked)
        assert before == 0
        assert "Imported: 1 series with 3 classes in all." in done.content.decode()
        assert {slot.state for slot in Slot.objects.all()} == {Slot.State.PUBLISHED}

    def test_bad_rows_are_shown_and_nothing_can_be_imported(self, managers_client: Client) -> None:
        answer = self.upload(managers_client, sheet(row(), row(time="late")))

        page = answer.content.decode()
        assert "1 row cannot be planned" in page
        assert '<td class="num" data-label="Row">3</td>' in page
        assert "Gentle Back Care · Asha Lind · 2026-11-24 · late" in words(answer)
        assert "time: please write hours and minutes, such as 18:30." in page
        assert 'value="import"' not in page

    def test_a_series_names_its_first_days_that_are_not_free(self, managers_client: Client) -> None:
        chair_yoga = ClassTypeFactory(name="Chair Yoga")
        for week in range(4):
            start = datetime(2026, 11, 26, 17, tzinfo=UTC) + timedelta(weeks=week)
            SlotFactory(room=Room.objects.get(), starts_at=start, class_type=chair_yoga)

        page = self.upload(managers_client, sheet(row(day="Thursday")))

        assert "4 days are not free. Please choose another time, or write them under “except”." in words(page)
        assert "26 November: Willow, Garden House is taken at that time: Chair Yoga, 18:00–19:00." in words(page)
        assert words(page).count("Chair Yoga") == 3 and "and 1 more" in words(page)
        assert buttons(page) == ["Choose the changed file"]

    def test_each_row_says_whether_patients_will_see_it(self, managers_client: Client) -> None:
        page = self.upload(managers_client, sheet(row(), row(day="2026-11-25", state="published")))

        assert "Class Draft Gentle Back Care, Tuesday 24 November, 18:00–19:15" in words(page)
        assert "Class Published Gentle Back Care, Wednesday 25 November, 18:00–19:15" in words(page)

    def test_a_series_that_finds_the_clinic_closed_on_all_its_days_says_so(self, managers_client: Client) -> None:
        ClosureFactory(starts_at=datetime(2026, 11, 24, tzinfo=UTC), ends_at=datetime(2026, 12, 9, tzinfo=UTC))

        page = self.upload(managers_client, sheet(row(day="Tuesday", until="2026-12-08")))

        assert "Series No class for the time being: the clinic is closed on each of its days." in words(page)
        assert "Closed, so left out: 24 November, 1 December, 8 December" in words(page)

    def test_what_changed_since_the_look_is_told(self, managers_client: Client) -> None:
        looked = self.upload(managers_client, sheet(row()))
        SlotFactory(room=Room.objects.get(), starts_at=datetime(2026, 11, 24, 17, tzinfo=UTC))
        fields = {"text": looked.context["text"], "publish": "no", "then": "import"}
        answer = managers_client.post("/teach/import/", fields)

        assert answer.status_code == 422
        assert "Nothing was imported" in answer.content.decode()
        assert Slot.objects.count() == 1

    def test_a_file_that_cannot_be_read_is_told_beside_its_field(self, managers_client: Client) -> None:
        answer = self.upload(managers_client, b"\xff\xfe")
        nothing = managers_client.post("/teach/import/", {"publish": "no"})

        assert (answer.status_code, nothing.status_code) == (422, 422)
        assert "This file is not written in UTF-8." in answer.content.decode()
        assert "Please choose the file with your timetable." in nothing.content.decode()

    def test_only_so_many_rows_are_shown(self, managers_client: Client) -> None:
        page = self.upload(managers_client, sheet(*[row(time="late")] * 120)).content.decode()

        assert "120 rows cannot be planned" in page
        assert "The first 100 of 120" in page
        assert page.count("please write hours and minutes") == 100

    def test_what_is_written_in_a_cell_is_no_html(self, managers_client: Client) -> None:
        page = self.upload(managers_client, sheet(row(class_type="<script>x</script>"))).content.decode()

        assert "<script>x" not in page


class TestGuide:
    """What the page says about the file is true."""

    def test_each_column_is_explained(self) -> None:
        assert list(WORDS) == list(COLUMNS)

    def test_the_rows_of_the_example_can_be_imported(self, manager: User) -> None:
        InstructorFactory(user__name="Asha Lindqvist")
        RoomFactory(name="Garden Room", size=12)
        ClassType.objects.update(capacity=8)
        rows = read_rows(write_rows(example_rows(clock.clinic_today())))

        weekly, single = import_timetable(rows=rows, by=manager)

        assert weekly.series is not None and single.series is None
        assert (weekly.series.starts_on, len(weekly.slots), weekly.series.publishes) == (date(2026, 12, 7), 8, True)
        assert [str(single.slots[0].starts_at), single.slots[0].price] == ["2026-12-09 09:30:00+00:00", 1250]

    def test_the_document_names_all_columns_and_its_example_can_be_imported(self, manager: User) -> None:
        document = (settings.BASE_DIR / "docs" / "import.md").read_text()
        InstructorFactory(user__name="Asha Lindqvist")
        RoomFactory(name="Garden Room", size=12)
        example = re.findall(r"```csv\n(.*?)```", document, re.DOTALL)[0]
        named = [
            name for row in re.findall(r"^\| (`.*?) \|", document, re.MULTILINE) for name in re.findall("`(.+?)`", row)
        ]

        planned = import_timetable(rows=read_rows(example.encode()), by=manager)

        assert named == list(COLUMNS)
        assert [len(row.slots) for row in planned] == [8, 1]
        assert f"at most {MOST_ROWS:,} rows" in document and f"at most {MOST_SLOTS:,} classes" in document

    @pytest.mark.parametrize(("role", "needed"), [(roles.MANAGER, 4), (roles.INSTRUCTOR, 3)])
    def test_the_page_shows_which_columns_are_needed(
        self, role: str, needed: int, managers_client: Client, instructors_client: Client
    ) -> None:
        page = {roles.MANAGER: managers_client, roles.INSTRUCTOR: instructors_client}[role].get("/teach/import/")

        assert words(page).count("(needed)") == needed
        assert "class type (needed) its name Gentle Back Care Gentle Back Care" in words(page)
        assert "A file has at most 5,000 rows." in words(page)
        assert buttons(page) == ["Look at the rows"]

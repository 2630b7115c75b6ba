"""What the timetable says, and what it leaves out."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client

from scheduling.models import Slot
from tests.booking.reading import words
from tests.factories import InstructorFactory, LocationFactory, RoomFactory, SlotFactory
from tests.scheduling.outline import headings, skips_no_level

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

HTMX = {"HX-Request": "true"}


def at(day: int, hour: int = 17, *, month: int = 11) -> datetime:
    """An instant in 2026, in UTC; Berlin is an hour ahead."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def slot(starts_at: datetime, **fields: object) -> Slot:
    made: Slot = SlotFactory(starts_at=starts_at, **fields)
    return made


def titles(client: Client, query: str = "") -> list[str]:
    """The classes on the page, in order."""
    return [title for level, title in headings(client.get(f"/timetable/{query}").content.decode()) if level == 3]


def test_a_row_says_when_what_where_by_whom_for_how_much_and_what_is_left(client: Client) -> None:
    slot(
        at(24),
        class_type__name="Gentle Back Care",
        class_type__focus_areas=["muscle-tension", "alignment"],
        class_type__price=1850,
        instructor__name="Asha Lind",
        room__name="Quiet Room",
        room__location__name="House by the Park",
        capacity=8,
        taken=5,
    )

    text = words(client.get("/timetable/"))

    assert (
        "Tomorrow Tuesday 24 November 18:00–19:00 Gentle Back Care Gentle, with Asha Lind · House by the "
        "Park Alignment · Muscle tension 3 places left 18,50 €"
    ) in text
    assert text.count("Berlin time") == 1


@pytest.mark.parametrize(("taken", "said"), [(7, "1 place left"), (8, "Full"), (0, "8 places left")])
def test_places_are_said_in_words(client: Client, taken: int, said: str) -> None:
    slot(at(24), capacity=8, taken=taken)

    assert said in words(client.get("/timetable/"))


def test_with_more_than_two_days_a_strip_leads_to_each(client: Client) -> None:
    for day in (25, 25, 29, 30):
        slot(at(day))

    response = client.get("/timetable/")

    page = response.content.decode()
    strip = page[page.index('<nav class="day-strip') : page.index("</nav>", page.index('<nav class="day-strip'))]
    assert re.findall('href="#(.*?)"', strip) == ["day-2026-11-25", "day-2026-11-29", "day-2026-11-30"]
    assert re.findall('<section id="(.*?)"', page) == ["day-2026-11-25", "day-2026-11-29", "day-2026-11-30"]
    assert "Wed 25 November, 2 classes Sun 29 November, 1 class Mon 30 November, 1 class" in words(response)
    assert strip.count("week-begins") == 1


def test_two_days_need_no_strip(client: Client) -> None:
    slot(at(24))
    slot(at(25))

    assert "day-strip" not in client.get("/timetable/").content.decode()


def test_days_are_headings_and_classes_are_headings_below_them(client: Client) -> None:
    slot(at(23), class_type__name="Evening Class")
    slot(at(24, 6), class_type__name="Morning Class")
    slot(at(24, 23), class_type__name="Night Class")

    page = client.get("/timetable/").content.decode()

    assert headings(page) == [
        (1, "Find a class"),
        (2, "Today Monday 23 November"),
        (3, "Evening Class"),
        (2, "Tomorrow Tuesday 24 November"),
        (3, "Morning Class"),
        (2, "Wednesday 25 November"),
        (3, "Night Class"),
    ]
    assert skips_no_level(page)


def test_only_published_classes_of_the_next_two_weeks_that_have_not_begun_are_shown(client: Client) -> None:
    slot(at(23, 7), class_type__name="Begun")
    slot(at(24), class_type__name="Draft", state=Slot.State.DRAFT)
    slot(at(25), class_type__name="Cancelled", state=Slot.State.CANCELLED)
    slot(at(6, 22, month=12), class_type__name="Last")
    slot(at(6, 23, month=12), class_type__name="Too Late")
    slot(at(24), class_type__name="First")

    assert titles(client) == ["First", "Last"]


def test_the_next_fortnight_is_one_link_away_and_keeps_the_filters(client: Client) -> None:
    slot(at(24), class_type__level="gentle", class_type__name="Now")
    slot(at(8, month=12), class_type__level="gentle", class_type__name="Later")

    first = client.get("/timetable/?level=gentle").content.decode()

    assert 'href="/timetable/?level=gentle&amp;from=2026-12-07"' in first
    assert titles(client, "?level=gentle&from=2026-12-07") == ["Later"]
    later = unescape(client.get("/timetable/?level=gentle&from=2026-12-07").content.decode())
    assert 'href="/timetable/?level=gentle&from=2026-11-23"' in later
    assert "1 class from Monday 7 December to Sunday 20 December" in words(client.get("/timetable/?from=2026-12-07"))


def test_a_very_full_fortnight_ends_after_a_whole_day_and_goes_on_there(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduling.timetable.MOST_SLOTS", 3)
    for day in (24, 25, 26):
        slot(at(day, 8), class_type__name=f"Morning {day}")
        slot(at(day, 17), class_type__name=f"Evening {day}")

    assert titles(client) == ["Morning 24", "Evening 24"]
    assert "2 classes until Tuesday 24 November" in words(client.get("/timetable/"))
    assert 'href="/timetable/?from=2026-11-25"' in client.get("/timetable/").content.decode()
    assert titles(client, "?from=2026-11-25") == ["Morning 25", "Evening 25"]
    assert titles(client, "?from=2026-11-26") == ["Morning 26", "Evening 26"]


def test_each_filter_leaves_out_what_does_not_pass_it(client: Client) -> None:
    park = LocationFactory(name="House by the Park")
    asha = InstructorFactory(name="Asha Lind")
    slot(at(24), class_type__name="Core", class_type__focus_areas=["core-strength"], class_type__level="strong")
    slot(at(25), class_type__name="Calm", class_type__focus_areas=["stress-and-anxiety"], instructor=asha)
    slot(at(26), class_type__name="Park", class_type__focus_areas=["alignment"], room=RoomFactory(location=park))
    slot(at(27), class_type__name="Full", class_type__focus_areas=["alignment"], capacity=1, taken=1)

    assert titles(client, "?focus=core-strength&focus=stress-and-anxiety") == ["Core", "Calm"]
    assert titles(client, "?level=strong") == ["Core"]
    assert titles(client, f"?instructor={asha.pk}") == ["Calm"]
    assert titles(client, f"?location={park.pk}") == ["Park"]
    assert titles(client, "?places=left") == ["Core", "Calm", "Park"]
    assert titles(client, f"?focus=alignment&location={park.pk}&places=left") == ["Park"]


def test_the_form_shows_what_was_chosen(client: Client) -> None:
    asha = InstructorFactory(name="Asha Lind")
    slot(at(24), instructor=asha)

    page = client.get(f"/timetable/?focus=core-strength&instructor={asha.pk}&places=left").content.decode()
    page = " ".join(page.split())

    assert 'value="core-strength" checked' in page
    assert f'value="{asha.pk}" selected' in page
    assert 'value="left" checked' in page
    assert "(3 chosen)" in page


def test_a_choice_that_nothing_matches_names_the_next_class_that_does(client: Client) -> None:
    slot(at(24), class_type__name="Core", class_type__level="strong")
    slot(at(20, month=12), class_type__name="Full Calm", capacity=1, taken=1)
    calm = slot(at(21, month=12), class_type__name="Calm")

    page = client.get("/timetable/?level=gentle")

    assert "No class matches your choice in these two weeks" in words(page)
    assert "Next class with a place: Calm, Monday 21 December, 18:00–19:00 Show all classes" in words(page)
    assert f'href="/slots/{calm.pk}/"' in page.content.decode()
    assert "Show all classes" in words(page)


def test_a_choice_that_nothing_ever_matches_names_another_class(client: Client) -> None:
    slot(at(24), class_type__name="Core", class_type__level="strong")

    text = words(client.get("/timetable/?level=gentle"))

    assert "Nothing like it is planned. The next class of another kind with a place: Core, Tuesday" in text


def test_a_clinic_without_classes_says_so(client: Client) -> None:
    text = words(client.get("/timetable/"))

    assert "There are no classes in these two weeks" in text
    assert "No class is open for booking at the moment." in text


def test_htmx_gets_the_list_with_the_count_to_be_announced_and_the_address_to_be_shown(client: Client) -> None:
    slot(at(24), class_type__name="Calm")

    answer = client.get("/timetable/?level=gentle&instructor=&location=", headers=HTMX)
    body = answer.content.decode()

    assert answer["HX-Push-Url"] == "/timetable/?level=gentle"
    assert '<p id="timetable-count" hx-swap-oob="innerHTML">' in body
    assert "1 class until Sunday 6 December" in words(answer)
    assert "Calm" in body
    assert "<html" not in body


def test_the_count_stands_in_a_live_region_that_is_there_from_the_start(client: Client) -> None:
    assert 'id="timetable-count" role="status"' in client.get("/timetable/").content.decode()


def test_going_back_in_the_browser_gets_the_whole_page(client: Client) -> None:
    answer = client.get("/timetable/", headers=HTMX | {"HX-History-Restore-Request": "true"})

    assert "<html" in answer.content.decode()
    assert "HX-Request" in answer["Vary"]


def test_times_carry_their_offset_and_end_for_visitors_in_another_zone(client: Client) -> None:
    slot(at(24), ends_at=at(24) + timedelta(minutes=45))

    page = client.get("/timetable/").content.decode()

    assert '<time datetime="2026-11-24T18:00+01:00" data-until="2026-11-24T18:45+01:00"><span' in page
    assert ">18:00–18:45</span></time>" in page


def test_reading_the_timetable_writes_nothing_and_posting_to_it_is_refused(client: Client) -> None:
    assert client.get("/timetable/").cookies == {}
    assert client.post("/timetable/").status_code == 405

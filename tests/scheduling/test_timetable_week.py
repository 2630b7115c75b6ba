"""The timetable as a week: the same days and classes, the empty days with them, and the view kept in the address."""

from datetime import date, time
from html import unescape

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from core.clock import instant_of
from scheduling.models import Slot
from tests.booking.reading import words
from tests.factories import SlotFactory
from tests.scheduling.outline import headings, skips_no_level

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

WEEK = "/timetable/?view=week"


def slot(day: int, hour: int = 18, *, month: int = 11, **fields: object) -> Slot:
    """A class on a day of 2026; today is Monday 23 November."""
    made: Slot = SlotFactory(starts_at=instant_of(date(2026, month, day), time(hour)), **fields)
    return made


def page(client: Client, address: str = WEEK, **headers: str) -> str:
    return unescape(client.get(address, headers=headers).content.decode())


def test_a_week_shows_each_day_in_order_with_those_that_have_no_class(client: Client) -> None:
    slot(24, class_type__name="Calm")
    slot(2, month=12, class_type__name="Core")

    outline = headings(page(client))

    days = [title for level, title in outline if level == 2]
    assert len(days) == 14
    assert days[:3] == ["Today Monday 23 November", "Tomorrow Tuesday 24 November", "Wednesday 25 November"]
    assert days[-1] == "Sunday 6 December"
    assert outline[outline.index((3, "Calm")) - 1] == (2, "Tomorrow Tuesday 24 November")
    assert outline[outline.index((3, "Core")) - 1] == (2, "Wednesday 2 December")
    assert skips_no_level(page(client))


def test_a_day_without_a_class_says_so_and_today_that_there_may_have_been_some(client: Client) -> None:
    slot(25)

    text = words(client.get(WEEK))

    assert "Monday 23 November No more classes Tomorrow Tuesday 24 November No classes Wednesday" in text
    assert text.count("No classes") == 12


def test_a_list_leaves_out_the_days_without_a_class(client: Client) -> None:
    slot(25)

    text = words(client.get("/timetable/"))

    assert "Wednesday 25 November" in text
    assert "No classes" not in text and "Thursday 26 November" not in text


def test_a_day_of_next_year_says_the_year(client: Client) -> None:
    slot(31, month=12)

    assert (2, "Friday 1 January 2027") in headings(page(client, f"{WEEK}&from=2026-12-31"))


def test_without_any_class_a_week_says_what_a_list_says(client: Client) -> None:
    slot(21, month=12, class_type__name="Calm")

    text = words(client.get(WEEK))

    assert "There are no classes in these two weeks" in text and "Next class with a place: Calm" in text
    assert "No classes" not in text


def test_list_and_week_lead_to_each_other_and_keep_what_was_chosen(client: Client) -> None:
    slot(24, class_type__level="gentle")

    in_list, in_week = page(client, "/timetable/?level=gentle&from=2026-11-24"), page(client, f"{WEEK}&level=gentle")

    assert 'href="/timetable/?level=gentle&from=2026-11-24&view=week"' in in_list
    assert 'href="/timetable/?level=gentle"\n' in in_week
    for shown, current in ((in_list, "List"), (in_week, "Week")):
        switch = shown[shown.index('<nav class="timetable-views') :].partition("</nav>")[0]
        [chosen] = [link for link in switch.split("<a ")[1:] if 'aria-current="true"' in link]
        assert chosen.partition("</a>")[0].endswith(current)


def test_a_week_stays_a_week_on_the_way_to_other_days_other_filters_and_all_classes(client: Client) -> None:
    slot(24, class_type__level="gentle")
    slot(8, month=12, class_type__level="gentle")

    now, later = page(client, f"{WEEK}&level=gentle"), page(client, f"{WEEK}&level=gentle&from=2026-12-07")

    assert 'href="/timetable/?level=gentle&from=2026-12-07&view=week"' in now
    assert 'href="/timetable/?level=gentle&from=2026-11-23&view=week"' in later
    assert '<input type="hidden" name="view" value="week">' in now
    assert '<a href="/timetable/?view=week">Show all classes</a>' in now
    assert 'class="btn" href="/timetable/?view=week">Show all classes</a>' in page(client, f"{WEEK}&level=strong")


def test_a_view_is_no_choice_among_classes(client: Client) -> None:
    slot(24)

    assert "chosen)" not in words(client.get(WEEK))


def test_htmx_gets_the_links_to_both_views_with_what_was_chosen_and_the_address_of_the_week(client: Client) -> None:
    slot(24)

    answer = client.get(f"{WEEK}&level=gentle", headers={"HX-Request": "true"})
    body = unescape(answer.content.decode())

    assert answer["HX-Push-Url"] == "/timetable/?level=gentle&view=week"
    assert '<nav id="timetable-views" hx-swap-oob="innerHTML">' in body
    assert 'href="/timetable/?level=gentle"\n' in body


def test_list_and_week_are_kept_apart_in_memory(client: Client) -> None:
    slot(24)

    shown = [page(client, address) for address in ("/timetable/", WEEK, "/timetable/", WEEK)]

    assert shown[0] == shown[2] != shown[1] == shown[3]


def test_of_very_many_classes_a_week_shows_the_first_seven_days_whole(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduling.timetable.MOST_SLOTS", 3)
    for day in (23, 29, 30):
        slot(day)
    slot(1, month=12)

    text, later = words(client.get(WEEK)), page(client)

    assert "2 classes until Sunday 29 November" in text and "Monday 30 November" not in text
    assert 'href="/timetable/?from=2026-11-30&view=week"' in later


def test_of_too_many_classes_for_a_week_it_shows_whole_days(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduling.timetable.MOST_SLOTS", 3)
    for hour in (9, 12, 18):
        slot(24, hour)
    slot(26)

    text = words(client.get(WEEK))

    assert "3 classes until Wednesday 25 November" in text and "Thursday 26 November" not in text


@pytest.mark.parametrize("rows", [1, 3])
def test_a_week_costs_as_many_queries_as_a_list(
    client: Client, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for day in range(rows):
        slot(24 + day, class_type__name=f"Calm {day}")

    with django_assert_num_queries(4):
        made = client.get(WEEK)
    with django_assert_num_queries(1):
        kept = client.get(WEEK)

    assert [words(made).count(f"Calm {day}") for day in range(rows)] == [1] * rows
    assert kept.content == made.content


def test_the_classes_can_be_subscribed_to_as_chosen_full_or_not_and_on_all_days(client: Client) -> None:
    slot(24, class_type__level="gentle", class_type__name="Calm", capacity=1, taken=1)
    slot(24, 9, class_type__level="gentle", class_type__name="Ease")

    shown = page(client, f"{WEEK}&level=gentle&places=left&from=2026-11-24")

    address = shown.partition('type="url"')[2].partition('value="')[2].partition('"')[0]
    scheme, _colon, rest = address.partition(":")
    assert scheme in ("http", "https") and rest.endswith("/timetable.ics?level=gentle")
    assert f'href="webcal:{rest}"' in shown
    assert "Classes like those chosen above appear in your calendar" in shown
    feed = client.get("/timetable.ics?level=gentle").content.decode()
    assert "SUMMARY:Calm" in feed and "SUMMARY:Ease" in feed


def test_without_a_choice_all_classes_can_be_subscribed_to(client: Client) -> None:
    slot(24)

    shown = page(client, "/timetable/?places=left")

    assert '/timetable.ics"' in shown and "/timetable.ics?" not in shown
    assert "All classes appear in your calendar" in shown


def test_the_page_says_from_when_to_when_its_days_are_for_who_is_in_another_zone(client: Client) -> None:
    slot(24)

    shown = page(client, "/timetable/?from=2027-03-20")

    assert 'data-zone="Europe/Berlin"' in shown
    assert 'data-from="2027-03-20T00:00:00+01:00"' in shown
    assert 'data-until="2027-04-03T00:00:00+02:00"' in shown

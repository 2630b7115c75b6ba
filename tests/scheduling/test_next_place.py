"""The next class with a place, named where the first classes are full; kept in memory as long as it is true."""

from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from core.clock import instant_of
from scheduling.freshness import kept_pages
from scheduling.models import ClassType, Slot
from tests.booking.reading import words
from tests.factories import SlotFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

SAID = "Next class with a place:"


def slot(day: int, hour: int = 18, *, month: int = 11, **fields: object) -> Slot:
    """A class for one person on a day of 2026; today is Monday 23 November."""
    made: Slot = SlotFactory(starts_at=instant_of(date(2026, month, day), time(hour)), capacity=1, **fields)
    return made


def full(day: int, hour: int = 18, **fields: Any) -> Slot:
    return slot(day, hour, taken=1, **fields)


def named(client: Client, address: str = "/timetable/") -> str:
    """The class that the line names, or nothing."""
    line = client.get(address).content.decode().partition('<p class="timetable-next">')[2].partition("</p>")[0]
    return line.partition('">')[2].partition(",")[0]


@pytest.mark.parametrize("view", ["", "?view=week"])
def test_when_the_first_class_is_full_the_next_one_with_a_place_is_named(client: Client, view: str) -> None:
    full(24)
    full(25)
    open_one = slot(26, class_type__name="Calm")
    slot(27, class_type__name="Core")

    page = client.get(f"/timetable/{view}")

    assert f"{SAID} Calm, Thursday 26 November, 18:00–19:00" in words(page)
    assert page.content.decode().count(f'href="/slots/{open_one.pk}/"') == 2  # in the line and in its row


def test_when_the_first_class_has_a_place_that_is_plain_to_see_and_not_said(client: Client) -> None:
    slot(24)
    full(25)
    slot(26)

    assert SAID not in words(client.get("/timetable/"))


def test_only_classes_that_pass_the_filters_are_named(client: Client) -> None:
    full(24, class_type__level="gentle")
    slot(25, class_type__level="strong", class_type__name="Core")
    slot(20, month=12, class_type__level="gentle", class_type__name="Calm")

    assert named(client) == "Core"
    assert named(client, "/timetable/?level=gentle") == "Calm"
    assert named(client, "/timetable/?level=strong") == ""


def test_when_all_is_full_a_class_after_the_days_shown_is_named_and_none_before_them(client: Client) -> None:
    slot(24, class_type__name="Before")
    full(8, month=12)
    slot(28, month=12, class_type__name="Draft", state=Slot.State.DRAFT)
    slot(30, month=12, class_type__name="After")

    assert named(client, "/timetable/?from=2026-12-07") == "After"


def test_of_very_many_full_classes_the_next_place_may_lie_between_the_days_shown_and_the_rest_of_them(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduling.timetable.MOST_SLOTS", 2)
    full(24)
    full(25)
    slot(26, class_type__name="Calm")

    assert named(client) == "Calm"


def test_when_nothing_has_a_place_nothing_is_said(client: Client) -> None:
    full(24)

    assert SAID not in words(client.get("/timetable/"))


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("month", "queries"), [(11, 4), (12, 5)], ids=["these days", "later"])
def test_it_costs_no_query_in_these_days_and_one_for_later_ones(
    client: Client, month: int, queries: int, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for day in range(rows):
        full(24 + day)
    slot(28, month=month)

    with django_assert_num_queries(queries):
        page = client.get("/timetable/")

    assert SAID in words(page)


def queries_of(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


def test_a_page_that_names_a_later_class_is_kept_from_its_second_time_on(client: Client) -> None:
    full(24)
    slot(20, month=12)

    costs = [queries_of(lambda: client.get("/timetable/")) for _ in range(4)]

    assert costs == [5, 5, 1, 1]  # made, made with marks that reach that far, kept


LATER_CHANGES: dict[str, tuple[Callable[[], Any], str]] = {
    "its place is taken": (lambda: Slot.objects.filter(class_type__name="Calm").update(taken=1), "Core"),
    "it gets another name": (lambda: ClassType.objects.filter(name="Calm").update(name="Quiet"), "Quiet"),
    "an earlier place comes free": (lambda: Slot.objects.filter(class_type__name="Ease").update(taken=0), "Ease"),
    "an earlier class is new": (lambda: slot(15, month=12, class_type__name="New"), "New"),
    "a place of these days comes free": (lambda: Slot.objects.filter(class_type__name="Now").update(taken=0), "Now"),
}


@pytest.mark.parametrize("name", LATER_CHANGES)
def test_what_changes_after_the_days_shown_shows_at_once(client: Client, name: str) -> None:
    change, shown = LATER_CHANGES[name]
    full(24)
    full(25, class_type__name="Now")
    full(14, month=12, class_type__name="Ease")
    slot(20, month=12, class_type__name="Calm")
    slot(21, month=12, class_type__name="Core")
    before = [named(client) for _ in range(3)]

    change()

    assert before == ["Calm"] * 3
    assert [named(client) for _ in range(3)] == [shown] * 3


def test_when_no_place_follows_the_page_is_made_anew_because_one_may_be_planned_on_any_day(client: Client) -> None:
    full(24)
    before = [named(client) for _ in range(3)]
    assert kept_pages.bytes == 0

    slot(20, month=12, class_type__name="Calm")

    assert before == [""] * 3
    assert named(client) == "Calm"


def test_nothing_is_said_any_more_once_the_first_class_has_a_place(client: Client) -> None:
    full(24)
    slot(20, month=12, class_type__name="Calm")
    before = [named(client) for _ in range(3)]

    Slot.objects.filter(starts_at__lt=instant_of(date(2026, 12, 1), time(0))).update(taken=F("taken") - 1)

    assert before == ["Calm"] * 3
    assert [named(client) for _ in range(2)] == ["", ""]

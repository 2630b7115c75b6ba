"""What an address of the timetable asks for; whatever it holds, the answer is a page."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from core.clock import instant_of
from scheduling.focus import FocusArea
from scheduling.models import ClassType, Slot
from scheduling.timetable import Filters, TimeOfDay, read_filters
from tests.booking.reading import words
from tests.factories import SlotFactory
from tests.scheduling.conftest import StandAt

pytestmark = pytest.mark.usefixtures("monday")


@pytest.mark.parametrize(
    ("address", "filters"),
    [
        ("", Filters()),
        ("focus=alignment", Filters(focus=("alignment",))),
        ("focus=alignment&focus=core-strength", Filters(focus=("core-strength", "alignment"))),
        ("focus=alignment&focus=alignment", Filters(focus=("alignment",))),
        ("level=gentle&instructor=&location=", Filters(level="gentle")),
        ("instructor=12&location=3&places=left", Filters(instructor=12, location=3, places_left=True)),
        ("time=evening&online=only", Filters(time="evening", online=True)),
        ("time=&online=", Filters()),
        ("from=2026-12-01", Filters(first_day=date(2026, 12, 1))),
        ("from=2026-11-23", Filters()),
        ("from=2020-01-01", Filters()),
        ("view=week&level=gentle", Filters(level="gentle", week=True)),
        ("view=", Filters()),
        ("utm_source=letter", Filters()),
    ],
)
def test_an_address_is_understood(address: str, filters: Filters) -> None:
    assert read_filters(QueryDict(address)) == (filters, True)


@pytest.mark.parametrize(
    "address",
    [
        "focus=happiness",
        "focus=alignment&focus=%00",
        "level=hard",
        "instructor=0",
        "instructor=-1",
        "instructor=1%00",
        "instructor=١",
        "instructor=99999999999999999999999999",
        "location=Berlin",
        "places=many",
        "time=night",
        "online=yes",
        "view=month",
        "view=weekly",
        "from=tomorrow",
        "from=2026-02-30",
        "from=20261201",
        "from=2026-W50-1",
        "from=9999-12-31",
        "from=2026-12-01T00:00",
        "from=%E2%80%AE2026-12-01",
        "level=" + "x" * 100_000,
    ],
)
@pytest.mark.django_db
def test_what_is_not_understood_is_left_out_and_said_so(client: Client, address: str) -> None:
    SlotFactory(class_type__name="Gentle Back Care")

    page = client.get(f"/timetable/?{address}")

    assert page.status_code == 400
    assert "Part of this address is unknown to us" in words(page)
    assert "Gentle Back Care" in words(page)


@pytest.mark.django_db
def test_what_is_not_understood_is_said_again_to_who_asks_again(client: Client) -> None:
    SlotFactory()
    understood = client.get("/timetable/")

    pages = [client.get("/timetable/?level=hard", headers={"If-None-Match": understood["ETag"]}) for _ in range(2)]

    assert all(page.status_code == 400 and page.content for page in pages)
    assert not any("ETag" in page for page in pages)


@pytest.mark.django_db
def test_more_parameters_than_anyone_needs_are_refused(client: Client) -> None:
    assert client.get("/timetable/?" + "focus=alignment&" * 1001).status_code == 400


filters = st.builds(
    Filters,
    first_day=st.none() | st.dates(min_value=date(2026, 11, 24), max_value=date(2028, 11, 1)),
    focus=st.sets(st.sampled_from(FocusArea.values)).map(
        lambda areas: tuple(area for area in FocusArea.values if area in areas)
    ),
    level=st.just("") | st.sampled_from(ClassType.Level.values),
    instructor=st.none() | st.integers(min_value=1, max_value=10**18 - 1),
    location=st.none() | st.integers(min_value=1, max_value=10**18 - 1),
    time=st.just("") | st.sampled_from(TimeOfDay.values),
    online=st.booleans(),
    places_left=st.booleans(),
    week=st.booleans(),
)


def test_what_is_written_into_an_address_is_read_back(monday: datetime) -> None:
    @given(filters)
    def holds(asked: Filters) -> None:
        assert read_filters(QueryDict(asked.address().removeprefix("?"))) == (asked, True)

    holds()


def test_an_address_that_asks_for_nothing_is_empty() -> None:
    assert Filters().address() == ""


def test_any_text_in_any_place_is_read_without_harm(monday: datetime) -> None:
    names = st.sampled_from(["focus", "level", "instructor", "location", "time", "online", "places", "from", "view"])

    @given(st.dictionaries(names, st.text(max_size=30)))
    def holds(asked: dict[str, str]) -> None:
        params = QueryDict(mutable=True)
        params.update(asked)
        filters, _understood = read_filters(params)
        assert read_filters(QueryDict(filters.address().removeprefix("?"))) == (filters, True)

    holds()


def shown(client: Client, address: str) -> list[str]:
    """The class types on the page, in order."""
    page = client.get(f"/timetable/{address}", headers={"HX-Request": "true"})
    return [name for name in words(page).split() if name.startswith("at-") or name == "far-away"]


@pytest.mark.django_db
def test_the_time_of_day_is_that_of_the_clinics_clock_before_and_after_the_clocks_change(
    client: Client, stand_at: StandAt
) -> None:
    stand_at(datetime(2026, 10, 24, 3, tzinfo=UTC))
    for day in (24, 25):  # summer time ends in the night between
        for hour in (9, 12, 16, 17):
            starts_at = instant_of(date(2026, 10, day), time(hour, 59 if hour in (9, 16) else 0))
            SlotFactory(starts_at=starts_at, class_type__name=f"at-{day}-{hour}")

    found = {part: shown(client, f"?time={part}") for part in TimeOfDay.values}

    assert found == {
        "morning": ["at-24-9", "at-25-9"],
        "afternoon": ["at-24-12", "at-24-16", "at-25-12", "at-25-16"],
        "evening": ["at-24-17", "at-25-17"],
    }


@pytest.mark.django_db
def test_only_on_line_leaves_out_every_room_and_says_where_it_is(client: Client) -> None:
    SlotFactory(class_type__name="at-home", room=None)
    SlotFactory(class_type__name="far-away")

    page = words(client.get("/timetable/?online=only"))

    assert shown(client, "?online=only") == ["at-home"]
    assert "(1 chosen)" in page and "· on-line" in page


@pytest.mark.parametrize("address", ["?online=only", "?time=evening"])
@pytest.mark.django_db(transaction=True)
def test_a_filtered_page_kept_in_memory_sees_a_class_that_comes_to_match(client: Client, address: str) -> None:
    evening = instant_of(date(2026, 11, 24), time(18))
    SlotFactory(class_type__name="at-home", room=None, starts_at=evening)
    other = SlotFactory(class_type__name="far-away", starts_at=instant_of(date(2026, 11, 25), time(9)))
    before = [shown(client, address) for _ in range(2)]

    Slot.objects.filter(pk=other.pk).update(
        room=None,
        online_link="https://meet.example.org/back",
        starts_at=evening + timedelta(days=1),
        ends_at=evening + timedelta(days=1, hours=1),
    )

    assert before == [["at-home"]] * 2
    assert shown(client, address) == ["at-home", "far-away"]


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.django_db
def test_filters_cost_no_query_more(
    client: Client, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for day in range(rows):
        SlotFactory(class_type__name=f"at-{day}", room=None, starts_at=instant_of(date(2026, 11, 24 + day), time(18)))

    with django_assert_num_queries(4):
        page = client.get("/timetable/?online=only&time=evening&places=left")

    assert [words(page).count(f"at-{day}") for day in range(rows)] == [1] * rows


@pytest.mark.django_db
def test_without_a_match_in_the_fortnight_the_next_one_with_a_place_is_named(client: Client) -> None:
    SlotFactory(class_type__name="at-noon", starts_at=instant_of(date(2027, 1, 12), time(12)))
    SlotFactory(class_type__name="at-dusk", starts_at=instant_of(date(2027, 1, 13), time(18)))

    assert "Next class with a place: at-dusk" in words(client.get("/timetable/?time=evening"))

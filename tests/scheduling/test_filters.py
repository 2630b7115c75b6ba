"""What an address of the timetable asks for; whatever it holds, the answer is a page."""

from datetime import date, datetime

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from scheduling.focus import FocusArea
from scheduling.models import ClassType
from scheduling.timetable import Filters, read_filters
from tests.booking.reading import words
from tests.factories import SlotFactory

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
        ("from=2026-12-01", Filters(first_day=date(2026, 12, 1))),
        ("from=2026-11-23", Filters()),
        ("from=2020-01-01", Filters()),
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
    places_left=st.booleans(),
)


def test_what_is_written_into_an_address_is_read_back(monday: datetime) -> None:
    @given(filters)
    def holds(asked: Filters) -> None:
        assert read_filters(QueryDict(asked.address().removeprefix("?"))) == (asked, True)

    holds()


def test_any_text_in_any_place_is_read_without_harm(monday: datetime) -> None:
    names = st.sampled_from(["focus", "level", "instructor", "location", "places", "from"])

    @given(st.dictionaries(names, st.text(max_size=30)))
    def holds(asked: dict[str, str]) -> None:
        params = QueryDict(mutable=True)
        params.update(asked)
        read_filters(params)

    holds()

"""A rule that was stored when more was accepted, or that has no words, keeps nobody from reading the pages."""

from datetime import UTC, date, datetime

import pytest
from django.test import Client

from scheduling.models import Series
from scheduling.operations import stamp_series
from tests.booking.reading import words
from tests.factories import SeriesFactory
from tests.scheduling.conftest import StandAt

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

NO_LONGER_ACCEPTED = [
    "FREQ=WEEKLY;BYDAY=TU RDATE:20300101",
    "FREQ=DAILY;BYSETPOS=2",
    "FREQ=WEEKLY;BYDAY=2TU",
    "every Tuesday",
]


def stored(recurrence: str) -> Series:
    series: Series = SeriesFactory(
        recurrence=recurrence, starts_on=date(2026, 11, 1), stamped_until=date(2027, 2, 1), class_type__name="Slow Flow"
    )
    return series


@pytest.mark.parametrize("recurrence", [*NO_LONGER_ACCEPTED, "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1,3"])
def test_each_page_that_names_the_rule_opens(managers_client: Client, recurrence: str) -> None:
    series = stored(recurrence)

    addresses = ["/teach/series/", f"/teach/series/{series.pk}/", "/admin/scheduling/series/"]
    pages = [managers_client.get(address) for address in addresses]
    exported = managers_client.get("/teach/export.csv")

    assert [page.status_code for page in [*pages, exported]] == [200] * 4
    assert [recurrence.lower() in words(page).lower() for page in pages] == [True] * 3


@pytest.mark.parametrize("recurrence", NO_LONGER_ACCEPTED)
def test_the_page_says_that_there_will_be_no_further_classes(managers_client: Client, recurrence: str) -> None:
    page = managers_client.get(f"/teach/series/{stored(recurrence).pk}/")

    assert "No further classes can be planned This recurrence is not understood." in words(page)


@pytest.mark.parametrize("recurrence", NO_LONGER_ACCEPTED)
def test_the_sweep_stamps_none_of_it_and_does_not_fail(recurrence: str, stand_at: StandAt) -> None:
    series = stored(recurrence)
    stand_at(datetime(2027, 1, 1, tzinfo=UTC))

    assert stamp_series(series=series) == 0

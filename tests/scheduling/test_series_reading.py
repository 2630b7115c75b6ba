"""Series as they are read on pages: the list in words, and each one with the days that have no class."""

from datetime import UTC, date, datetime, time

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from scheduling.models import Instructor, Series
from tests.booking.reading import without_writing, words
from tests.factories import ClassTypeFactory, ClosureFactory
from tests.scheduling.conftest import StandAt
from tests.scheduling.tuesdays import series_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

LIST = "/teach/series/"


class TestReading:
    def test_the_list_says_each_rule_in_words_with_its_next_class_and_what_is_missing(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        series = series_of(instructor)
        series.slots.filter(series_day=date(2026, 12, 8)).delete()

        text = words(without_writing(lambda: instructors_client.get(LIST)))

        assert "Steady Core Every Tuesday at 18:00 (Berlin time), from 24 November on" in text
        assert "Tue 24 Nov, 18:00–19:00 8 Dec Why?" in text

    def test_a_series_that_is_over_is_listed_on_demand(
        self, instructor: Instructor, instructors_client: Client, stand_at: StandAt
    ) -> None:
        series_of(instructor, ends_on=date(2026, 12, 1))
        stand_at(datetime(2026, 12, 2, tzinfo=UTC))

        assert "Steady Core" not in words(instructors_client.get(LIST))
        assert "Steady Core" in words(instructors_client.get(f"{LIST}?over=1"))

    def test_without_any_the_list_says_what_series_are_for(self, instructors_client: Client) -> None:
        assert "No series yet Plan a weekly class once" in words(instructors_client.get(LIST))

    def test_a_series_shows_its_classes_and_why_days_have_none(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        series = series_of(instructor)
        series.slots.filter(series_day__in=[date(2026, 12, 8), date(2026, 12, 15)]).delete()
        ClosureFactory(starts_at=datetime(2026, 12, 14, 23, tzinfo=UTC), reason="Boiler")
        series.slots.filter(series_day=date(2026, 11, 24)).update(taken=3, is_exception=True)

        text = words(without_writing(lambda: instructors_client.get(f"/teach/series/{series.pk}/")))

        assert "Tuesday 24 November, 18:00–19:00 3 of 8 places taken · changed by hand Tuesday 1 December" in text
        assert "Published" not in text
        assert "Tuesday 8 December Nothing stands in the way any more." in text
        assert "Tuesday 15 December The whole clinic: closed (Boiler)." in text
        assert "Plan the days that are free by now" in text

    def test_missing_days_that_are_free_by_now_are_planned_on_demand(
        self, instructor: Instructor, instructors_client: Client
    ) -> None:
        series = series_of(instructor)
        series.slots.filter(series_day__in=[date(2026, 12, 8), date(2026, 12, 15)]).delete()
        ClosureFactory(starts_at=datetime(2026, 12, 14, 23, tzinfo=UTC))

        answers = [instructors_client.post(f"/teach/series/{series.pk}/fill/", follow=True) for _ in range(2)]

        assert "1 more class is planned." in words(answers[0])
        assert "0 more classes are planned." in words(answers[1])
        assert series.slots.filter(series_day=date(2026, 12, 8)).count() == 1
        assert not series.slots.filter(series_day=date(2026, 12, 15)).exists()

    def test_a_series_of_somebody_who_has_left_says_why_it_ends(
        self, instructor: Instructor, managers_client: Client
    ) -> None:
        series = series_of(instructor)
        series.slots.filter(series_day=date(2026, 12, 8)).delete()
        Instructor.objects.update(is_active=False)

        assert "does not teach at present" in words(managers_client.get(f"/teach/series/{series.pk}/"))

    @pytest.mark.parametrize("count", [1, 3])
    def test_the_list_costs_the_same_few_queries_for_many_series(
        self,
        instructor: Instructor,
        instructors_client: Client,
        count: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for nth in range(count):
            series_of(instructor, wall_time=time(8 + 2 * nth), class_type=ClassTypeFactory())

        with django_assert_num_queries(6):  # session, account, roles, series, slots, the instructor
            page = instructors_client.get(LIST)

        assert [words(page).count(series.class_type.name) for series in Series.objects.all()] == [1] * count

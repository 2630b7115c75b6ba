"""Stamp a year of weekly series into the clinic of the bench, beside a bare COPY of the same rows."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from datetime import time as wall
from statistics import median
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection, transaction

from bench import clinic
from bench.management.commands.load_bench import copy
from bench.report import report
from bench.stack import BenchError
from core import clock
from scheduling.models import Series, Slot
from scheduling.operations import stamp_series

ROUNDS = 3
WEEKS = 52
FREE_EVENINGS = [(day, wall(20, 30)) for day in range(7)] + [(0, wall(21, 45))]  # when the clinic has no classes

Row = dict[str, Any]


class Command(BaseCommand):
    help = "Stamp a year of 200 weekly series, and COPY the same rows; print slots a second. Leaves nothing behind."

    def handle(self, **_options: Any) -> None:
        stamped, copied = [], []
        rows: list[Row] = []
        for number in range(ROUNDS):
            halves: list[Callable[[], None]] = [
                lambda: stamped.append(self._stamp(rows)),
                lambda: copied.append(self._copy(rows)),
            ]
            for half in reversed(halves) if number % 2 else halves:
                half()
        value, floor = median(stamped), median(copied)
        report(f"stamp_a_year_of_{len(FREE_EVENINGS) * clinic.ROOMS}_series", "slots/s", value, floor, value / floor)

    def _stamp(self, rows: list[Row]) -> float:
        """Stamp by the operation, one transaction for each series; leave the rows in `rows`."""
        with weekly_series() as (series, last):
            begin = time.perf_counter()
            count = sum(stamp_series(series=each, until=last) for each in series)
            seconds = time.perf_counter() - begin
            rows[:] = Slot.objects.filter(series__in=series).values(*columns())
        if count != len(rows) or count != WEEKS * len(series):
            raise BenchError(f"{count} slots were stamped and {len(rows)} found, instead of {WEEKS * len(series)}.")
        return count / seconds

    def _copy(self, rows: list[Row]) -> float:
        """Write the same rows by one COPY, past every rule but the database's own."""
        with weekly_series() as (series, _last):
            keys = dict(zip(sorted({row["series_id"] for row in rows}), [each.pk for each in series], strict=True))
            same = [row | {"series_id": keys[row["series_id"]]} for row in rows]
            begin = time.perf_counter()
            with transaction.atomic():
                copy(Slot, same)
            seconds = time.perf_counter() - begin
        return len(same) / seconds


@contextmanager
def weekly_series() -> Iterator[tuple[list[Series], date]]:
    """Eight series for each instructor in the own room, and the day on which their year ends; gone at the end."""
    first = clock.clinic_today() + timedelta(days=1)
    series = Series.objects.bulk_create(
        Series(
            class_type_id=1 + number % 10,
            instructor_id=number,
            room_id=number,
            recurrence="FREQ=WEEKLY",
            starts_on=first + timedelta(days=day),
            wall_time=begins,
            time_zone=settings.CLINIC_TIME_ZONE,
            minutes=60,
            capacity=clinic.CAPACITY,
            price=1800,
        )
        for number in range(1, clinic.ROOMS + 1)
        for day, begins in FREE_EVENINGS
    )
    yield series, first + timedelta(days=7 * WEEKS - 1)
    Slot.objects.filter(series__in=series).delete()
    Series.objects.filter(pk__in=[each.pk for each in series]).delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE scheduling_slot")


def columns() -> list[str]:
    return [field.attname for field in Slot._meta.concrete_fields]

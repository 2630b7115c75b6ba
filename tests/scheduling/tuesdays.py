"""A series with its slots, for the pages that show one."""

from datetime import date
from typing import Any

from scheduling.models import Instructor, Series
from scheduling.operations import start_series
from tests.factories import ClassTypeFactory, RoomFactory, SeriesFactory


def series_of(instructor: Instructor, **fields: Any) -> Series:
    """A series with its slots: Tuesdays at 18:00."""
    if "class_type" not in fields:
        fields["class_type"] = ClassTypeFactory(name="Steady Core")
    parts = {"instructor": instructor, "room": RoomFactory()}
    return start_series(series=SeriesFactory.build(**{"starts_on": date(2026, 11, 24), **parts, **fields}))

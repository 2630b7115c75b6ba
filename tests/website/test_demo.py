"""The demo clinic of the local run: a timetable of real series, with a past, a present and drafts."""

from datetime import UTC, datetime

import pytest

from booking.models import Booking
from core import clock
from scheduling.models import Series, Slot
from scheduling.operations import stamp_series
from scheduling.operations.series import missing_days
from website.demo import clinic, load

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_wednesday(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 11, 25, 11, 30, tzinfo=UTC)
    monkeypatch.setattr(clock, "reading", lambda: moment)


def test_the_demo_clinic_teaches_in_series_that_are_stamped_without_a_gap() -> None:
    load()

    series = list(Series.objects.with_details())
    slots = Slot.objects.all()
    assert len(series) == len(clinic.WEEK)
    assert slots.filter(series=None).count() == 0
    assert [missing_days(series=each) for each in series] == [[]] * len(series)
    assert [stamp_series(series=each) for each in series] == [0] * len(series)
    past = slots.filter(starts_at__lte=clock.now())
    assert past.count() == 20 + 9  # last week, and this one up to Wednesday noon
    assert past.filter(taken__gte=2).count() == past.count()
    assert {slot.series.publishes for slot in slots.filter(state=Slot.State.DRAFT) if slot.series} == {False}
    assert Booking.objects.filter(slot__starts_at__gt=clock.now()).exists()

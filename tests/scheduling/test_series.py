"""Series stamp slots: at the right wall time, never twice, never where one cannot be."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from core import clock
from core.clock import AmbiguousWallTime
from scheduling.models import Series, Slot
from scheduling.operations import (
    DaysBlocked,
    NoDays,
    RuleNotUnderstood,
    preview_series,
    stamp_series,
    start_series,
)
from tests.factories import (
    CertificateFactory,
    ClassTypeFactory,
    ClosureFactory,
    InstructorFactory,
    QualificationFactory,
    RoomFactory,
    SeriesFactory,
    SlotFactory,
    TimeOffFactory,
)

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 10, 5)
TOO_LONG = "FREQ=WEEKLY;BYDAY=" + ",".join(["MO"] * 200)


@pytest.fixture(autouse=True)
def _first_of_october(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_on(monkeypatch, datetime(2026, 10, 1, 8, tzinfo=UTC))


def stand_on(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "reading", lambda: moment)


def a_series(**fields: object) -> Series:
    """An unsaved weekly series on Mondays at 18:00, Berlin time."""
    parts = {"class_type": ClassTypeFactory(), "instructor": InstructorFactory(), "room": RoomFactory()}
    return SeriesFactory.build(**{"starts_on": MONDAY, **parts, **fields})


def local_starts(series: Series) -> list[datetime]:
    starts = series.slots.order_by("starts_at").values_list("starts_at", flat=True)
    return [start.astimezone(series.zone).replace(tzinfo=None) for start in starts]


def test_28_weekly_at_18_stays_at_18_when_the_clocks_are_set_back() -> None:
    series = start_series(series=a_series())

    around = [start for start in local_starts(series) if date(2026, 10, 19) <= start.date() <= date(2026, 10, 26)]

    assert [f"{start:%d %H:%M}" for start in around] == ["19 18:00", "26 18:00"]
    assert series.slots.get(series_day=date(2026, 10, 19)).starts_at == datetime(2026, 10, 19, 16, tzinfo=UTC)
    assert series.slots.get(series_day=date(2026, 10, 26)).starts_at == datetime(2026, 10, 26, 17, tzinfo=UTC)


def test_slots_are_like_their_series_and_reach_to_the_horizon() -> None:
    series = start_series(series=a_series(minutes=75, capacity=6, price=2100))

    slots = list(series.slots.order_by("starts_at"))

    assert len(slots) == 12  # Mondays from 5 October to 21 December; the horizon is 24 December
    assert slots[-1].series_day == date(2026, 12, 21)
    assert {(slot.state, slot.minutes, slot.capacity, slot.price) for slot in slots} == {("published", 75, 6, 2100)}
    assert {slot.published_at for slot in slots} == {clock.now()}


def test_a_series_may_stamp_drafts() -> None:
    series = start_series(series=a_series(publishes=False))

    assert set(series.slots.values_list("state", flat=True)) == {Slot.State.DRAFT}


def test_29_a_wall_time_that_does_not_exist_is_shown_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_on(monkeypatch, datetime(2027, 3, 1, tzinfo=UTC))
    series = a_series(starts_on=date(2027, 3, 21), wall_time=time(2, 30), fold=0)  # the last Sunday of March follows

    shown = {each.day: each.problem.code for each in preview_series(series=series) if each.problem}
    with pytest.raises(DaysBlocked, match="the clocks jump over it"):
        start_series(series=series)

    assert shown == {date(2027, 3, 28): "nonexistent_wall_time"}
    assert Slot.objects.count() == Series.objects.count() == 0


def test_29_the_missing_night_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_on(monkeypatch, datetime(2027, 3, 1, tzinfo=UTC))
    missing = date(2027, 3, 28)
    wanted = a_series(starts_on=date(2027, 3, 21), wall_time=time(2, 30), fold=0, skipped_days=[missing])

    series = start_series(series=wanted)

    assert [start.time() for start in local_starts(series)] == [time(2, 30)] * series.slots.count()
    assert not series.slots.filter(series_day=missing).exists()


@pytest.mark.parametrize(("fold", "hour"), [(0, 0), (1, 1)])
def test_30_a_wall_time_that_exists_twice_asks_which(fold: int, hour: int) -> None:
    night = date(2026, 10, 25)
    series = a_series(starts_on=date(2026, 10, 18), wall_time=time(2, 30))

    with pytest.raises(AmbiguousWallTime):
        start_series(series=series)
    series.fold = fold
    start_series(series=series)

    assert series.slots.get(series_day=night).starts_at == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)


def test_the_preview_saves_nothing_and_shows_closures_and_clashes() -> None:
    series = a_series()
    ClosureFactory(starts_at=datetime(2026, 10, 12, tzinfo=UTC), reason="Works")
    SlotFactory(room=series.room, starts_at=datetime(2026, 10, 19, 16, 30, tzinfo=UTC))
    TimeOffFactory(instructor=series.instructor, starts_at=datetime(2026, 10, 26, tzinfo=UTC))

    planned = {each.day: each for each in preview_series(series=series)}

    problems = {day: each.problem.code for day, each in planned.items() if each.problem}
    assert problems == {
        date(2026, 10, 12): "closed",
        date(2026, 10, 19): "room_taken",
        date(2026, 10, 26): "instructor_away",
    }
    assert planned[date(2026, 10, 5)].slot
    assert Series.objects.count() == 0
    assert Slot.objects.count() == 1


def test_a_series_that_begins_beyond_the_horizon_takes_what_its_preview_shows() -> None:
    series = a_series(starts_on=date(2027, 6, 7))
    clash = SlotFactory(room=series.room, starts_at=datetime(2027, 6, 14, 16, 30, tzinfo=UTC))

    with pytest.raises(DaysBlocked, match="Monday 14 June"):
        start_series(series=series)
    clash.delete()
    previewed = [each.day for each in preview_series(series=series)]
    start_series(series=series)

    assert len(previewed) == 13
    assert list(series.slots.order_by("series_day").values_list("series_day", flat=True)) == previewed
    assert stamp_series(series=series) == 0


def test_a_closed_day_is_skipped_and_a_clash_refuses_all() -> None:
    series = a_series()
    ClosureFactory(starts_at=datetime(2026, 10, 12, tzinfo=UTC))
    other = SlotFactory(room=series.room, starts_at=datetime(2026, 10, 19, 16, 30, tzinfo=UTC))

    with pytest.raises(DaysBlocked, match=f"Monday 19 October – .* is taken at that time: {other.class_type.name}"):
        start_series(series=series)
    assert Slot.objects.count() == 1
    series.skipped_days = [date(2026, 10, 19)]
    start_series(series=series)

    assert [start.day for start in local_starts(series)][:3] == [5, 26, 2]


def test_a_closure_of_another_room_or_house_stands_in_nobodys_way() -> None:
    series = a_series()
    ClosureFactory(starts_at=datetime(2026, 10, 12, tzinfo=UTC), room=RoomFactory())
    ClosureFactory(starts_at=datetime(2026, 10, 12, tzinfo=UTC), location=RoomFactory().location)
    ClosureFactory(starts_at=datetime(2026, 10, 19, tzinfo=UTC), location=series.room.location)

    start_series(series=series)

    assert [start.day for start in local_starts(series)][:3] == [5, 12, 26]


def test_who_lacks_a_qualification_on_one_of_the_days_is_refused_with_its_name() -> None:
    asked = QualificationFactory(name="Yoga therapist, 500 hours")
    series = a_series()
    series.class_type.qualifications.add(asked)
    held = CertificateFactory(instructor=series.instructor, qualification=asked, expires_on=date(2026, 11, 2))

    with pytest.raises(DaysBlocked, match=r"Monday 9 November – .* does not hold Yoga therapist, 500 hours"):
        start_series(series=series)
    held.expires_on = None
    held.save()
    start_series(series=series)

    assert series.slots.count() == 12


def test_stamping_again_and_again_adds_what_the_horizon_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    series = start_series(series=a_series())

    at_once = [stamp_series(series=series) for _ in range(3)]
    stand_on(monkeypatch, clock.now() + timedelta(days=14))
    later = [stamp_series(series=series) for _ in range(3)]

    assert (at_once, later) == ([0, 0, 0], [2, 0, 0])
    assert len(set(series.slots.values_list("series_day", flat=True))) == series.slots.count() == 14


def test_a_sweep_that_comes_late_stamps_no_past(monkeypatch: pytest.MonkeyPatch) -> None:
    series = start_series(series=a_series())
    stand_on(monkeypatch, datetime(2027, 6, 1, 8, tzinfo=UTC))

    stamp_series(series=series)

    days = sorted(series.slots.filter(starts_at__gt=clock.now()).values_list("series_day", flat=True))
    assert days[0] == date(2027, 6, 7)
    assert not series.slots.filter(series_day__range=(date(2026, 12, 25), date(2027, 5, 31))).exists()


def test_a_clash_of_a_later_day_is_left_out_by_the_sweep_and_the_rest_is_stamped(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    series = start_series(series=a_series())
    SlotFactory(room=series.room, starts_at=datetime(2026, 12, 28, 17, tzinfo=UTC))
    stand_on(monkeypatch, clock.now() + timedelta(days=14))

    stamped = stamp_series(series=series)

    assert stamped == 1
    assert f"series {series.pk} has no slot on 2026-12-28: room_taken" in caplog.text


def test_a_series_ends_on_its_last_day_or_after_its_count() -> None:
    by_day = start_series(series=a_series(ends_on=date(2026, 10, 19)))
    by_count = start_series(series=a_series(recurrence="FREQ=WEEKLY;COUNT=4"))

    assert [start.day for start in local_starts(by_day)] == [5, 12, 19]
    assert [start.day for start in local_starts(by_count)] == [5, 12, 19, 26]


def test_twice_a_week_every_other_week() -> None:
    series = start_series(series=a_series(recurrence="FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH"))

    assert [start.day for start in local_starts(series)][:5] == [5, 8, 19, 22, 2]


@pytest.mark.parametrize("recurrence", ["", "FREQ=WEEKLY;BYDAY=MO RDATE:20300101", "FREQ=DAILY;BYSETPOS=2", TOO_LONG])
def test_a_rule_that_is_none_is_refused(recurrence: str) -> None:
    for act in (preview_series, start_series):
        with pytest.raises(RuleNotUnderstood):
            act(series=a_series(recurrence=recurrence))


def test_a_series_without_any_day_is_refused() -> None:
    with pytest.raises(NoDays):
        start_series(series=a_series(recurrence="FREQ=WEEKLY;BYDAY=SU", ends_on=MONDAY + timedelta(days=5)))


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_31_the_zone_of_the_process_does_not_matter(zone: str, settings: object) -> None:
    settings.TIME_ZONE = zone  # type: ignore[attr-defined]

    series = start_series(series=a_series())

    assert {start.time() for start in local_starts(series)} == {time(18)}

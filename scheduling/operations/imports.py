"""A whole timetable from a spreadsheet: what would become of each row, and all of it or nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.errors import DomainError, InvalidInput
from scheduling import cells
from scheduling.cells import BadCell, Names
from scheduling.models import Series, Slot
from scheduling.operations.planning import (
    LEAST_MINUTES,
    MOST_MINUTES,
    MOST_PLACES,
    ClinicIsClosed,
    check_figures,
    lock_for_planning,
    obstacles_to,
)
from scheduling.operations.series import DaysBlocked, NoDays, PlannedDay, check_new_series, reach_of_new, slot_of
from scheduling.recurrence import CODES
from scheduling.sheet import Row

MOST_SLOTS = 100_000  # of one file
LONGEST_PAST = timedelta(days=3653)
AT_ONCE = 1000  # rows of one statement


class RowsRefused(DomainError):
    code = "rows_refused"
    message = _("Nothing was imported: not every row can be planned as it is.")

    def __init__(self, planned: "list[PlannedRow]") -> None:
        self.planned = planned
        super().__init__()


class TooManySlots(InvalidInput):
    code = "too_many_slots"
    message = _("These rows make more than %(most)s classes. Please split the file.")


class ClashInFile(DomainError):
    code = "clash_in_file"
    message = _("%(reason)s That one is in row %(row)s of this file.")


@dataclass
class PlannedRow:
    """What becomes of a row: one slot, a series with its slots, or a problem. `closed` are days that a series skips."""

    row: Row
    series: Series | None = None
    slots: list[Slot] = field(default_factory=list)
    closed: list[date] = field(default_factory=list)
    problem: DomainError | None = None

    @property
    def first(self) -> Slot | None:
        return self.slots[0] if self.slots else None


def preview_import(*, rows: Sequence[Row], by: User, publish: bool = False) -> list[PlannedRow]:
    """What `import_timetable` would do with each row; changes nothing. Raises TooManySlots."""
    planned = _read(rows, Names.known_to(by), publish)
    _find_obstacles(planned)
    return planned


def import_timetable(*, rows: Sequence[Row], by: User, publish: bool = False) -> list[PlannedRow]:
    """Plan the class of each row with a date, and start the series of each row with a weekday or a rule.

    Rows that do not say their state become published if `publish`, else drafts. A manager plans for everyone, an
    instructor only the own classes. All rows or none: raises RowsRefused, which holds the problems, or TooManySlots.
    """
    planned = _read(rows, Names.known_to(by), publish)
    with transaction.atomic():
        slots = [slot for row in planned for slot in row.slots]
        lock_for_planning((slot.instructor_id for slot in slots), (slot.room_id for slot in slots))
        _find_obstacles(planned)
        if any(row.problem for row in planned):
            raise RowsRefused(planned)
        _save(planned)
    return planned


def _read(rows: Sequence[Row], names: Names, publish: bool) -> list[PlannedRow]:
    """The unsaved slots and series of the rows, by their cells alone."""
    planned, count = [], 0
    for row in rows:
        each = PlannedRow(row)
        try:
            _read_row(each, names, publish)
        except DomainError as error:
            each.slots, each.problem = [], error
        count += len(each.slots)
        if count > MOST_SLOTS:
            raise TooManySlots(most=f"{MOST_SLOTS:,}")
        planned.append(each)
    return planned


def _read_row(planned: PlannedRow, names: Names, publish: bool) -> None:
    row = planned.row
    if row.surplus:
        raise BadCell(column=_("row"), why=_("it has more cells than the first row. Is a quotation mark missing?"))
    series = _series_of(row, names, publish)
    if row["repeats"] or cells.read_weekday(row) is not None:
        planned.series = series
        planned.slots = _slots_of(series)
        return
    for column in ("from", "until", "except"):
        if row[column]:
            raise BadCell(column=column, why=_("only for rows with a weekday or a rule. Please leave it empty."))
    slot = slot_of(series, series.starts_on)
    slot.series, slot.series_day = None, None
    check_figures(slot)
    planned.slots = [slot]


def _series_of(row: Row, names: Names, publish: bool) -> Series:
    """What the row says, as a series: for a single class, one of a single day."""
    class_type = names.class_type(row)
    wall_time, fold = cells.read_time(row)
    minutes = cells.read_figure(row, "minutes", LEAST_MINUTES, MOST_MINUTES)
    places = cells.read_figure(row, "places", 1, MOST_PLACES)
    price = cells.read_price(row)
    first, rule = _first_day_and_rule(row)
    until = cells.read_day(row, "until")
    if until and until < first:
        raise BadCell(column="until", why=_("this is before the first day."))
    return Series(
        class_type=class_type,
        instructor=names.instructor(row),
        room=names.room(row),
        online_link=cells.read_link(row),
        recurrence=rule,
        starts_on=first,
        ends_on=until,
        skipped_days=cells.read_days(row, "except"),
        wall_time=wall_time,
        fold=fold,
        time_zone=settings.CLINIC_TIME_ZONE,
        minutes=class_type.minutes if minutes is None else minutes,
        capacity=class_type.capacity if places is None else places,
        price=class_type.price if price is None else price,
        publishes=cells.read_state(row, publish=publish) == Slot.State.PUBLISHED,
    )


def _first_day_and_rule(row: Row) -> tuple[date, str]:
    weekday, rule = cells.read_weekday(row), cells.cell(row, "repeats")
    if weekday is None:
        first = cells.read_day(row, "day")
        if first is None:
            raise BadCell(column="day", why=_("please write a weekday or a date."))
        return first, rule
    if rule:
        raise BadCell(column="repeats", why=_("with a rule, “day” is the date of the first class."))
    first = cells.read_day(row, "from") or clock.clinic_today()
    return first + timedelta(days=(weekday - first.weekday()) % 7), f"FREQ=WEEKLY;BYDAY={CODES[weekday]}"


def _slots_of(series: Series) -> list[Slot]:
    """What the series stamps when it starts."""
    if series.starts_on < clock.clinic_today() - LONGEST_PAST:
        raise BadCell(column="from", why=_("a series cannot have begun more than ten years ago."))
    check_new_series(series)
    series.stamped_until = reach_of_new(series)
    days = series.days(clock.clinic_today(), series.stamped_until)
    slots = [slot for slot in (slot_of(series, day) for day in days) if not slot.has_started]
    if not slots:
        raise NoDays()
    for slot in (slots[0], slots[-1]):  # the others differ in nothing that is checked
        check_figures(slot)
    return slots


def _find_obstacles(planned: Sequence[PlannedRow]) -> None:
    """Give each row that cannot be its problem, and leave out the days on which a series finds the clinic closed."""
    slots = [slot for row in planned for slot in row.slots]
    row_of = {id(slot): row.row.number for row in planned for slot in row.slots}
    reasons = {id(slots[position]): reason for position, reason in obstacles_to(slots).items()}
    for row in planned:
        if row.problem is None:
            _judge(row, lambda slot: _told(reasons.get(id(slot)), row_of))


def _judge(row: PlannedRow, reason_against: Callable[[Slot], DomainError | None]) -> None:
    found = [(slot, reason) for slot in row.slots if (reason := reason_against(slot))]
    if row.series is None:
        row.problem = found[0][1] if found else None
        return
    blocked = []
    for slot, reason in found:
        assert slot.series_day is not None
        if isinstance(reason, ClinicIsClosed):
            row.closed.append(slot.series_day)
        else:
            blocked.append(PlannedDay(slot.series_day, None, reason))
    row.slots = [slot for slot in row.slots if slot.series_day not in row.closed]
    row.problem = DaysBlocked(blocked) if blocked else None


def _told(reason: DomainError | None, row_of: dict[int, int]) -> DomainError | None:
    """The reason; for a clash within the file, with the row of the other class, which nobody finds elsewhere."""
    clash = row_of.get(id(reason.details.get("clash"))) if reason else None
    return ClashInFile(reason=reason, row=clash) if clash else reason


def _save(planned: Sequence[PlannedRow]) -> None:
    Series.objects.bulk_create((row.series for row in planned if row.series), batch_size=AT_ONCE)
    Slot.objects.bulk_create((slot for row in planned for slot in row.slots), batch_size=AT_ONCE)

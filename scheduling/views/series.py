"""Series: the list, one of them, and the form in which one is planned, whose dates are shown before they are saved."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import account_of, form_only
from accounts.roles import MANAGER, has_role
from accounts.sent_once import Done, do_once
from core import clock
from core.clock import DAY, AmbiguousWallTime
from core.errors import DomainError
from scheduling.forms import SeriesForm
from scheduling.models import Instructor, Series, SeriesQuerySet, Slot, clinic_currency
from scheduling.operations.series import (
    DaysBlocked,
    NoDays,
    PlannedDay,
    missing_days,
    preview_series,
    stamp_missing_days,
    start_series,
)
from scheduling.rules import series_in_words, times_of
from scheduling.views.guards import plans_classes

MOST_SLOTS = 100  # of the upcoming ones, on the page of a series
FOLDS = {"0": 0, "1": 1}


@dataclass(frozen=True)
class Row:
    """A series as the list shows it."""

    series: Series
    words: str
    next: Slot | None
    missing: list[date]


@dataclass(frozen=True)
class PreviewedDay:
    """A day of the preview, and whether it is to be left out."""

    planned: PlannedDay
    is_left_out: bool

    @property
    def is_open(self) -> bool:
        """Whether somebody has to decide: it is not free, not closed, and not left out."""
        return bool(self.planned.problem) and not self.planned.is_closed and not self.is_left_out

    @property
    def is_planned(self) -> bool:
        return self.planned.slot is not None and not self.is_left_out


@plans_classes
@require_safe
def series_list(request: HttpRequest) -> HttpResponse:
    """My series; for a manager, everyone's. Those that are over come with `?over=1`."""
    plans_for_all = has_role(request.user, MANAGER)
    with_over = request.GET.get("over") == "1"
    series = _plannable(request).with_details()
    if not with_over:
        series = series.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=clock.clinic_today()))
    context = {
        "rows": list(_rows(list(series))),
        "with_over": with_over,
        "plans_for_all": plans_for_all,
        "may_plan": plans_for_all or Instructor.objects.teaching_as(account_of(request)).exists(),
    }
    return render(request, "scheduling/series/list.html", context)


@plans_classes
@require_safe
def series_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One series with its upcoming classes, and the days on which it has none, with the reason."""
    series = get_object_or_404(_plannable(request).with_details(), pk=pk)
    missing, reason = _missing_with_reasons(series)
    upcoming = series.slots.upcoming().with_details()
    context = {
        "series": series,
        "words": series_in_words(series),
        "slots": upcoming[:MOST_SLOTS],
        "missing": missing,
        "missing_reason": reason,
        "can_be_planned": sum(each.slot is not None for each in missing),
        "asks_which": any(isinstance(each.problem, AmbiguousWallTime) for each in missing),
        "currency": clinic_currency(),
    }
    return render(request, "scheduling/series/detail.html", context)


@plans_classes
@require_http_methods(["GET", "HEAD", "POST"])
def series_new(request: HttpRequest) -> HttpResponse:
    """Plan a series in two steps: what and when, then its dates. Only the second step saves."""
    own = Instructor.objects.teaching_as(account_of(request)).first()
    if has_role(request.user, MANAGER):
        form = SeriesForm(request.POST or None, initial={"instructor": own})
    elif own is not None:
        form = SeriesForm(request.POST or None, instructor=own)
    else:
        raise Http404
    if form.is_valid() and request.POST.get("step") != "change":
        try:
            planned = preview_series(series=form.series)
            if not planned:
                raise NoDays()
            if request.POST.get("step") == "save":
                return _start(request, form, planned)
            return _preview(request, form, planned)
        except DomainError as error:
            form.refuse(error)
    context = {"form": form, "is_manager": has_role(request.user, MANAGER)}
    return render(request, "scheduling/series/form.html", context, status=422 if form.errors else 200)


@form_only("scheduling:series", "pk")
@plans_classes
def series_fill(request: HttpRequest, pk: int) -> HttpResponse:
    """Plan the missing days that are free by now; `fold` answers which of two equal times the series means."""
    series = get_object_or_404(_plannable(request), pk=pk)
    try:
        count = stamp_missing_days(series=series, fold=FOLDS.get(request.POST.get("fold", "")))
    except DomainError as error:
        messages.error(request, str(error))
    else:
        words = ngettext("%(count)d more class is planned.", "%(count)d more classes are planned.", count)
        messages.success(request, words % {"count": count})
    return redirect("scheduling:series", pk)


def _start(request: HttpRequest, form: SeriesForm, planned: list[PlannedDay]) -> HttpResponse:
    series = form.series
    series.skipped_days = sorted(_left_out(request, planned))
    try:
        return do_once(request, partial(_started, series))
    except (DaysBlocked, NoDays):
        return _preview(request, form, planned, refused=True)


def _started(series: Series) -> Done:
    start_series(series=series)
    count = series.slots.count()
    planned_words = _("Planned: %(class_type)s. %(rule)s.")
    count_words = ngettext("%(count)d class is planned so far.", "%(count)d classes are planned so far.", count)
    said = {"count": count, "class_type": series.class_type, "rule": series_in_words(series)}
    return Done(f"{planned_words} {count_words}" % said, reverse("scheduling:series", args=[series.pk]))


def _preview(
    request: HttpRequest, form: SeriesForm, planned: list[PlannedDay], *, refused: bool = False
) -> HttpResponse:
    """The dates with what stands in their way; each may be left out."""
    left_out = _left_out(request, planned)
    if request.POST.get("step") == "leave_out":
        left_out |= {each.day for each in planned if each.problem and not each.is_closed}
    days = [PreviewedDay(each, each.day in left_out) for each in planned]
    series = form.series
    context = {
        "form": form,
        "series": series,
        "words": series_in_words(series),
        "days": days,
        "counts": {
            "planned": sum(day.is_planned for day in days),
            "open": sum(day.is_open for day in days),
            "closed": sum(day.planned.is_closed for day in days),
        },
        "possible": any(day.planned.slot for day in days),
        "goes_on": series.ends_on is None and times_of(series.recurrence) is None,
        "last": planned[-1].day,
        "refused": refused,
        "currency": clinic_currency(),
    }
    return render(request, "scheduling/series/preview.html", context, status=422 if refused else 200)


def _left_out(request: HttpRequest, planned: Iterable[PlannedDay]) -> set[date]:
    """The days that were ticked, among those that the series has."""
    ticked = set(request.POST.getlist("leave_out"))
    return {each.day for each in planned if each.day.isoformat() in ticked}


def _rows(series: Collection[Series]) -> Iterable[Row]:
    """Each series with its next class and its missing days, in one query more."""
    now = clock.now()
    upcoming: dict[int, list[Slot]] = {}
    since = clock.clinic_today() - 2 * DAY  # by the clocks of some series it is still an earlier day
    slots = Slot.objects.filter(series__in=series).filter(Q(series_day__gte=since) | Q(starts_at__gt=now))
    for slot in slots.order_by("starts_at", "id"):
        upcoming.setdefault(slot.series_id or 0, []).append(slot)
    for each in series:
        own = upcoming.get(each.pk, [])
        there = {slot.series_day for slot in own}
        days = each.days(each.today, each.stamped_until) if each.stamped_until else ()
        yield Row(
            series=each,
            words=series_in_words(each),
            next=next((slot for slot in own if slot.starts_at > now and not slot.is_cancelled), None),
            missing=[day for day in days if day not in there and not _is_over(each, day)],
        )


def _is_over(series: Series, day: date) -> bool:
    """Whether the class of the day would have begun already: then it is no longer missed."""
    try:
        return series.instant_on(day) <= clock.now()
    except DomainError:
        return False


def _missing_with_reasons(series: Series) -> tuple[list[PlannedDay], DomainError | None]:
    """The missing days, each with its reason; or the one reason for which the series can have no classes any more."""
    try:
        return missing_days(series=series), None
    except DomainError as error:
        return [], error


def _plannable(request: HttpRequest) -> SeriesQuerySet:
    return Series.objects.plannable_by(account_of(request))

"""Copying a class to another time, and a week to another week."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.permissions import account_of
from accounts.roles import MANAGER, has_role
from accounts.sent_once import Done, StillSaving, do_once
from core import clock
from core.clock import WEEK, monday_of
from core.errors import DomainError
from scheduling.forms import CopySlotForm, CopyWeekForm
from scheduling.models import Instructor, Slot
from scheduling.operations.copies import (
    NothingToCopy,
    PlannedCopy,
    WeekBlocked,
    copy_slot,
    copy_week,
    preview_week,
)
from scheduling.timetable import day_in_reach
from scheduling.views.guards import plans_classes
from scheduling.views.publishing import Meant


@dataclass(frozen=True)
class PreviewedCopy:
    """A class of the week to copy, and whether it is to be left out."""

    planned: PlannedCopy
    is_left_out: bool

    @property
    def is_open(self) -> bool:
        """Whether somebody has to decide: it cannot be copied, and is not left out."""
        return bool(self.planned.problem) and not self.is_left_out


@plans_classes
@require_http_methods(["GET", "HEAD", "POST"])
def slot_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft another class like this one at another time."""
    slot = get_object_or_404(Slot.objects.plannable_by(account_of(request)).with_details(), pk=pk)
    form = CopySlotForm(request.POST or None, slot=slot)
    if form.is_valid():
        try:
            return do_once(request, lambda: _copied(slot, form.cleaned_data["starts_at"]))
        except DomainError as error:
            form.refuse(error)
    context = {"form": form, "slot": slot}
    return render(request, "scheduling/series/copy_slot.html", context, status=422 if form.errors else 200)


@plans_classes
@require_http_methods(["GET", "HEAD", "POST"])
def week_copy(request: HttpRequest) -> HttpResponse:
    """Copy a week in two steps: which one, then its classes with what stands in their way. Only the second saves."""
    account = account_of(request)
    own = None if has_role(account, MANAGER) else get_object_or_404(Instructor.objects.teaching_as(account))
    week = monday_of(day_in_reach(request.GET.get("week", "")) or clock.clinic_today())
    initial = {"week": week, "to": week + WEEK, "instructor": request.GET.get("instructor")}
    form = CopyWeekForm(request.POST or None, instructor=own, initial=initial)
    if form.is_valid() and request.POST.get("step") != "change":
        values = form.cleaned_data
        planned = preview_week(week=values["week"], to=values["to"], instructor=form.whose)
        if not planned:
            form.add_error("week", str(NothingToCopy()))
        elif request.POST.get("step") == "save":
            return _copy(request, form, planned)
        else:
            return _preview(request, form, planned)
    return render(request, "scheduling/series/copy_week.html", {"form": form}, status=422 if form.errors else 200)


def _copied(slot: Slot, starts_at: datetime) -> Done:
    draft = copy_slot(slot=slot, starts_at=starts_at)
    words = _("Copied as a draft: %(slot)s.") % {"slot": draft}
    return Done(words, reverse("booking:planned_class", args=[draft.pk]))


def _copy(request: HttpRequest, form: CopyWeekForm, planned: list[PlannedCopy]) -> HttpResponse:
    try:
        return do_once(request, lambda: _week_copied(form, _left_out(request, planned)))
    except (NothingToCopy, WeekBlocked) as error:
        return _preview(request, form, planned, refused=error)
    except StillSaving as error:
        messages.warning(request, str(error))
        return _preview(request, form, planned)


def _week_copied(form: CopyWeekForm, leave_out: set[int]) -> Done:
    asked = {name: form.cleaned_data[name] for name in ("week", "to", "publishes")}
    copies = copy_week(**asked, instructor=form.whose, leave_out=leave_out)
    first = max(monday_of(form.cleaned_data["to"]), clock.clinic_today())
    return Done(_words_of(copies, Meant(first, form.whose)), f"{reverse('scheduling:teach')}?from={first.isoformat()}")


def _words_of(copies: list[Slot], meant: Meant) -> str:
    """How many classes are copied, with the way to publish those that are drafts."""
    words = ngettext("%(count)d class is copied.", "%(count)d classes are copied.", len(copies))
    words %= {"count": len(copies)}
    drafts = sum(each.state == Slot.State.DRAFT for each in copies)
    if not drafts:
        return words
    way_on = ngettext("Publish %(count)d draft", "Publish %(count)d drafts", drafts) % {"count": drafts}
    return format_html('{} <a href="{}">{}</a>', words, meant.address_of("scheduling:week_publish"), way_on)


def _preview(
    request: HttpRequest, form: CopyWeekForm, planned: list[PlannedCopy], *, refused: DomainError | None = None
) -> HttpResponse:
    left_out = _left_out(request, planned)
    if request.POST.get("step") == "leave_out":
        left_out |= {each.original.pk for each in planned if each.problem}
    rows = [PreviewedCopy(each, each.original.pk in left_out) for each in planned]
    week, to = monday_of(form.cleaned_data["week"]), monday_of(form.cleaned_data["to"])
    context = {
        "form": form,
        "rows": rows,
        "week": week,
        "to": to,
        "whose": form.whose,
        "open": sum(row.is_open for row in rows),
        "copied": sum(not row.planned.problem and not row.is_left_out for row in rows),
        "possible": any(not row.planned.problem for row in rows),
        "refused": refused,
        "zone": clock.zone_label(),
    }
    return render(request, "scheduling/series/preview_week.html", context, status=422 if refused else 200)


def _left_out(request: HttpRequest, planned: Iterable[PlannedCopy]) -> set[int]:
    """The keys of the classes that were ticked, among those of the week."""
    ticked = set(request.POST.getlist("leave_out"))
    return {each.original.pk for each in planned if str(each.original.pk) in ticked}

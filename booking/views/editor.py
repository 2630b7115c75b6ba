"""The editor of planned classes: who has booked them, what changing or cancelling them means, and the deed.

What is typed is checked first: the page says which classes and whom it concerns. Only its button, which says what it
does, saves; and only if that is still so. A draft outside a series concerns nobody, so it is saved at once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.permissions import account_of, form_only
from booking.editor_forms import CancelForm, ChangeForm
from booking.effects import Effects, effects_of_cancelling, effects_of_change
from booking.models import Booking
from booking.views.answers import SeeOther, refused
from core import clock
from core.errors import DomainError
from scheduling.history import history_of, lines_between, values_before
from scheduling.models import Slot, SlotChange
from scheduling.operations import (
    CannotChange,
    ChangedMeanwhile,
    DaysBlocked,
    PlannedChange,
    PlannedDay,
    Scope,
    affected_slots,
    cancel_slots,
    change_slots,
    preview_change,
    restore_slot,
    slots_to_cancel,
)
from scheduling.rules import series_in_words
from scheduling.views.guards import plans_classes

FIRST_FEW = 5
TIMES = ("starts_at", "ends_at")


@dataclass(frozen=True)
class Moved:
    """A class that would change: when it was to be, and when it would be."""

    before: str
    now: str


@plans_classes
@require_safe
def planned_class(request: HttpRequest, pk: int) -> HttpResponse:
    """A planned class, a draft too: who has booked it, what was changed about it, and what can be done."""
    slot = _planned(request, pk)
    booked = Booking.objects.visible_to(account_of(request)).filter(slot=slot)
    context = {
        "slot": slot,
        "series_words": series_in_words(slot.series) if slot.series else "",
        "may_plan_series": slot.series is not None and slot.series.may_be_planned_by(account_of(request)),
        "roster": booked.for_roster(),
        "called_off": booked.called_off().with_people() if slot.is_cancelled else None,
        "history": history_of(slot),
        "may_change": not slot.is_cancelled and not slot.has_started,
        "may_restore": slot.is_cancelled and not slot.people_told and not slot.has_started,
    }
    return render(request, "booking/editor/class.html", context)


@plans_classes
@require_http_methods(["GET", "HEAD", "POST"])
def change_class(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a class, or its series from there on: typed, checked, saved."""
    slot = _planned(request, pk)
    if slot.is_cancelled or slot.has_started:
        return refused(request, CannotChange(), _page_of(slot))
    form = ChangeForm(request.POST if request.method == "POST" else None, slot=slot, by=account_of(request))
    if not form.is_valid() or request.POST.get("then") == "edit":
        return _change_page(request, form)
    try:
        return _checked_change(request, form)
    except ChangedMeanwhile:
        return _changed_meanwhile(request, form)
    except DaysBlocked as error:
        return _change_page(request, form, status=422, **_way_out(form, error.blocked))
    except DomainError as error:
        form.refuse(error)
    return _change_page(request, form)


@plans_classes
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_class(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel a class, or its series from there on: typed, checked, done."""
    slot = _planned(request, pk)
    if slot.is_cancelled and request.method == "POST":
        messages.info(request, _("This class is cancelled already."))  # by an earlier click, most of the time
        return _page_of(slot)
    if slot.is_cancelled or slot.has_started:
        return refused(request, CannotChange(), _page_of(slot))
    form = CancelForm(request.POST if request.method == "POST" else None, slot=slot, by=account_of(request))
    if not form.is_valid() or request.POST.get("then") == "edit":
        return _cancel_page(request, form)
    try:
        return _checked_cancelling(request, form)
    except ChangedMeanwhile:
        return _changed_meanwhile(request, form)
    except DomainError as error:
        return refused(request, error, _page_of(slot))


@form_only("booking:planned_class", "pk")
@plans_classes
def restore_class(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a cancelling back that nobody was told of."""
    slot = _planned(request, pk)
    try:
        restore_slot(slot=slot, by=account_of(request))
    except DomainError as error:
        return refused(request, error, _page_of(slot))
    messages.success(request, _("The cancelling is taken back: the class takes place."))
    return _page_of(slot)


def _checked_change(request: HttpRequest, form: ChangeForm) -> HttpResponse:
    """The page that says what the change means; or, when exactly that was seen, the change itself."""
    asked: dict[str, Any] = {"slot": form.slot, "wanted": form.wanted(), "scope": form.chosen_scope()}
    asked |= {name: form.cleaned_data[name] for name in ("revision", "leave_out")}
    preview = preview_change(**asked)
    planned = preview.changes
    if not planned:
        form.add_error(None, _("Nothing is different yet. Please change something, or go back."))
        return _change_page(request, form)
    effects = effects_of_change(planned)
    if (form.saves_at_once and not effects.people) or form.cleaned_data["seen"] == effects.mark:
        changed = change_slots(**asked, by=account_of(request))
        messages.success(request, _done(_("Saved."), len(changed), effects))
        return _page_of(form.slot)
    own = next((each for each in planned if each.slot.pk == form.slot.pk), planned[0])
    context = _check_words(form, effects, [each.slot for each in planned]) | {
        "lines": lines_between(_beside_the_times(own.before) if len(planned) > 1 else own.before, own.slot),
        "moves": [_moved(each) for each in planned[:FIRST_FEW]],
        "staying": preview.staying,
        "is_free_to_cancel": any(each.moves for each in planned),
        "anybody_booked": any(each.slot.taken for each in planned),
        "button": _button(_deed_of_change(planned), effects),
    }
    return render(request, "booking/editor/check_change.html", context)


def _checked_cancelling(request: HttpRequest, form: CancelForm) -> HttpResponse:
    """The page that says what the cancelling means; or, when exactly that was seen, the cancelling itself."""
    asked: dict[str, Any] = {"slot": form.slot, "scope": form.chosen_scope()}
    if form.cleaned_data["revision"] != form.slot.revision:
        raise ChangedMeanwhile()
    slots = slots_to_cancel(**asked)
    effects = effects_of_cancelling(slots)
    if form.cleaned_data["seen"] == effects.mark:
        what = {"reason": form.cleaned_data["reason"], "revision": form.cleaned_data["revision"]}
        cancelled = cancel_slots(**asked, **what, by=account_of(request))
        messages.success(request, _done(_("Cancelled."), len(cancelled), effects))
        return _page_of(form.slot)
    count = len(slots)
    deed = ngettext("Cancel this class", "Cancel %(count)d classes", count) % {"count": count}
    context = _check_words(form, effects, slots) | {
        "first_few": slots[:FIRST_FEW],
        "ends_series": form.chosen_scope() is not Scope.THIS,
        "reason": form.cleaned_data["reason"],
        "button": _button(deed, effects),
    }
    return render(request, "booking/editor/check_cancelling.html", context)


def _way_out(form: ChangeForm, blocked: list[PlannedDay]) -> dict[str, Any]:
    """The classes that a change of their series does not fit, and, where others remain, how to leave them out."""
    kept = form.cleaned_data["leave_out"] | {day.slot.pk for day in blocked if day.slot}
    concerned = {each.pk for each in affected_slots(slot=form.slot, scope=form.chosen_scope())} | {form.slot.pk}
    again = _sent_again(form) | {"leave_out": ",".join(map(str, sorted(kept)))}
    return {"blocked": blocked, "sent_again": again if concerned - kept else None}


def _sent_again(form: ChangeForm | CancelForm) -> dict[str, Any]:
    """All that was typed."""
    return {name: form[name].value() for name in form.fields if name != "seen"}


def _check_words(form: ChangeForm | CancelForm, effects: Effects, slots: list[Slot]) -> dict[str, Any]:
    """What both pages say before the deed."""
    return {
        "form": form,
        "slot": form.slot,
        "effects": effects,
        "count": len(slots),
        "further": max(len(slots) - FIRST_FEW, 0),
        "last": slots[-1],
        "scope": form.chosen_scope(),
        "was_different": bool(form.cleaned_data["seen"]),
        "sent_again": _sent_again(form),
    }


def _changed_meanwhile(request: HttpRequest, form: ChangeForm | CancelForm) -> HttpResponse:
    """What was typed stays; the page says what somebody else has changed, and goes on from there."""
    slot = form.slot = _planned(request, form.slot.pk)
    if slot.is_cancelled or slot.has_started:
        return refused(request, CannotChange(), _page_of(slot))
    changes = slot.changes.filter(revision__gt=form.cleaned_data["revision"]).select_related("made_by")
    since = list(changes.order_by("revision"))
    if isinstance(form, ChangeForm) and _is_saved_already(form, since, by=account_of(request)):
        messages.info(request, _("This is saved already."))
        return _page_of(slot)
    before = values_before(since)
    names = dict.fromkeys(each.made_by.get_full_name() for each in since if each.made_by)
    context = {"is_stale": True, "others": ", ".join(names), "their_lines": lines_between(before, slot)}
    if isinstance(form, CancelForm):
        return _cancel_page(request, form.brought_up_to_date(by=account_of(request)), status=409, **context)
    return _change_page(request, form.brought_up_to_date(before, by=account_of(request)), status=409, **context)


def _is_saved_already(form: ChangeForm, since: list[SlotChange], *, by: User) -> bool:
    """Whether an earlier click of the same person has saved all that is wanted, and nobody has changed it since."""
    if not since or any(each.made_by_id != by.pk for each in since):
        return False
    asked: dict[str, Any] = {"slot": form.slot, "wanted": form.wanted(), "scope": form.chosen_scope()}
    try:
        preview = preview_change(**asked, revision=form.slot.revision, leave_out=form.cleaned_data["leave_out"])
    except DomainError:
        return False
    return not preview.changes


def _change_page(request: HttpRequest, form: ChangeForm, *, status: int = 0, **context: Any) -> HttpResponse:
    context |= {"form": form, "slot": form.slot}
    return render(request, "booking/editor/change.html", context, status=status or (422 if form.errors else 200))


def _cancel_page(request: HttpRequest, form: CancelForm, *, status: int = 0, **context: Any) -> HttpResponse:
    context |= {"form": form, "slot": form.slot}
    return render(request, "booking/editor/cancel.html", context, status=status or (422 if form.errors else 200))


def _deed_of_change(planned: list[PlannedChange]) -> str:
    count = len(planned)
    if any(each.before.keys() & {"starts_at", "room"} for each in planned):
        return ngettext("Move this class", "Move %(count)d classes", count) % {"count": count}
    return ngettext("Change this class", "Change %(count)d classes", count) % {"count": count}


def _button(deed: str, effects: Effects) -> str:
    """What the button does, all of it."""
    told = len(effects.told)
    if not told:
        return deed
    tell = ngettext("tell %(count)d person", "tell %(count)d people", told) % {"count": told}
    return _("%(deed)s and %(tell)s") % {"deed": deed, "tell": tell}


def _done(deed: str, count: int, effects: Effects) -> str:
    """What was done, and who hears of it."""
    classes = ngettext("%(count)d class.", "%(count)d classes.", count) % {"count": count} if count > 1 else ""
    told = len(effects.told)
    people = ngettext("%(count)d person is told.", "%(count)d people are told.", told) % {"count": told} if told else ""
    calls = _("Who has no e-mail has to be called.") if effects.to_be_called else ""
    return " ".join(filter(None, [deed, classes, people, calls]))


def _beside_the_times(before: dict[str, Any]) -> dict[str, Any]:
    """What else changes, where the times of each class stand in a list of their own."""
    return {name: value for name, value in before.items() if name not in TIMES}


def _moved(planned: PlannedChange) -> Moved:
    slot = planned.slot
    before = {name: datetime.fromisoformat(planned.before[name]) for name in TIMES if name in planned.before}
    old_start, old_end = (before.get(name, getattr(slot, name)) for name in TIMES)
    return Moved(
        before=clock.format_when(old_start, old_end, with_zone=False),
        now=clock.format_when(slot.starts_at, slot.ends_at, with_zone=False),
    )


def _planned(request: HttpRequest, pk: int) -> Slot:
    """The slot, if the visitor plans it; a colleague's does not exist (404)."""
    slots = Slot.objects.plannable_by(account_of(request)).with_details().select_related("series__instructor")
    return get_object_or_404(slots, pk=pk)


def _page_of(slot: Slot) -> SeeOther:
    return SeeOther(reverse("booking:planned_class", args=[slot.pk]))

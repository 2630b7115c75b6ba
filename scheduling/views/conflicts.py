"""The choices for a class that lies in a closure or time off; nothing happens to it before somebody has chosen."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.permissions import account_of
from core.errors import DomainError
from scheduling.models import Slot, SubstituteRequest
from scheduling.operations import Absence, Scope, ask_for_substitute, cancel_slots, conflicts_of, keep_class
from scheduling.views.seen import revision_seen

NEVER_SEEN = -1


def conflicts_shown(absence: Absence) -> dict[str, Any]:
    """What `scheduling/conflicts/list.html` needs: the classes, which are kept, and which look for a substitute."""
    kept = set(absence.kept.values_list("pk", flat=True))
    slots = list(conflicts_of(absence))
    wanted = SubstituteRequest.objects.filter(slot__in=slots, state=SubstituteRequest.State.OPEN)
    return {
        "slots": slots,
        "kept": kept,
        "asked": set(wanted.values_list("slot_id", flat=True)),
        "undecided": sum(slot.pk not in kept for slot in slots),
    }


def cancel_in(request: HttpRequest, absence: Absence, slot_pk: int, *, reason: str) -> None:
    """Cancel one class that lies in `absence`, as the page showed it, and say what happens now."""
    if Slot.objects.plannable_by(account_of(request)).filter(pk=slot_pk, state=Slot.State.CANCELLED).exists():
        messages.info(request, _("This class is cancelled already."))  # by an earlier click, most of the time
        return
    slot = _chosen(request, absence, slot_pk)
    seen = revision_seen(request)
    revision = NEVER_SEEN if seen is None else seen
    try:
        cancelled = cancel_slots(slot=slot, scope=Scope.THIS, reason=reason, revision=revision, by=account_of(request))
    except DomainError as error:
        messages.error(request, str(error))
        return
    if not cancelled:
        messages.info(request, _("This class is cancelled already."))
    for each in cancelled:
        messages.success(request, _("Cancelled: %(slot)s. %(told)s") % {"slot": each, "told": _who_is_told(each)})


def keep_in(request: HttpRequest, absence: Absence, slot_pk: int) -> None:
    """Keep one class that lies in `absence`, and say what that means."""
    slot = _chosen(request, absence, slot_pk)
    keep_class(absence=absence, slot=slot)
    kept = _("Kept: %(slot)s takes place.")
    if slot.state == Slot.State.DRAFT:
        kept = _("Kept: %(slot)s. It stays a draft until you publish it.")
    messages.success(request, kept % {"slot": slot})


def ask_in(request: HttpRequest, absence: Absence, slot_pk: int) -> None:
    """Ask the colleagues for a substitute for one class that lies in `absence`. It leaves the list with its teacher."""
    slot = _chosen(request, absence, slot_pk)
    try:
        ask_for_substitute(slot=slot, by=account_of(request))
    except DomainError as error:
        messages.error(request, str(error))
    else:
        told = _("Colleagues were asked: %(slot)s. Until somebody accepts, nothing changes for your patients.")
        messages.success(request, told % {"slot": slot})


def _who_is_told(slot: Slot) -> str:
    if slot.published_at is None:
        return _("No patient had seen it.")
    if not slot.taken:
        return _("Nobody was booked.")
    return ngettext(
        "%(count)d person is told, and gets back what was paid.",
        "%(count)d people are told, and get back what they paid.",
        slot.taken,
    ) % {"count": slot.taken}


def _chosen(request: HttpRequest, absence: Absence, slot_pk: int) -> Slot:
    slots = conflicts_of(absence).plannable_by(account_of(request))
    return get_object_or_404(slots, pk=slot_pk)

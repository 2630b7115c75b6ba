"""Finding a substitute: the page of the one who looks for one, and the page on which a colleague accepts."""

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.permissions import account_of, form_only
from accounts.roles import MANAGER, has_role
from core.errors import DomainError
from scheduling import operations
from scheduling.forms import AcceptForm, AssignForm
from scheduling.models import Instructor, Slot, SubstituteRequest
from scheduling.views.guards import manages, plans_classes


def requests_to_show(user: User | AnonymousUser, own: Instructor | None) -> list[SubstituteRequest]:
    """The open requests that concern `user`, who is the instructor `own`: for a manager all of them."""
    if has_role(user, MANAGER):
        return list(SubstituteRequest.objects.live().with_details().soonest_first())
    return operations.requests_for(instructor=own) if own else []


@plans_classes
@require_safe
def slot_substitute(request: HttpRequest, pk: int) -> HttpResponse:
    """Who could teach this class and who could not, and why; with the buttons to ask them, or to assign one."""
    slot = _planned_slot(request, pk)
    can_change = not (slot.is_cancelled or slot.has_started)
    colleagues = operations.colleagues_for(slot=slot) if can_change else []
    context = {
        "slot": slot,
        "can_change": can_change,
        "asked": _live_request(slot),
        "able": [each for each in colleagues if each.can],
        "unable": [each for each in colleagues if not each.can],
        "assigns": has_role(request.user, MANAGER),
    }
    return render(request, "scheduling/teach/slot_substitute.html", context)


@form_only("scheduling:slot_substitute", "pk")
@plans_classes
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the colleagues who are qualified and free."""
    slot = _planned_slot(request, pk)
    try:
        operations.ask_for_substitute(slot=slot, by=account_of(request))
    except DomainError as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request, _("You are looking for a substitute. Until somebody accepts, nothing changes for your patients.")
        )
    return redirect("scheduling:slot_substitute", pk)


@form_only("scheduling:slot_substitute", "pk")
@manages
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the class to one colleague at once."""
    slot = _planned_slot(request, pk)
    form = AssignForm(request.POST)
    if not form.is_valid():
        return _nothing_done(request, form, redirect("scheduling:slot_substitute", pk))
    try:
        done = operations.assign_substitute(slot=slot, by=account_of(request), **form.cleaned_data)
    except DomainError as error:
        messages.warning(request, str(error))
        return redirect("scheduling:slot_substitute", pk)
    messages.success(request, _("%(name)s teaches this class. We tell everybody concerned.") % {"name": done.filled_by})
    return redirect("booking:planned_class", pk)


@plans_classes
@require_safe
def substitute(request: HttpRequest, pk: int) -> HttpResponse:
    """One request, as colleagues come to it from their message. Looking at it changes nothing."""
    asked = _request(request, pk)
    own = Instructor.objects.teaching_as(account_of(request)).first()
    context = {
        "asked": asked,
        "slot": asked.slot,
        "own": own,
        "plans_it": Slot.objects.plannable_by(account_of(request)).filter(pk=asked.slot_id).exists(),
        "colleague": _as_colleague(own, asked) if own and asked.is_live else None,
    }
    return render(request, "scheduling/teach/substitute.html", context)


@form_only("scheduling:substitute", "pk")
@plans_classes
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the class over, if nobody was faster."""
    asked = _request(request, pk)
    own = get_object_or_404(Instructor.objects.teaching_as(account_of(request)))
    form = AcceptForm(request.POST)
    if not form.is_valid():
        return _nothing_done(request, form, redirect("scheduling:substitute", pk))
    try:
        operations.accept_substitution(request=asked, instructor=own, by=account_of(request), **form.cleaned_data)
    except DomainError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Thank you! You teach this class. We tell everybody concerned."))
    return redirect("scheduling:substitute", pk)


@form_only("scheduling:substitute", "pk")
@plans_classes
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop looking, by whoever plans the class."""
    planned = Slot.objects.plannable_by(account_of(request))
    asked = get_object_or_404(SubstituteRequest.objects.with_details().filter(slot__in=planned), pk=pk)
    try:
        operations.withdraw_request(request=asked)
    except DomainError as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request, _("You no longer look for a substitute. %(name)s teaches this class.") % {"name": asked.instead_of}
        )
    return redirect("scheduling:slot_substitute", asked.slot_id)


def _request(request: HttpRequest, pk: int) -> SubstituteRequest:
    return get_object_or_404(SubstituteRequest.objects.visible_to(account_of(request)).with_details(), pk=pk)


def _planned_slot(request: HttpRequest, pk: int) -> Slot:
    return get_object_or_404(Slot.objects.plannable_by(account_of(request)).with_details(), pk=pk)


def _live_request(slot: Slot) -> SubstituteRequest | None:
    return SubstituteRequest.objects.live().filter(slot=slot).first()


def _as_colleague(own: Instructor, asked: SubstituteRequest) -> operations.Colleague | None:
    """The visitor among those who might accept; None for the one who looks for a substitute."""
    return next((each for each in operations.colleagues_for(slot=asked.slot) if each.instructor == own), None)


def _nothing_done(request: HttpRequest, form: AcceptForm, page: HttpResponseRedirect) -> HttpResponseRedirect:
    """A form without its hidden fields does not come from our page."""
    said = [str(problem) for problem in form.errors.get("instructor", []) if "instructor" in form.data]
    messages.warning(request, " ".join(said) or _("Nothing was changed. Please use the button on this page."))
    return page

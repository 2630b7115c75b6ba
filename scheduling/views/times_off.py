"""Times off: each instructor's own, and everyone's for managers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import account_of, form_only
from accounts.roles import MANAGER, has_role
from core.errors import DomainError
from scheduling.forms import TimeOffForm
from scheduling.models import Instructor, TimeOff, TimeOffQuerySet
from scheduling.operations import add_time_off, conflicts_of, count_undecided, remove_time_off
from scheduling.views.conflicts import ask_in, cancel_in, conflicts_shown, keep_in
from scheduling.views.guards import plans_classes

NO_REASON = ""  # why somebody is away is nobody else's business


@plans_classes
@require_http_methods(["GET", "HEAD", "POST"])
def times_off(request: HttpRequest) -> HttpResponse:
    """Who is away from now on, and the form in which it is said."""
    form = _form(request)
    if form and form.is_valid():
        try:
            time_off = add_time_off(instructor=form.teacher(), note=form.cleaned_data["note"], **form.times())
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Added: %(time_off)s.") % {"time_off": time_off})
            has_conflicts = conflicts_of(time_off).exists()
            return redirect(*(["scheduling:time_off", time_off.pk] if has_conflicts else ["scheduling:times_off"]))
    to_come = list(_visible(request).to_come().select_related("instructor"))
    undecided = count_undecided(to_come)
    context = {
        "form": form,
        "absences": [(time_off, undecided[time_off.pk]) for time_off in to_come],
        "plans_for_all": has_role(request.user, MANAGER),
    }
    return render(request, "scheduling/times_off/list.html", context, status=422 if form and form.errors else 200)


@plans_classes
@require_safe
def time_off(request: HttpRequest, pk: int) -> HttpResponse:
    """One time off, and the classes that are planned in it."""
    shown = _time_off(request, pk)
    context = {"time_off": shown, "plans_for_all": has_role(request.user, MANAGER), **conflicts_shown(shown)}
    return render(request, "scheduling/times_off/time_off.html", context)


@form_only("scheduling:times_off")
@plans_classes
def time_off_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Teach again. Removing it twice is removing it once; a colleague's does not exist (404)."""
    if not TimeOff.objects.filter(pk=pk).exists():
        messages.info(request, _("This time off is removed already."))
        return redirect("scheduling:times_off")
    time_off = _time_off(request, pk)
    remove_time_off(time_off=time_off)
    messages.success(request, _("Removed: %(time_off)s. Classes can be planned then again.") % {"time_off": time_off})
    return redirect("scheduling:times_off")


@form_only("scheduling:time_off", "pk")
@plans_classes
def time_off_cancel(request: HttpRequest, pk: int, slot_pk: int) -> HttpResponse:
    """Cancel one of the classes in a time off."""
    cancel_in(request, _time_off(request, pk), slot_pk, reason=NO_REASON)
    return redirect("scheduling:time_off", pk)


@form_only("scheduling:time_off", "pk")
@plans_classes
def time_off_ask(request: HttpRequest, pk: int, slot_pk: int) -> HttpResponse:
    """Ask the colleagues to take over one of the classes in a time off."""
    ask_in(request, _time_off(request, pk), slot_pk)
    return redirect("scheduling:time_off", pk)


@form_only("scheduling:time_off", "pk")
@plans_classes
def time_off_keep(request: HttpRequest, pk: int, slot_pk: int) -> HttpResponse:
    """Give one of the classes in a time off nevertheless."""
    keep_in(request, _time_off(request, pk), slot_pk)
    return redirect("scheduling:time_off", pk)


def _form(request: HttpRequest) -> TimeOffForm | None:
    """Managers say whose time off it is; an instructor without an entry has none to add."""
    if has_role(request.user, MANAGER):
        return TimeOffForm(request.POST or None)
    own = Instructor.objects.teaching_as(account_of(request)).first()
    return TimeOffForm(request.POST or None, instructor=own) if own else None


def _visible(request: HttpRequest) -> TimeOffQuerySet:
    return TimeOff.objects.plannable_by(account_of(request))


def _time_off(request: HttpRequest, pk: int) -> TimeOff:
    return get_object_or_404(_visible(request).select_related("instructor"), pk=pk)

"""Closures of the clinic, a location or a room: for managers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import form_only
from core.errors import DomainError
from scheduling.forms import ClosureForm
from scheduling.models import Closure
from scheduling.operations import add_closure, conflicts_of, count_undecided, remove_closure
from scheduling.views.conflicts import cancel_in, conflicts_shown, keep_in
from scheduling.views.guards import manages


@manages
@require_http_methods(["GET", "HEAD", "POST"])
def closures(request: HttpRequest) -> HttpResponse:
    """What is closed from now on, and the form in which a closure is added."""
    form = ClosureForm(request.POST or None)
    if form.is_valid():
        try:
            closure = add_closure(place=form.closes(), reason=form.cleaned_data["reason"], **form.times())
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Added: %(closure)s.") % {"closure": closure})
            has_conflicts = conflicts_of(closure).exists()
            return redirect(*(["scheduling:closure", closure.pk] if has_conflicts else ["scheduling:closures"]))
    to_come = list(Closure.objects.to_come().with_places())
    undecided = count_undecided(to_come)
    context = {"form": form, "absences": [(closure, undecided[closure.pk]) for closure in to_come]}
    return render(request, "scheduling/closures/list.html", context, status=422 if form.errors else 200)


@manages
@require_safe
def closure(request: HttpRequest, pk: int) -> HttpResponse:
    """One closure, and the classes that are planned in it."""
    shown = _closure(pk)
    return render(request, "scheduling/closures/closure.html", {"closure": shown, **conflicts_shown(shown)})


@form_only("scheduling:closures")
@manages
def closure_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Open again. Removing it twice is removing it once."""
    closure = Closure.objects.with_places().filter(pk=pk).first()
    if closure is None:
        messages.info(request, _("This closure is removed already."))
        return redirect("scheduling:closures")
    remove_closure(closure=closure)
    messages.success(request, _("Removed: %(closure)s. Classes can be planned then again.") % {"closure": closure})
    return redirect("scheduling:closures")


@form_only("scheduling:closure", "pk")
@manages
def closure_cancel(request: HttpRequest, pk: int, slot_pk: int) -> HttpResponse:
    """Cancel one of the classes in a closure, with its reason."""
    closure = _closure(pk)
    cancel_in(request, closure, slot_pk, reason=closure.reason)
    return redirect("scheduling:closure", pk)


@form_only("scheduling:closure", "pk")
@manages
def closure_keep(request: HttpRequest, pk: int, slot_pk: int) -> HttpResponse:
    """Let one of the classes in a closure take place."""
    keep_in(request, _closure(pk), slot_pk)
    return redirect("scheduling:closure", pk)


def _closure(pk: int) -> Closure:
    return get_object_or_404(Closure.objects.with_places(), pk=pk)

"""The calendar of instructors and managers: its page, what the grid in it draws, and moving a class there."""

from datetime import timedelta

from csp.constants import NONCE, SELF
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.permissions import account_of, form_only
from accounts.roles import MANAGER, has_role
from core import clock
from core.errors import DomainError, InvalidInput
from scheduling.calendar import Filters, Shown, days_asked, read_calendar, wall
from scheduling.models import Instructor, Location, Room, Slot
from scheduling.moving import MoveForm, Reach, check_move, must_ask, people_told
from scheduling.operations import LEAST_MINUTES, MOST_MINUTES, Scope, Wanted, change_slots
from scheduling.views.guards import plans_classes


class MoveNotUnderstood(InvalidInput):
    code = "move_not_understood"
    message = "%(reason)s"


# FullCalendar writes its styles into the page, its icons among them as a font (which we do not show).
@csp_update({"style-src": [SELF, NONCE], "font-src": [SELF, "data:"]})
@plans_classes
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """A week or a day: a list, which script turns into a grid on wide screens."""
    shown = Shown.read(request.GET)
    is_manager = has_role(request.user, MANAGER)
    context = {
        "shown": shown,
        "days": read_calendar(account_of(request), shown.filters, shown.first, shown.after).days(),
        "zone": clock.zone_label(),
        "is_manager": is_manager,
        "may_plan": is_manager or Instructor.objects.teaching_as(account_of(request)).exists(),
        "setup": _setup(shown),
    }
    if is_manager:
        context |= {
            "instructors": Instructor.objects.all(),
            "rooms": Room.objects.select_related("location"),
            "locations": Location.objects.all(),
        }
    return render(request, "scheduling/calendar/page.html", context)


@plans_classes
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The classes, closures and times off of [start, end), as the grid draws them."""
    asked = days_asked(request.GET)
    if asked is None:
        return JsonResponse({"detail": _("Please ask for at most two weeks.")}, status=400)
    found = read_calendar(account_of(request), Filters.read(request.GET), *asked)
    return JsonResponse({"entries": found.entries()})


@plans_classes
@require_safe
def slot_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """What stands in the panel beside the grid: the class, what can be done with it, and moving it by keyboard."""
    slot = _slot(request, pk)
    context = {
        "slot": slot,
        "start": wall(slot.starts_at),
        "movable": not slot.is_cancelled and not slot.has_started,
        "least_minutes": LEAST_MINUTES,
        "most_minutes": MOST_MINUTES,
    }
    return render(request, "scheduling/calendar/panel.html", context)


@form_only("scheduling:calendar")
@plans_classes
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move or resize a class; ask first where a time happens twice, it belongs to a series, or people are told."""
    slot, form = _slot(request, pk), MoveForm(request.POST)
    try:
        return _moved(slot, form, account_of(request))
    except clock.AmbiguousWallTime as error:
        return JsonResponse({"question": _which_of_two(slot, error)})
    except DomainError as error:
        return JsonResponse({"code": error.code, "detail": str(error)}, status=error.status)


def _moved(slot: Slot, form: MoveForm, by: User) -> JsonResponse:
    if not form.is_valid():
        raise MoveNotUnderstood(reason=form.sentence())
    wanted, revision = form.wanted(slot), form.cleaned_data["revision"]
    if options := must_ask(slot, form, by):
        check_move(slot, wanted, revision=revision, by=by)
        return JsonResponse({"question": _question(slot, wanted, options)})
    scope = form.cleaned_data["scope"] or Scope.THIS
    changed = change_slots(slot=slot, wanted=wanted, scope=scope, revision=revision, by=by)
    return JsonResponse({"said": _said(slot, changed)})


def _which_of_two(slot: Slot, twice: clock.AmbiguousWallTime) -> str:
    """The question which of two equal wall times is meant; of a series, also on a night on which nobody dragged."""
    return render_to_string("scheduling/calendar/which_of_two.html", {"slot": slot, "twice": str(twice)})


def _question(slot: Slot, wanted: Wanted, options: list[Reach]) -> str:
    moved = clock.format_when(wanted.starts_at, wanted.starts_at + timedelta(minutes=wanted.minutes))
    context = {"slot": slot, "moved": moved, "options": options}
    return render_to_string("scheduling/calendar/question.html", context)


def _said(slot: Slot, changed: list[Slot]) -> str:
    """What happened, in a sentence that is read out."""
    if not changed:
        return _("Nothing has changed.")
    moved = next((each for each in changed if each.pk == slot.pk), changed[0])
    parts = [_("Changed: %(slot)s.") % {"slot": moved}]
    if others := len(changed) - 1:
        words = ngettext(
            "%(count)s other class of the series too.", "%(count)s other classes of the series too.", others
        )
        parts.append(words % {"count": others})
    if people := people_told(changed):
        parts.append(ngettext("%(count)s patient is told.", "%(count)s patients are told.", people) % {"count": people})
    return " ".join(parts)


def _setup(shown: Shown) -> dict[str, object]:
    """What the script needs to know."""
    return {
        "view": shown.look.value,
        "day": shown.day.isoformat(),
        "filters": shown.filters.in_address(),
        "page": reverse("scheduling:calendar"),
        "feed": reverse("scheduling:calendar_feed"),
        "newClass": reverse("scheduling:slot_new"),
        "zone": clock.clinic_zone().key,
        "away": _("Away"),
        "failed": _("This could not be saved. Please check the connection and try again."),
        "unread": _("The classes could not be fetched. Please check the connection and reload the page."),
        "signedOut": _("You are signed out. Please reload the page and sign in; nothing was changed."),
    }


def _slot(request: HttpRequest, pk: int) -> Slot:
    slots = Slot.objects.plannable_by(account_of(request)).with_details().select_related("series")
    return get_object_or_404(slots, pk=pk)

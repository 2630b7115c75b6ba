"""The instructor's pages: the own classes by week, and the form for a new one. Managers plan for everyone."""

from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.permissions import account_of, form_only
from accounts.roles import MANAGER, has_role
from accounts.sent_once import Done, do_once
from core import clock
from core.errors import DomainError
from scheduling.calendar import new_class
from scheduling.forms import SlotForm
from scheduling.models import Instructor, Slot, SlotQuerySet
from scheduling.operations import draft_slot, publish_slot
from scheduling.timetable import KEY, day_in_reach
from scheduling.views.guards import plans_classes
from scheduling.views.seen import revision_seen
from scheduling.views.substitutes import requests_to_show

WEEKS = 4


@dataclass(frozen=True)
class Week:
    """The classes of one week, which begins on `monday`, from `first` on."""

    monday: date
    first: date
    slots: list[Slot]

    @property
    def drafts(self) -> int:
        """How many can still be published."""
        return sum(slot.state == Slot.State.DRAFT and not slot.has_started for slot in self.slots)

    @property
    def is_this(self) -> bool:
        return self.monday == clock.monday_of(clock.clinic_today())

    @property
    def is_next(self) -> bool:
        return self.monday == clock.monday_of(clock.clinic_today()) + clock.WEEK


@plans_classes
@require_safe
def teach(request: HttpRequest) -> HttpResponse:
    """What I teach in the next weeks; for a manager, what everyone teaches."""
    plans_for_all = has_role(request.user, MANAGER)
    own = None if plans_for_all else Instructor.objects.teaching_as(account_of(request)).first()
    today = clock.clinic_today()
    first = max(day_in_reach(request.GET.get("from", "")) or today, today)
    after = clock.monday_of(first) + WEEKS * clock.WEEK
    slots = _planned_slots(request, first, after)
    context = {
        "weeks": [
            Week(monday, max(monday, first), list(of_week)) for monday, of_week in groupby(slots, key=_monday_of_slot)
        ],
        "drafts": sum(slot.state == Slot.State.DRAFT for slot in slots),
        "plans_for_all": plans_for_all,
        "may_plan": plans_for_all or own is not None,
        "instructors": Instructor.objects.teaching() if plans_for_all else [],
        "chosen": request.GET.get("instructor", ""),
        "first": None if first == today else first,
        "later": after,
        "wanted": requests_to_show(request.user, own),
        "zone": clock.zone_label(),
    }
    return render(request, "scheduling/teach/weeks.html", context)


@plans_classes
@require_http_methods(["GET", "HEAD", "POST"])
def slot_new(request: HttpRequest) -> HttpResponse:
    """Plan a class: as a draft, or published at once. The calendar says in the address when it shall be."""
    own = Instructor.objects.teaching_as(account_of(request)).first()
    initial = new_class(request.GET)
    if has_role(request.user, MANAGER):
        form = SlotForm(request.POST or None, initial={"instructor": own} | initial)
    elif own is not None:
        form = SlotForm(request.POST or None, instructor=own, initial=initial)
    else:
        raise Http404
    if form.is_valid():
        try:
            publishes = request.POST.get("then") == "publish"
            return do_once(request, partial(_plan, form, publishes=publishes, by=account_of(request)))
        except DomainError as error:
            form.refuse(error)
    return _form_page(request, form)


@form_only("scheduling:teach")
@plans_classes
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a draft for booking, from the weeks or from its own page."""
    try:
        slot = publish_slot(slot=_planned_slot(request, pk), revision=revision_seen(request), by=account_of(request))
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _published(slot))
    if request.POST.get("from") == "class":
        return redirect("booking:planned_class", pk)
    return redirect(_weeks_shown(request))


def _weeks_shown(request: HttpRequest) -> str:
    """The address of the weeks on which the button was pressed: further drafts are likely to be there."""
    first, chosen = day_in_reach(request.POST.get("first", "")), request.POST.get("instructor", "")
    shown = {"from": first.isoformat()} if first else {}
    if KEY.fullmatch(chosen):
        shown["instructor"] = chosen
    return f"{reverse('scheduling:teach')}?{urlencode(shown)}" if shown else reverse("scheduling:teach")


@transaction.atomic  # a class that cannot be published is not left behind as a draft
def _plan(form: SlotForm, *, publishes: bool, by: User) -> Done:
    slot = draft_slot(instructor=form.teacher(), **form.plan())
    words = _("Saved as a draft. Patients cannot see it until you publish it.")
    if publishes:
        words = _published(publish_slot(slot=slot, by=by))
    return Done(words, reverse("scheduling:teach"))


def _published(slot: Slot) -> str:
    return _("Published: %(slot)s. Patients can book it from now on.") % {"slot": slot}


def _form_page(request: HttpRequest, form: SlotForm) -> HttpResponse:
    context = {"form": form, "is_manager": has_role(request.user, MANAGER)}
    return render(request, "scheduling/teach/form.html", context, status=422 if form.errors else 200)


def _planned_slot(request: HttpRequest, pk: int) -> Slot:
    return get_object_or_404(_plannable(request).with_details(), pk=pk)


def _planned_slots(request: HttpRequest, first: date, after: date) -> list[Slot]:
    """The slots from `first` on and before `after` that are not over; a manager may choose one instructor's."""
    slots = _plannable(request).with_details().filter(ends_at__gt=clock.now())
    slots = slots.between(clock.day_bounds(first)[0], clock.day_bounds(after)[0])
    chosen = request.GET.get("instructor", "")
    return list(slots.filter(instructor=int(chosen)) if KEY.fullmatch(chosen) else slots)


def _plannable(request: HttpRequest) -> SlotQuerySet:
    return Slot.objects.plannable_by(account_of(request))


def _monday_of_slot(slot: Slot) -> date:
    return clock.monday_of(clock.clinic_time(slot.starts_at).date())

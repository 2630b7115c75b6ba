"""Publishing the drafts of a week together: first what they are and what stands in the way, then those that can be."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Self
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.permissions import account_of
from accounts.roles import MANAGER, has_role
from core import clock
from scheduling.models import Instructor, Slot, SlotQuerySet
from scheduling.operations import Publication, preview_publishing, publish_slots
from scheduling.timetable import KEY, day_in_reach
from scheduling.views.guards import plans_classes
from scheduling.views.seen import REVISION

SEEN = re.compile(rf"(?P<slot>{KEY.pattern})\.(?P<revision>{REVISION.pattern})")


@dataclass(frozen=True)
class Meant:
    """Which drafts are meant: from a day to the end of its week, and for a manager perhaps one instructor's."""

    first: date
    instructor: Instructor | None

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """What the address asks for; the present week, and everyone's, where it says nothing of use."""
        key = request.GET.get("instructor", "")
        chooses = has_role(request.user, MANAGER) and KEY.fullmatch(key)
        instructor = Instructor.objects.filter(pk=int(key)).first() if chooses else None
        today = clock.clinic_today()
        return cls(max(day_in_reach(request.GET.get("from", "")) or today, today), instructor)

    def of_week(self, slots: SlotQuerySet) -> SlotQuerySet:
        """Those of `slots` that are meant, drafts or not, in order of time."""
        if self.instructor is not None:
            slots = slots.filter(instructor=self.instructor)
        after = clock.monday_of(self.first) + clock.WEEK
        return slots.between(clock.day_bounds(self.first)[0], clock.day_bounds(after)[0]).with_details()

    def address_of(self, view: str) -> str:
        """The address of another page about the same classes."""
        whose = {"instructor": self.instructor.pk} if self.instructor else {}
        return f"{reverse(view)}?{urlencode({'from': self.first.isoformat()} | whose)}"


@plans_classes
@require_http_methods(["GET", "HEAD", "POST"])
def week_publish(request: HttpRequest) -> HttpResponse:
    """The drafts of a week with what stands in their way; the button publishes those that had nothing."""
    meant = Meant.read(request)
    if request.method == "POST":
        seen = _seen(request)
        chosen = _plannable(request, meant).filter(pk__in=seen)
        outcome = publish_slots(slots=chosen, seen=seen, by=account_of(request))
        return _published(request, meant, outcome, elsewhere=len(seen) - len(outcome))
    planned = preview_publishing(slots=list(_drafts(request, meant)))
    ready = [each.slot for each in planned if not each.problem]
    context = {
        "planned": planned,
        "ready": len(ready),
        "blocked": len(planned) - len(ready),
        "drafts": ",".join(f"{slot.pk}.{slot.revision}" for slot in ready),
        "monday": clock.monday_of(meant.first),
        "whose": meant.instructor,
        "plans_for_all": has_role(request.user, MANAGER),
        "back": meant.address_of("scheduling:teach"),
        "zone": clock.zone_label(),
    }
    return render(request, "scheduling/teach/publish_week.html", context)


def _seen(request: HttpRequest) -> dict[int, int]:
    """Which drafts stood on the page as free: slot → revision."""
    sent = map(SEEN.fullmatch, request.POST.get("drafts", "").split(","))
    return {int(each["slot"]): int(each["revision"]) for each in sent if each}


def _published(
    request: HttpRequest, meant: Meant, outcome: list[Publication], *, elsewhere: int
) -> HttpResponseRedirect:
    """Say what is published and what has gone elsewhere, and show what is left with its reasons; else the weeks."""
    refused = [each for each in outcome if each.problem]
    if count := len(outcome) - len(refused):
        words = ngettext(
            "%(count)d class is published. Patients can book it from now on.",
            "%(count)d classes are published. Patients can book them from now on.",
            count,
        )
        messages.success(request, words % {"count": count})
    for each in refused:
        messages.error(request, _("Not published: %(slot)s. %(why)s") % {"slot": each.slot, "why": each.problem})
    if elsewhere:
        words = ngettext(
            "Not published: %(count)d class that is not in this week any more, or somebody else's now.",
            "Not published: %(count)d classes that are not in this week any more, or somebody else's now.",
            elsewhere,
        )
        messages.error(request, words % {"count": elsewhere})
    left = _drafts(request, meant).exists()
    return redirect(meant.address_of("scheduling:week_publish" if left else "scheduling:teach"))


def _drafts(request: HttpRequest, meant: Meant) -> SlotQuerySet:
    return _plannable(request, meant).filter(state=Slot.State.DRAFT).upcoming()


def _plannable(request: HttpRequest, meant: Meant) -> SlotQuerySet:
    return meant.of_week(Slot.objects.plannable_by(account_of(request)))

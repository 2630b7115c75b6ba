"""The front desk's pages."""

from datetime import date, timedelta

from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from booking.forms import DayForm
from booking.models import Booking
from core import clock
from payments.operations import money_troubles
from scheduling.models import Slot


@login_required
@permission_required("booking.view_day_sheet", raise_exception=True)
@require_safe
def day_sheet(request: HttpRequest) -> HttpResponse:
    """All classes of one day with everyone who has a place, and who has paid; of a cancelled one, who had booked it."""
    asked = DayForm(request.GET)
    day: date = asked.cleaned_data["day"] if asked.is_valid() else clock.clinic_today()
    roster = Prefetch("bookings", Booking.objects.for_day_sheet(), to_attr="roster")
    slots = Slot.objects.announced().between(*clock.day_bounds(day)).with_details().prefetch_related(roster)
    people = [booking for slot in slots if not slot.is_cancelled for booking in slot.roster]
    context = {
        "day": day,
        "form": DayForm(initial={"day": day}),
        "asked_for_no_day": "day" in request.GET and not asked.is_valid(),
        "is_today": day == clock.clinic_today(),
        "day_before": day - timedelta(days=1),
        "day_after": day + timedelta(days=1),
        "slots": slots,
        "people": len(people),
        "called_off": [booking for slot in slots if slot.is_cancelled for booking in slot.roster],
        "waiting": sum(booking.is_held for booking in people),
        **money_troubles(),
        "zone": clock.zone_label(),
    }
    return render(request, "booking/desk.html", context)

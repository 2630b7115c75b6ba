"""The desk's page of refunds that could not be sent."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.views.decorators.http import require_safe

from accounts.permissions import form_only
from booking.models import Booking
from booking.views.answers import OwnRequest, SeeOther, refused
from core import clock
from core.errors import DomainError
from payments import operations
from payments.models import Refund

MOST = 100  # on one page; nobody works through more


@login_required
@permission_required("payments.view_refund", raise_exception=True)
@require_safe
def failed_refunds(request: HttpRequest) -> HttpResponse:
    """The refunds that failed and are still owed, newest first, with whom to call and why each failed."""
    bookings = Prefetch("payment__order__bookings", Booking.objects.with_details())
    tries = Prefetch("later_tries", Refund.objects.order_by("pk"))
    failed = Refund.objects.failed_and_owed().select_related("payment__order__payer").order_by("-pk")
    context = {"refunds": failed.prefetch_related(bookings, tries)[:MOST], "zone": clock.zone_label()}
    return render(request, "booking/refunds.html", context)


@form_only("booking:refunds")
@login_required
@permission_required("payments.send_refund", raise_exception=True)
def send_again(request: OwnRequest, pk: int) -> HttpResponse:
    """Send a failed refund again."""
    page = SeeOther(reverse("booking:refunds"))
    refund = get_object_or_404(Refund, pk=pk)
    try:
        operations.send_refund_again(refund=refund, by=request.user)
    except DomainError as error:
        return refused(request, error, page)
    messages.success(request, translate("The refund is on its way again."))
    return page

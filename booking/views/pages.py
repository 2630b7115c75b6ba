"""The patients' pages: a class, booking and paying for it, and one's own bookings."""

from datetime import timedelta
from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import Patient
from accounts.permissions import form_only
from booking import calendar, operations
from booking.forms import BookForm, CheckForm
from booking.models import Booking
from booking.views.answers import OwnRequest, SeeOther, booking_page, own_booking, refused, slot_page
from core import clock
from core.errors import DomainError
from payments.models import Refund
from payments.operations import CheckoutOutcome, PaymentMismatch
from scheduling.history import Line, told_lines, values_before
from scheduling.models import Slot
from scheduling.operations import PriceChanged, SlotMoved

PAST_PER_PAGE = 20
LOOK_FOR_PAYMENT = timedelta(minutes=1)


@require_safe
def class_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A class: all that one needs to know before booking it, and the button."""
    slot = get_object_or_404(Slot.objects.visible_to(request.user).with_details(), pk=pk)
    user = request.user
    own = Booking.objects.live().of_account(user).filter(slot=slot).first() if user.is_authenticated else None
    is_open = slot.is_published and not slot.has_started and not slot.is_full
    patient = user.own_patient if user.is_authenticated else None
    context = {
        "slot": slot,
        "minutes": slot.duration // timedelta(minutes=1),
        "own": own,
        "is_open": is_open,
        "can_book": patient is not None,
        "meanwhile": _booked_meanwhile(patient, slot) if patient and is_open and not own else None,
        "if_booked": Booking(slot=slot, price=slot.price, currency=slot.currency),
        "hold_minutes": settings.HOLD_LASTS // timedelta(minutes=1),
        "another": None if is_open or own else _next_like(slot),
    }
    return render(request, "booking/slot.html", context)


@form_only("booking:slot", "pk")
def book(request: HttpRequest, pk: int) -> HttpResponse:
    """Book the class at the price and time that its page showed; a second click finds the booking of the first."""
    slot = get_object_or_404(Slot.objects.visible_to(request.user).with_details(), pk=pk)
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("booking:slot", args=[pk]))
    patient = request.user.own_patient
    if patient is None:
        return slot_page(pk)
    try:
        _remember_what_was_shown(slot, request)
        booking = operations.book_place(patient=patient, slot=slot, by=request.user)
    except operations.AlreadyBooked as error:
        first = Booking.objects.live().filter(patient=patient, slot=slot).first()
        return booking_page(first.pk) if first else refused(request, error, slot_page(pk))
    except operations.TooManyHolds as error:
        return refused(request, error, SeeOther(reverse("booking:my")))
    except DomainError as error:
        return refused(request, error, slot_page(pk))
    return booking_page(booking.pk)


@login_required
@require_safe
def my_bookings(request: OwnRequest) -> HttpResponse:
    """What is coming, soonest first; then what is over, latest first."""
    bookings = Booking.objects.of_account(request.user).with_details()
    coming = bookings.coming().order_by("slot__starts_at", "pk")
    past = Paginator(bookings.over().order_by("-slot__starts_at", "-pk"), PAST_PER_PAGE)
    context = {"coming": coming, "past": past.get_page(request.GET.get("page"))}
    return render(request, "booking/my.html", context)


@require_safe
@own_booking
def detail(request: OwnRequest, booking: Booking) -> HttpResponse:
    """One booking in whatever state it is. Coming back from the payment page (`?paid=1`) changes nothing by itself."""
    refunds = Prefetch("refunds", Refund.objects.current().order_by("pk"))
    payments = booking.order.payments.prefetch_related(refunds) if booking.order else []
    is_paid = booking.is_confirmed or booking.order is None or booking.order.is_paid
    context = {
        "booking": booking,
        "slot": booking.slot,
        "payments": payments,
        "looks_for_payment": "paid" in request.GET and not is_paid,
        "now": int(clock.now().timestamp()),
        "hold_seconds": int(settings.HOLD_LASTS.total_seconds()),
        "another": _next_like(booking.slot) if not booking.is_live else None,
        "changes": _changes_since(booking) if booking.is_live else [],
    }
    return render(request, "booking/detail.html", context)


@form_only("booking:detail", "pk")
@own_booking
def pay(request: OwnRequest, booking: Booking) -> HttpResponse:
    """Off to the hosted payment page: a new one, or the one that is open already."""
    try:
        return SeeOther(operations.start_payment(booking=booking, email=request.user.email))
    except DomainError as error:
        return refused(request, error, booking_page(booking.pk))


@form_only("booking:detail", "pk")
@own_booking
def check_payment(request: OwnRequest, booking: Booking) -> HttpResponse:
    """Has the payment arrived? Asked by the page itself every few seconds for a minute, else by its button."""
    try:
        outcome = operations.check_payment(booking=booking)
    except PaymentMismatch:
        messages.warning(request, translate("Your payment needs a closer look by us. Nothing is lost: please call us."))
        return _leave_for(request, booking)
    except operations.NothingToPay:
        return _leave_for(request, booking)
    if outcome is CheckoutOutcome.PAID:
        return _leave_for(request, booking)
    if request.htmx:
        return _still_looking(request, booking, outcome)
    messages.info(request, translate("The payment has not arrived yet."))
    return SeeOther(reverse("booking:detail", args=[booking.pk]) + "?paid=1")


@require_http_methods(["GET", "HEAD", "POST"])
@own_booking
def give_up(request: OwnRequest, booking: Booking) -> HttpResponse:
    """Let go of a held place: first a question, then the deed."""
    if not booking.is_held or booking.is_being_given_back:
        return booking_page(booking.pk)
    if request.method != "POST":
        return render(request, "booking/give_up.html", {"booking": booking, "slot": booking.slot})
    operations.give_up_hold(booking=booking)
    booking.refresh_from_db()
    if booking.is_confirmed:
        messages.info(request, translate("Your payment had been made already, so we could not give the place away."))
    elif booking.is_held and not booking.is_being_given_back:
        messages.info(request, translate("You still hold this place, because its payment has begun in another window."))
    return booking_page(booking.pk)


@require_safe
@own_booking
def calendar_file(request: OwnRequest, booking: Booking) -> HttpResponse:
    """The class for the patient's own calendar, once it is confirmed; also to take it out when it is cancelled."""
    if booking.confirmed_at is None:
        raise Http404
    return HttpResponse(
        calendar.calendar_file(booking),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{calendar.file_name(booking)}"'},
    )


def _remember_what_was_shown(slot: Slot, request: HttpRequest) -> None:
    """Let `slot` be as its page showed it to the patient. Raises PriceChanged or SlotMoved for what cannot be true."""
    form = BookForm(request.POST)
    if "price" in form.errors:
        raise PriceChanged()
    if "starts_at" in form.errors:
        raise SlotMoved()
    slot.price = form.cleaned_data["price"]
    slot.starts_at = form.cleaned_data["starts_at"] or slot.starts_at


def _changes_since(booking: Booking) -> list[Line]:
    """What is different about the class now than when the place was booked."""
    if booking.slot.revision == 0:
        return []
    changes = booking.slot.changes.filter(made_at__gte=booking.made_at).order_by("revision")
    return told_lines(values_before(changes), booking.slot)


def _booked_meanwhile(patient: Patient, slot: Slot) -> Booking | None:
    """The patient's first booking of another class at that time: nobody means to be in two rooms at once."""
    return patient.bookings.live().at_the_time_of(slot).with_details().order_by("slot__starts_at", "pk").first()


def _next_like(slot: Slot) -> Slot | None:
    """The next class of the same type that has a place."""
    others = Slot.objects.published().upcoming().with_places_left().filter(class_type=slot.class_type_id)
    return others.exclude(pk=slot.pk).with_details().order_by("starts_at", "pk").first()


def _leave_for(request: OwnRequest, booking: Booking) -> HttpResponse:
    """On to the booking's page, also when only a part of the page has asked."""
    page = booking_page(booking.pk)
    return HttpResponseClientRedirect(page.url) if request.htmx else page


def _still_looking(request: OwnRequest, booking: Booking, outcome: CheckoutOutcome) -> HttpResponse:
    """Nothing new for the page that asks (204), until it has asked long enough: then what to do now."""
    form = CheckForm(request.POST)
    since = form.cleaned_data["since"] if form.is_valid() else None
    if since is not None and clock.now().timestamp() < since + LOOK_FOR_PAYMENT.total_seconds():
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    context = {"booking": booking, "slot": booking.slot, "is_unpaid": outcome is CheckoutOutcome.NOT_PAID}
    return render(request, "booking/parts/no_payment_yet.html", context)

"""Bookings in the admin: to be read. What becomes of a booking is decided by operations, never by editing its state."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from booking.models import Booking
from core import clock
from core.money import format_money
from payments.admin import ReadOnly


@admin.register(Booking)
class BookingAdmin(ReadOnly, ModelAdmin):
    list_display = ["patient", "slot", "state", "costs", "reference", "made_at"]
    list_filter = ["state"]
    list_select_related = ["patient", "slot__class_type", "order"]
    search_fields = ["patient__name", "patient__phone", "order__reference"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = readonly_fields = [
        *list_display,
        "booked_by",
        "hold_expires_at",
        "given_up_at",
        "confirmed_at",
        "ended_at",
        "cancels_free",
    ]

    @admin.display(description=_("price"), ordering="price")
    def costs(self, booking: Booking) -> str:
        return format_money(booking.price, booking.currency)

    @admin.display(description=_("reference"))
    def reference(self, booking: Booking) -> str:
        return booking.order.reference if booking.order else "–"

    @admin.display(description=_("free to cancel until"))
    def cancels_free(self, booking: Booking) -> str:
        return clock.format_when(booking.free_cancel_until)

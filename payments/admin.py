"""Money in the admin: to be read, not edited. What is sold (pass types, membership plans) is the exception."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Field, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline

from accounts.models import User
from core.money import format_money
from payments import operations
from payments.models import (
    Membership,
    MembershipGrant,
    MembershipPlan,
    Order,
    Pass,
    PassEntry,
    PassType,
    Payment,
    Refund,
    StripeEvent,
)


class ReadOnly:
    """Rows that only operations write."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Sold(ModelAdmin):
    """What is on sale: taken off it, not deleted, because what was sold points to it."""

    list_filter = ["is_active"]
    search_fields = ["name"]
    ordering = ["name"]

    @admin.display(description=_("price"), ordering="price")
    def costs(self, sold: PassType | MembershipPlan) -> str:
        return format_money(sold.price, settings.CLINIC_CURRENCY)

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **options: Any) -> forms.Field | None:
        field: forms.Field | None = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None and db_field.name == "price":
            example = format_money(1800, settings.CLINIC_CURRENCY)
            field.help_text = translate("In the smallest unit: 1800 means %(example)s.") % {"example": example}
        return field

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(PassType)
class PassTypeAdmin(Sold):
    list_display = ["name", "credits", "valid_days", "costs", "is_active"]


@admin.register(MembershipPlan)
class MembershipPlanAdmin(Sold):
    list_display = ["name", "allowance", "costs", "is_active"]


class PaymentsInWords:
    """The two amounts of a payment as people write them."""

    @admin.display(description=_("amount"), ordering="amount")
    def came_in(self, payment: Payment) -> str:
        return format_money(payment.amount, payment.currency)

    @admin.display(description=_("refunded or about to be"), ordering="refunded")
    def goes_back(self, payment: Payment) -> str:
        return format_money(payment.refunded, payment.currency) if payment.refunded else "–"


class PaymentsOfOrder(PaymentsInWords, ReadOnly, TabularInline):
    model = Payment
    fields = readonly_fields = ["came_in", "goes_back", "method", "received_at", "taken_by"]


@admin.register(Order)
class OrderAdmin(ReadOnly, ModelAdmin):
    list_display = ["reference", "payer", "total", "state", "created_at", "paid_at"]
    list_filter = ["state"]
    list_select_related = ["payer"]
    search_fields = ["reference", "payer__email", "payer__name"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = readonly_fields = ["reference", "payer", "total", "state", "created_at", "paid_at"]
    inlines = [PaymentsOfOrder]

    @admin.display(description=_("amount"), ordering="amount")
    def total(self, order: Order) -> str:
        return format_money(order.amount, order.currency)


class RefundsInWords:
    """The amount of a refund as people write it."""

    @admin.display(description=_("amount"), ordering="amount")
    def goes_back(self, refund: Refund) -> str:
        return format_money(refund.amount, refund.payment.currency)


class RefundsOfPayment(RefundsInWords, ReadOnly, TabularInline):
    model = Refund
    fields = readonly_fields = ["goes_back", "reason", "state", "created_at", "settled_at", "error"]


@admin.register(Payment)
class PaymentAdmin(PaymentsInWords, ReadOnly, ModelAdmin):
    list_display = ["order", "came_in", "goes_back", "method", "received_at", "taken_by"]
    list_filter = ["method"]
    list_select_related = ["order", "taken_by"]
    search_fields = ["order__reference", "payment_intent", "order__payer__email"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = readonly_fields = [*list_display, "payment_intent"]
    inlines = [RefundsOfPayment]


@admin.register(Refund)
class RefundAdmin(RefundsInWords, ReadOnly, ModelAdmin):
    list_display = ["order", "goes_back", "reason", "state", "created_at", "settled_at", "error"]
    list_filter = ["state", "reason"]
    list_select_related = ["payment__order"]
    search_fields = ["payment__order__reference", "stripe_id"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = readonly_fields = [*list_display, "created_by", "attempts", "stripe_id"]

    @admin.display(description=_("order"))
    def order(self, refund: Refund) -> Order:
        return refund.payment.order


class EventState(admin.SimpleListFilter):
    """Where a Stripe event stands."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [
            ("set_aside", translate("Set aside")),
            ("waiting", translate("Not processed yet")),
            ("processed", translate("Processed")),
        ]

    def queryset(self, request: HttpRequest, events: QuerySet[StripeEvent]) -> QuerySet[StripeEvent]:
        if self.value() == "set_aside":
            return events.filter(~Q(quarantined=""), processed_at=None)
        if self.value() == "waiting":
            return events.filter(processed_at=None, quarantined="")
        if self.value() == "processed":
            return events.exclude(processed_at=None)
        return events


class EventType(admin.SimpleListFilter):
    """What a Stripe event tells: the types that are worked in, not all that the table holds, which had to be read."""

    title = _("type")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(event_type, event_type) for event_type in sorted(operations.HANDLERS)]

    def queryset(self, request: HttpRequest, events: QuerySet[StripeEvent]) -> QuerySet[StripeEvent]:
        return events.filter(type=self.value()) if self.value() else events


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnly, ModelAdmin):
    list_display = ["type", "received_at", "processed_at", "quarantined", "attempts", "error"]
    list_filter = [EventState, EventType]
    search_fields = ["stripe_id", "type"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = readonly_fields = ["stripe_id", *list_display, "next_try_at", "payload"]
    actions = ["process_again", "mark_dealt_with"]

    def has_process_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payments.change_stripeevent")

    @admin.action(description=_("Process again"), permissions=["process_again"])
    def process_again(self, request: HttpRequest, events: QuerySet[StripeEvent]) -> None:
        """Try again what was set aside or failed, once a person has found out why."""
        results = [operations.process_event_again(event_id=event.pk) for event in events.order_by("id")]
        done, left = results.count(True), results.count(False)
        if done:
            words = ngettext("%(count)d event is processed.", "%(count)d events are processed.", done)
            self.message_user(request, words % {"count": done}, messages.SUCCESS)
        if left:
            words = ngettext("%(count)d event still cannot be processed.", "%(count)d events still cannot.", left)
            self.message_user(request, words % {"count": left}, messages.WARNING)

    @admin.action(description=_("Mark as dealt with"), permissions=["process_again"])
    def mark_dealt_with(self, request: HttpRequest, events: QuerySet[StripeEvent]) -> None:
        """Close what was set aside once a person has put the money right elsewhere, at Stripe for example."""
        manager = request.user
        assert isinstance(manager, User)
        closed = sum(operations.close_event(event_id=event.pk, by=manager) for event in events)
        words = ngettext("%(count)d event is dealt with.", "%(count)d events are dealt with.", closed)
        self.message_user(request, words % {"count": closed}, messages.SUCCESS if closed else messages.WARNING)


class EntriesOfPass(ReadOnly, TabularInline):
    model = PassEntry
    fields = readonly_fields = ["created_at", "change", "reason", "actor"]
    ordering = ["id"]


@admin.register(Pass)
class PassAdmin(ReadOnly, ModelAdmin):
    list_display = ["account", "pass_type", "credits_left", "starts_on", "expires_on"]
    list_filter = ["pass_type"]
    list_select_related = ["account", "pass_type"]
    search_fields = ["account__email", "account__name"]
    ordering = ["-id"]
    inlines = [EntriesOfPass]


class GrantsOfMembership(ReadOnly, TabularInline):
    model = MembershipGrant
    fields = readonly_fields = ["starts_on", "ends_on", "allowance", "used"]
    ordering = ["starts_on"]


@admin.register(Membership)
class MembershipAdmin(ReadOnly, ModelAdmin):
    list_display = ["account", "plan", "state", "created_at"]
    list_filter = ["state", "plan"]
    list_select_related = ["account", "plan"]
    search_fields = ["account__email", "account__name"]
    ordering = ["-id"]
    inlines = [GrantsOfMembership]

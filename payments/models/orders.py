"""What is owed (Order), what came in (Payment) and what goes out (Refund). Rows are never deleted."""

import re
import secrets

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.money import format_money

# no 0/O, 1/I/L: people read references aloud on the phone
REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_reference() -> str:
    """A reference that can be spelled on the phone, e.g. `K7QM-2XWD-9P`: 10 of 31 signs, about 50 bits."""
    number = secrets.randbelow(len(REFERENCE_ALPHABET) ** 10)
    signs = ""
    for _position in range(10):
        number, sign = divmod(number, len(REFERENCE_ALPHABET))
        signs += REFERENCE_ALPHABET[sign]
    return f"{signs[:4]}-{signs[4:8]}-{signs[8:]}"


class OrderQuerySet(models.QuerySet["Order"]):
    def visible_to(self, user: User) -> "OrderQuerySet":
        """Staff who take payments see every order, everyone else their own."""
        return self if user.has_perm("payments.take_payment") else self.filter(payer=user)

    def with_reference(self, words: str) -> "OrderQuerySet":
        """The order whose reference was read out as `words`: in small letters, with blanks or without dashes."""
        signs = re.sub(r"[\s-]", "", words).upper()
        return self.filter(reference=f"{signs[:4]}-{signs[4:8]}-{signs[8:]}")


class Order(models.Model):
    """What a payer owes for one purchase: one place, one pass. What was bought points to it and holds its own price."""

    class State(models.TextChoices):
        OPEN = "open", _("To be paid")
        PAID = "paid", _("Paid")
        CLOSED = "closed", _("Closed unpaid")

    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_reference, editable=False)
    payer = models.ForeignKey(User, models.PROTECT, related_name="orders", null=True, blank=True)
    amount = models.PositiveIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    paid_at = models.DateTimeField(null=True, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        permissions = [("take_payment", "Can take payments at the desk")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="paid", paid_at__isnull=False) | (~Q(state="paid") & Q(paid_at__isnull=True)),
                name="a_paid_order_knows_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {format_money(self.amount, self.currency)}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_paid(self) -> bool:
        return self.state == self.State.PAID

    @property
    def has_open_page(self) -> bool:
        """Whether somebody may be paying on a hosted page at this moment, as far as is known here."""
        return self.checkout_sessions.filter(state="open", expires_at__gt=clock.now()).exists()

    @property
    def is_page_asked_for(self) -> bool:
        """Whether a page is being opened at this moment: Stripe is asked, and what it answered is not known yet."""
        return self.checkout_sessions.filter(state="asked", expires_at__gt=clock.now()).exists()


class Payment(models.Model):
    """Money that came in for an order: one row for each movement, written once."""

    class Method(models.TextChoices):
        """How it was paid, in the words that follow "paid 18 €" everywhere."""

        CARD = "card", _("by card")
        CASH = "cash", _("in cash")
        TERMINAL = "terminal", _("by card at the desk")

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments")
    amount = models.PositiveIntegerField(_("amount"))
    refunded = models.PositiveIntegerField(_("of which refunded or about to be"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    method = models.CharField(_("method"), max_length=10, choices=Method)
    payment_intent = models.CharField(_("Stripe payment intent"), max_length=255, null=True, blank=True, unique=True)
    received_at = models.DateTimeField(default=clock.now)
    taken_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.CheckConstraint(condition=Q(refunded__lte=F("amount")), name="never_refund_more_than_was_paid"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_payment_is_more_than_nothing"),
            models.CheckConstraint(
                condition=Q(method="card", payment_intent__isnull=False)
                | (~Q(method="card") & Q(payment_intent__isnull=True)),
                name="an_on_line_payment_names_its_intent",
            ),
        ]

    def __str__(self) -> str:
        return f"{format_money(self.amount, self.currency)} for {self.order_id}"


class RefundQuerySet(models.QuerySet["Refund"]):
    def due(self) -> "RefundQuerySet":
        """Refunds that a worker should send now: due, and not leased by another worker."""
        return self.filter(state=Refund.State.DUE, next_try_at__lte=clock.now())

    def current(self) -> "RefundQuerySet":
        """What is to be said of each refund: the try that has not failed, or the first one when all have."""
        failed = Q(state=Refund.State.FAILED)
        live_tries = Refund.objects.filter(~failed, replaces=OuterRef("pk"))
        return self.filter(~failed | Q(failed, ~Exists(live_tries), replaces=None))

    def failed_and_owed(self) -> "RefundQuerySet":
        """Refunds that a person has to look after: all tries have failed, and nobody has paid the money back since."""
        left = F("payment__amount") - F("payment__refunded")
        return self.current().filter(state=Refund.State.FAILED, amount__lte=left)


class Refund(models.Model):
    """Money that goes back. Due until the provider has accepted it; the key makes a repeated call harmless."""

    class State(models.TextChoices):
        DUE = "due", _("Due")
        PENDING = "pending", _("On its way")
        SUCCEEDED = "succeeded", _("Refunded")
        FAILED = "failed", _("Failed")

    class Reason(models.TextChoices):
        PAID_TOO_LATE = "paid_too_late", _("Paid after the place was given away")
        PAID_TWICE = "paid_twice", _("Paid twice")
        CLASS_CANCELLED = "class_cancelled", _("Paid for a class that was cancelled")
        AT_THE_DASHBOARD = "at_the_dashboard", _("Refunded at Stripe's dashboard")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    amount = models.PositiveIntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=30, choices=Reason)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DUE)
    idempotency_key = models.UUIDField(unique=True, editable=False)
    stripe_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(default=clock.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    # the first try of a refund that failed and is sent again; the constraint's index serves the foreign key too
    replaces = models.ForeignKey(
        "self", models.PROTECT, related_name="later_tries", null=True, blank=True, db_index=False
    )

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        permissions = [("send_refund", "Can send a failed refund again")]
        constraints = [
            models.UniqueConstraint(
                fields=["replaces"], condition=~Q(state="failed"), name="one_try_of_a_refund_at_a_time"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_refund_is_more_than_nothing"),
            models.CheckConstraint(
                condition=Q(state__in=["due", "failed"]) | Q(stripe_id__isnull=False),
                name="a_sent_refund_knows_its_provider_id",
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state="due"), name="due_refunds"),
            models.Index(fields=["-id"], condition=Q(state="failed"), name="failed_refunds"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of payment {self.payment_id}: {self.state}"

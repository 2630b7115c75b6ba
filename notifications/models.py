"""What is to be told to whom (Message, the outbox) and what an account does not want to be told (Preference)."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from booking.models import Booking
from core import clock
from payments.models import Order
from scheduling.models import Slot, SubstituteRequest


class Kind(models.TextChoices):
    """What a message says; each kind has two templates of its name."""

    BOOKING_CONFIRMED = "booking_confirmed", _("Booking confirmed")
    CLASS_REMINDER = "class_reminder", _("Reminder of a class")
    CLASS_CHANGED = "class_changed", _("Class moved or changed")
    CLASS_CANCELLED = "class_cancelled", _("Class cancelled")
    SUBSTITUTE_WANTED = "substitute_wanted", _("Substitute wanted")
    SUBSTITUTE_FOUND = "substitute_found", _("Substitute found")
    CLASS_TAKEN_OVER = "class_taken_over", _("Class taken over")
    PAYMENT_REFUNDED = "payment_refunded", _("Late payment goes back")
    PAID_TWICE = "paid_twice", _("Second payment goes back")
    PAID_FOR_CANCELLED = "paid_for_cancelled", _("Payment for a cancelled class goes back")
    LOGIN_CODE = "login_code", _("Sign-in code")
    EMAIL_CONFIRMATION = "email_confirmation", _("Code for a new address")
    SECURITY_NOTICE = "security_notice", _("Change of an account")


MONEY_KINDS = (Kind.PAYMENT_REFUNDED, Kind.PAID_TWICE, Kind.PAID_FOR_CANCELLED)
SUBSTITUTE_KINDS = (Kind.SUBSTITUTE_WANTED, Kind.SUBSTITUTE_FOUND, Kind.CLASS_TAKEN_OVER)  # between colleagues
OPTIONAL_KINDS = (Kind.CLASS_REMINDER,)  # what an account may switch off; the rest is owed to the patient


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self) -> "MessageQuerySet":
        """Messages that a worker should deliver now: due, and not leased by another worker."""
        return self.filter(state=Message.State.QUEUED, next_try_at__lte=clock.now())

    def with_details(self) -> "MessageQuerySet":
        """Messages with all that they say, in one query."""
        return self.select_related(
            "booking__patient__account",
            "booking__order",
            "booking__slot__class_type",
            "booking__slot__instructor",
            "booking__slot__room__location",
            "substitute_request__slot__class_type",
            "substitute_request__slot__room__location",
            "substitute_request__instead_of",
            "substitute_request__filled_by",
            "recipient",
        )

    def for_log(self) -> "MessageQuerySet":
        """Messages as the log lists them, newest first, without the long texts."""
        details = self.select_related(
            "booking__slot__class_type", "booking__patient", "substitute_request__slot__class_type"
        )
        return details.without_texts().order_by("-pk")

    def without_texts(self) -> "MessageQuerySet":
        """Messages for lists: what they say is long and stays in the database."""
        return self.defer("text", "html", "headers", "secret")

    def matching(self, *, q: str = "", state: str = "", kind: str = "", before: int | None = None) -> "MessageQuerySet":
        """Messages in a state, of a kind, older than the key `before`, and as `q` says."""
        conditions = {"state": state, "kind": kind, "pk__lt": before}
        found = self.filter(**{name: value for name, value in conditions.items() if value})
        return found.about(q.strip()) if q.strip() else found

    def about(self, words: str) -> "MessageQuerySet":
        """Messages about the booking with this reference, or to the addresses that begin so."""
        order = Order.objects.with_reference(words).first()
        if order is not None:
            return self.filter(booking__order=order)
        return self.filter(email__startswith=words.lower())

    def move_to(self, state: "Message.State", **changes: Any) -> int:
        """Change the state of those messages that may go there (MOVES), in one guarded update; return how many did."""
        sources = [source for source, targets in Message.MOVES.items() if state in targets]
        return self.filter(state__in=sources).update(state=state, **changes)


class Message(models.Model):
    """One notification to one person: a row before it is anything else, and what was sent afterwards.

    `occasion` tells two messages of one kind about one booking apart: a reminder names the start that it reminds of.
    `next_try_at` is also the lease: a worker moves it ahead before it talks to the mail server.
    A message between colleagues has a `substitute_request` instead of a booking, and `occasion` names its recipient.
    `secret` holds the encrypted words of an account's mail (the sign-in code) until it is sent, and no longer.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENT = "sent", _("Sent")
        VOID = "void", _("Not sent")
        FAILED = "failed", _("Failed")
        BOUNCED = "bounced", _("Address refused")

    MOVES = {
        State.QUEUED: {State.SENT, State.VOID, State.FAILED, State.BOUNCED},
        State.SENT: set(),
        State.VOID: set(),
        State.FAILED: {State.QUEUED},
        State.BOUNCED: {State.QUEUED},
    }

    class VoidReason(models.TextChoices):
        NOT_BOOKED = "not_booked", _("The booking had ended.")
        CLASS_CANCELLED = "class_cancelled", _("The class was cancelled.")
        CLASS_TAKES_PLACE = "takes_place", _("The class takes place after all.")
        CLASS_MOVED = "class_moved", _("The class was moved; another message names the new time.")
        UNCHANGED = "unchanged", _("The class is again as the patient knows it.")
        CLASS_BEGAN = "class_began", _("The class had begun.")
        SETTLED = "settled", _("Who teaches the class was settled otherwise meanwhile.")
        REMINDERS_OFF = "reminders_off", _("Reminders are switched off for this account.")
        NO_ADDRESS = "no_address", _("We have no e-mail address. Please call.")
        TOO_LATE = "too_late", _("It would have come too late to be of use.")
        BEFORE_RESTORE = "before_restore", _("It may have been sent before the data were restored from a backup.")

    kind = models.CharField(_("kind"), max_length=30, choices=Kind)
    recipient = models.ForeignKey(
        User, models.SET_NULL, related_name="messages", null=True, blank=True, verbose_name=_("account")
    )
    email = models.EmailField(_("e-mail address"), blank=True)
    # the constraint below begins with the booking, so its index serves the foreign key too
    booking = models.ForeignKey(Booking, models.PROTECT, related_name="messages", null=True, blank=True, db_index=False)
    # requests are never deleted, so nothing ever looks for the messages of one
    substitute_request = models.ForeignKey(
        SubstituteRequest, models.PROTECT, related_name="messages", null=True, blank=True, db_index=False
    )
    occasion = models.CharField(_("occasion"), max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    void_reason = models.CharField(_("not needed because"), max_length=20, choices=VoidReason, blank=True)
    created_at = models.DateTimeField(_("written"), default=clock.now, editable=False)
    due_at = models.DateTimeField(_("due"))
    drop_after = models.DateTimeField(_("of no use after"))
    next_try_at = models.DateTimeField(_("next try"))
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    secret = models.TextField(blank=True, editable=False)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    text = models.TextField(_("text"), blank=True)
    html = models.TextField(_("HTML"), blank=True)
    headers = models.JSONField(_("headers"), default=list, blank=True, help_text=_("Pairs of name and value."))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=500, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        default_permissions = ("view",)
        permissions = [("view_message_log", "Can see the message log")]
        constraints = [
            models.UniqueConstraint(
                fields=["booking", "kind", "occasion"],
                nulls_distinct=False,
                name="one_message_per_kind_booking_and_occasion",
            ),
            models.CheckConstraint(
                condition=Q(drop_after__gt=F("due_at")), name="a_message_is_due_before_it_is_dropped"
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | (Q(sent_at__isnull=False) & ~Q(subject="") & ~Q(email="")),
                name="a_sent_message_knows_what_when_and_where",
            ),
            models.CheckConstraint(
                condition=Q(state="void") & ~Q(void_reason="") | ~Q(state="void") & Q(void_reason=""),
                name="a_void_message_says_why",
            ),
            models.CheckConstraint(
                condition=Q(state="queued") | Q(secret=""), name="a_secret_is_kept_only_until_it_is_sent"
            ),
            models.CheckConstraint(
                condition=Q(booking__isnull=True) | Q(substitute_request__isnull=True),
                name="a_message_is_about_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state="queued"), name="messages_due"),
            models.Index(
                fields=["state", "-id"], condition=Q(state__in=["void", "failed", "bounced"]), name="messages_not_sent"
            ),
            models.Index(fields=["kind", "-id"], name="messages_by_kind"),
            models.Index(
                fields=["email", "-id"], opclasses=["varchar_pattern_ops", "int8_ops"], name="messages_by_email"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.kind}, {self.state}"

    @property
    def is_queued(self) -> bool:
        return self.state == self.State.QUEUED

    @property
    def message_id(self) -> str:
        """The Message-ID: the same at every try, so that a mailbox which got a mail twice can tell."""
        host = urlsplit(settings.SITE_URL).hostname
        return f"<{self.kind}.{self.pk}.{self.created_at:%Y%m%d%H%M%S}@{host}>"

    @property
    def slot(self) -> Slot | None:
        """The class that the message is about; none for an account's mail."""
        if self.booking:
            return self.booking.slot
        return self.substitute_request.slot if self.substitute_request else None

    @property
    def can_be_retried(self) -> bool:
        """Whether the desk may have it sent again. Not an account's mail: its code has lapsed with its first try."""
        is_of_account = self.booking_id is None and self.substitute_request_id is None
        return not is_of_account and self.State.QUEUED in self.MOVES[self.State(self.state)]


class PreferenceQuerySet(models.QuerySet["Preference"]):
    def wants(self, account: User, kind: Kind) -> bool:
        """Whether `account` wants messages of `kind`; it does unless it said otherwise."""
        return not self.filter(account=account, kind=kind, wanted=False).exists()


class Preference(models.Model):
    """Whether an account wants one kind of message. Without a row it does."""

    account = models.ForeignKey(User, models.CASCADE, related_name="message_preferences")
    kind = models.CharField(_("kind"), max_length=30, choices=[(kind.value, kind.label) for kind in OPTIONAL_KINDS])
    wanted = models.BooleanField(_("wanted"))
    changed_at = models.DateTimeField(_("changed"))

    objects = PreferenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("message preference")
        verbose_name_plural = _("message preferences")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["account", "kind"], name="one_preference_per_account_and_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.kind}: {'yes' if self.wanted else 'no'}"

"""From a row to a letter: what each kind of message says, in words and in HTML, and under which headers."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Engine
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.encryption import decrypt
from booking.models import Booking
from core import clock
from core.errors import DomainError
from core.money import format_money
from notifications.changes import old_and_new
from notifications.focus_notes import focus_note_for
from notifications.models import MONEY_KINDS, Kind, Message
from notifications.refunds import refund_of
from notifications.relevance import address_of
from notifications.reminders import reminder_due_at
from notifications.unsubscribe import unsubscribe_url
from scheduling.models import Slot, SubstituteRequest

MASKED_CODE = "••• •••"


class ContentLost(DomainError):
    code = "content_lost"
    message = gettext_lazy("What this message says can no longer be read: the key that it was encrypted with is gone.")
    status = 410


@dataclass(frozen=True)
class Letter:
    """A message in its final words. The headers are those that a mail carries besides Subject and Date."""

    subject: str
    text: str
    html: str
    headers: dict[str, str]

    def as_mail(self) -> EmailMultiAlternatives:
        """The multipart mail, text first and HTML second."""
        further = {name: value for name, value in self.headers.items() if name not in ("From", "To")}
        mail = EmailMultiAlternatives(
            self.subject, self.text, self.headers["From"], [self.headers["To"]], headers=further
        )
        mail.attach_alternative(self.html, "text/html")
        return mail


def write_letter(message: Message, *, masked: bool = False) -> Letter:
    """Write `message` (loaded `with_details`) as it would be sent now.

    `masked` hides a code: so it is stored and shown. The templates get no health data, so no message can hold any.
    Raises ContentLost when the words of an account's mail were encrypted with a key that we no longer have.
    """
    with translation.override(settings.LANGUAGE_CODE):
        context = _context(message, masked=masked)
        written = _render(f"{message.kind}.txt", context, autoescape=False)
        html = _render(f"{message.kind}.html", context, autoescape=True)
    subject, _line_end, text = written.partition("\n")
    return Letter(" ".join(subject.split()), _tidy(text), html.strip() + "\n", _headers(message))


def _headers(message: Message) -> dict[str, str]:
    headers = {
        "From": settings.DEFAULT_FROM_EMAIL,
        "To": address_of(message),
        "Message-ID": message.message_id,
        "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office answers, please
    }
    if settings.CLINIC_EMAIL:
        headers["Reply-To"] = settings.CLINIC_EMAIL
    if unsubscribe := _unsubscribe_url(message):
        headers["List-Unsubscribe"] = f"<{unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    return headers


def _unsubscribe_url(message: Message) -> str:
    account = message.booking.patient.account if message.booking else None
    return unsubscribe_url(account) if account and message.kind == Kind.CLASS_REMINDER else ""


def _context(message: Message, *, masked: bool) -> dict[str, Any]:
    clinic = {"name": settings.CLINIC_NAME, "phone": settings.CLINIC_PHONE, "email": settings.CLINIC_EMAIL}
    context = {"clinic": clinic, "site_url": settings.SITE_URL}
    if message.booking is not None:
        return context | _booking_words(message, message.booking)
    if message.substitute_request is not None:
        return context | _colleague_words(message, message.substitute_request)
    return context | _account_words(message, masked=masked)


def _booking_words(message: Message, booking: Booking) -> dict[str, Any]:
    account = booking.patient.account
    page = settings.SITE_URL + reverse("booking:detail", args=[booking.pk])
    late_booker = message.kind == Kind.BOOKING_CONFIRMED and reminder_due_at(booking) is None
    return {
        "greeted": account.name if account else "",
        "class_name": " ".join(booking.slot.class_type.name.split()),  # stands in the subject: one line
        "when": clock.format_when(booking.slot.starts_at),
        "facts": _facts(message.kind, booking),
        "is_booked": booking.is_confirmed,
        "is_held": booking.is_held,
        "was_moved": booking.was_moved,
        "changes": old_and_new(message, booking.slot) if message.kind == Kind.CLASS_CHANGED else [],
        "goes_back": _goes_back(message),
        "reason": booking.slot.cancel_reason,
        "price": format_money(booking.price, booking.currency),
        "free_until": _free_until(booking),
        "booking_url": page,
        "calendar_url": settings.SITE_URL + reverse("booking:calendar_file", args=[booking.pk]),
        "timetable_url": settings.SITE_URL + reverse("scheduling:timetable"),
        "preferences_url": settings.SITE_URL + reverse("notifications:preferences"),
        "unsubscribe_url": _unsubscribe_url(message),
        "focus": focus_note_for(booking) if message.kind == Kind.CLASS_REMINDER or late_booker else None,
    }


def _colleague_words(message: Message, request: SubstituteRequest) -> dict[str, Any]:
    """What colleagues tell each other about a class: never who has booked it."""
    slot = request.slot
    is_teacher = message.kind == Kind.CLASS_TAKEN_OVER
    page = reverse("booking:planned_class", args=[slot.pk]) if is_teacher else None
    return {
        "greeted": message.recipient.name if message.recipient else "",
        "class_name": " ".join(slot.class_type.name.split()),
        "when": clock.format_when(slot.starts_at),
        "facts": [(label, lines) for label, lines in _day_and_place(slot) if lines],
        "instead_of": request.instead_of.name,
        "substitute": request.filled_by.name if request.filled_by else "",
        "page_url": settings.SITE_URL + (page or reverse("scheduling:substitute", args=[request.pk])),
    }


def _day_and_place(slot: Slot) -> list[tuple[str, list[str]]]:
    day, hours = clock.format_when(slot.starts_at, slot.ends_at).rsplit(", ", 1)
    where = [str(slot.room), slot.room.location.address] if slot.room else []
    return [(_("When"), [day, hours]), (_("Where"), where)]


def _facts(kind: str, booking: Booking) -> list[tuple[str, list[str]]]:
    """What one needs to know, by label and line: for turning up, for the books, or for finding the money again."""
    slot, patient = booking.slot, booking.patient
    when, (where_label, rooms) = _day_and_place(slot)
    where = (where_label, [*rooms, *_online(booking)])
    person = (_("For"), [] if patient.is_account_holder else [patient.name])
    instructor = (_("With"), [slot.instructor.name])
    bring = (_("Please bring"), slot.class_type.bring.splitlines())
    paid = (_("Paid"), [format_money(booking.price, booking.currency)] if booking.price else [_("Nothing to pay")])
    reference = (_("Reference"), [booking.order.reference] if booking.order else [])
    facts = {
        Kind.BOOKING_CONFIRMED: [when, where, instructor, bring, person, paid, reference],
        Kind.CLASS_CHANGED: [when, where, instructor, bring, person, reference],
        Kind.CLASS_CANCELLED: [when, instructor, person, paid, reference],
        Kind.CLASS_REMINDER: [when, where, instructor, bring, person],
        **{kind: [when, person, paid, reference] for kind in MONEY_KINDS},
    }
    return [(label, lines) for label, lines in facts[Kind(kind)] if lines]


def _online(booking: Booking) -> list[str]:
    """That one can join on-line, and under which link: it is for those who have their place."""
    if not booking.slot.online_link:
        return []
    link = booking.slot.online_link if booking.is_confirmed else _("The link comes with the confirmation.")
    return [_("On-line"), link]


def _goes_back(message: Message) -> str:
    """How much money goes back because the class was cancelled; empty for none."""
    refund = refund_of(message) if message.kind == Kind.CLASS_CANCELLED else None
    return format_money(refund.amount, refund.payment.currency) if refund else ""


def _free_until(booking: Booking) -> str:
    """Until when cancelling is free, in clinic time; empty when that is over."""
    until = booking.free_cancel_until
    return clock.format_when(until) if until > clock.now() else ""


def _account_words(message: Message, *, masked: bool) -> dict[str, Any]:
    try:
        words: dict[str, Any] = json.loads(decrypt(message.secret))
    except InvalidToken:
        raise ContentLost from None
    if masked and "code" in words:
        words["code"] = MASKED_CODE
    if "at" in words:
        words["at"] = clock.format_when(datetime.fromisoformat(words["at"]))
    return words


def _render(name: str, context: dict[str, Any], *, autoescape: bool) -> str:
    template = Engine.get_default().get_template(f"notifications/messages/{name}")
    return str(template.render(Context(context, autoescape=autoescape)))


def _tidy(text: str) -> str:
    """Without the gaps that left-out parts leave behind: no blank at a line's end, one empty line at most."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"

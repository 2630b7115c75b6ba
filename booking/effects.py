"""Whom a change or the cancelling of classes concerns: by name, before anything is saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby

from accounts.models import Patient
from booking.models import Booking
from core.money import format_money
from scheduling.models import Slot
from scheduling.operations import PlannedChange


@dataclass(frozen=True)
class Person:
    """A patient with the live bookings that are concerned."""

    patient: Patient
    bookings: list[Booking]

    @property
    def gets_mail(self) -> bool:
        return self.patient.account is not None

    @property
    def days(self) -> list[Slot]:
        return [booking.slot for booking in self.bookings]

    @property
    def goes_back(self) -> str:
        """What was paid for these bookings and has not gone back yet, formatted; empty for nothing."""
        paid = [booking for booking in self.bookings if paid_for(booking)]
        return format_money(sum(map(paid_for, paid)), paid[0].currency) if paid else ""


@dataclass(frozen=True)
class Effects:
    """What happens to whom. `mark` is another one as soon as anything of it is different."""

    people: list[Person]
    mark: str

    @property
    def told(self) -> list[Person]:
        return [person for person in self.people if person.gets_mail]

    @property
    def to_be_called(self) -> list[Person]:
        """Those who have no account and so no e-mail."""
        return [person for person in self.people if not person.gets_mail]

    @property
    def money(self) -> str:
        """All that goes back, formatted; empty for nothing."""
        paid = [booking for person in self.people for booking in person.bookings if paid_for(booking)]
        return format_money(sum(map(paid_for, paid)), paid[0].currency) if paid else ""


def effects_of_change(planned: Sequence[PlannedChange]) -> Effects:
    """Who is told of these changes."""
    told = [change.slot for change in planned if change.tells]
    return _effects([change.slot for change in planned], _bookings_in(told))


def effects_of_cancelling(slots: Sequence[Slot]) -> Effects:
    """Whose bookings end when these slots are cancelled; not holds whose time is over anyhow."""
    bookings = _bookings_in([slot for slot in slots if slot.taken])
    return _effects(slots, [each for each in bookings if each.is_confirmed or each.hold_time_left])


def paid_for(booking: Booking) -> int:
    """What was paid for the place and has not gone back, in the smallest unit."""
    payments = list(booking.order.payments.all()) if booking.order else []
    return payments[0].amount - payments[0].refunded if payments else 0


def _bookings_in(slots: Sequence[Slot]) -> list[Booking]:
    """Who takes a place in `slots`, by name, in two queries. Each booking gets the given slot, with its new values."""
    by_key = {slot.pk: slot for slot in slots}
    bookings = list(Booking.objects.for_roster().select_related("patient__account").filter(slot__in=by_key))
    for booking in bookings:
        booking.slot = by_key[booking.slot_id]
    return sorted(bookings, key=lambda each: (each.patient.name, each.patient_id, each.slot.starts_at))


def _effects(slots: Sequence[Slot], bookings: Sequence[Booking]) -> Effects:
    people = [Person(of_one[0].patient, of_one) for of_one in _by_patient(bookings)]
    seen = [*((slot.pk, slot.revision) for slot in slots), *((each.pk, paid_for(each)) for each in bookings)]
    return Effects(people, sha256(repr(seen).encode()).hexdigest())


def _by_patient(bookings: Sequence[Booking]) -> list[list[Booking]]:
    return [list(of_one) for _key, of_one in groupby(bookings, key=lambda each: each.patient_id)]

"""Places of a slot: taken and given back by one guarded update each, with the database's checks behind them."""

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from core.queries import CompiledUpdate, Given
from scheduling.models import Slot


class SlotFull(DomainError):
    code = "slot_full"
    message = _("This class is full.")


class SlotNotPublished(DomainError):
    code = "slot_not_published"
    message = _("This class is not open for booking.")


class SlotStarted(DomainError):
    code = "slot_started"
    message = _("This class has begun. Please choose another one.")


class PriceChanged(DomainError):
    code = "price_changed"
    message = _("The price of this class has changed. Please look at it again before you book.")


class SlotMoved(DomainError):
    code = "slot_moved"
    message = _("This class was moved. Please look at its new time before you book.")


_TAKE = CompiledUpdate(
    lambda: (
        Slot.objects.published()
        .with_places_left()
        .filter(pk=Given("slot"), price=Given("price"), starts_at=Given("starts_at"), starts_at__gt=Given("now"))
    ),
    taken=F("taken") + 1,
)


def take_place(slot: Slot) -> None:
    """Take one place of `slot` at the price and time that the caller has seen; at the end of the caller's transaction.

    One conditional update: of two callers who want the last place, the second waits for the first to commit and then
    finds the slot full. The row stays locked until the caller's transaction ends, so call this last.

    Raises SlotFull, SlotStarted, SlotNotPublished, SlotMoved or PriceChanged.
    """
    if not _TAKE.run(slot=slot.pk, price=slot.price, starts_at=slot.starts_at, now=clock.now()):
        raise _why_not(Slot.objects.get(pk=slot.pk), slot)


def give_place_back(slot_id: int) -> None:
    """Free one place of the slot; the check `taken >= 0` refuses to free more than was taken."""
    Slot.objects.filter(pk=slot_id).update(taken=F("taken") - 1)


def _why_not(slot: Slot, seen: Slot) -> DomainError:
    """The reason why a place could not be taken, from the slot as it is now."""
    if not slot.is_published:
        return SlotNotPublished()
    if slot.has_started:
        return SlotStarted()
    if slot.starts_at != seen.starts_at:
        return SlotMoved()
    if slot.price != seen.price:
        return PriceChanged()
    return SlotFull()

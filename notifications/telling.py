"""What those were told who had booked a class that was cancelled, and whom somebody has to call."""

from collections.abc import Iterable
from dataclasses import dataclass

from booking.models import Booking
from notifications.models import Kind, Message

TELLS_OF_CANCELLING = (Kind.CLASS_CANCELLED, Kind.PAID_FOR_CANCELLED)


@dataclass(frozen=True)
class Telling:
    """What one booking's patient was told of the cancelling. Without a message: nothing yet."""

    booking: Booking
    message: Message | None

    @property
    def gets_mail(self) -> bool:
        """Whether we have an address at all."""
        return self.booking.patient.account_id is not None

    @property
    def was_sent(self) -> bool:
        return self.message is not None and self.message.state == Message.State.SENT

    @property
    def is_on_its_way(self) -> bool:
        """Whether an e-mail waits to be sent, or will be written as soon as the booking is ended."""
        if not self.gets_mail:
            return False
        return self.message.is_queued if self.message else self.booking.is_live

    @property
    def must_be_called(self) -> bool:
        return not (self.was_sent or self.is_on_its_way)


def tellings_of(bookings: Iterable[Booking]) -> dict[int, Telling]:
    """What became of the telling, by the key of the booking; in one query, and in none for no bookings."""
    wanted = {booking.pk: booking for booking in bookings}
    messages = Message.objects.filter(booking__in=wanted, kind__in=TELLS_OF_CANCELLING)  # of nobody: no query
    last: dict[int | None, Message] = {}
    for message in sorted(messages.without_texts(), key=lambda each: (each.state == Message.State.SENT, each.pk)):
        last[message.booking_id] = message  # one that was sent is worth more than a later one that was not
    return {key: Telling(booking, last.get(key)) for key, booking in wanted.items()}

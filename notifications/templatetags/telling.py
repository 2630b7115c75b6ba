"""What people were told, for the pages of the apps below.

Their templates may load these tags, as they load those of `website`; their Python knows nothing of messages.
"""

from collections.abc import Iterable
from typing import Any

from django import template
from django.template import Context

from booking.models import Booking
from notifications.telling import Telling, tellings_of

register = template.Library()


@register.simple_tag
def tellings_for(bookings: Iterable[Booking]) -> dict[int, Telling]:
    """`{% tellings_for called_off as tellings %}`: once a page, for all bookings of cancelled classes on it."""
    return tellings_of(bookings)


@register.simple_tag
def to_be_called(tellings: dict[int, Telling], bookings: Iterable[Booking]) -> int:
    """`{% to_be_called tellings slot.roster as calls %}`: how many of these people no e-mail has reached or will."""
    return sum(tellings[booking.pk].must_be_called for booking in bookings)


@register.inclusion_tag("notifications/parts/telling.html", takes_context=True)
def telling(context: Context, tellings: dict[int, Telling], booking: Booking) -> dict[str, Any]:
    """`{% telling tellings booking %}`: what this patient was told, and that somebody calls where nothing arrived."""
    return {"telling": tellings[booking.pk], "message": tellings[booking.pk].message, "perms": context["perms"]}

"""The requests: who books what, and which page is asked for."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from bench import clinic

Requests = Callable[[], bytes]  # returns the next one, as it goes over the wire

FIRST_SLOT_TO_COME = (clinic.DAYS_PAST + 2) * clinic.ROOMS * clinic.SLOTS_A_DAY + 1


class Wishes:
    """Who books what: pairs of patient and slot that are never the same twice."""

    def __init__(self) -> None:
        self._people = _in_turn(clinic.PATIENTS_WITH_HISTORY + 1, clinic.PATIENTS)
        self._slots = _in_turn(FIRST_SLOT_TO_COME, _end_without_common_factor(FIRST_SLOT_TO_COME, clinic.SLOTS))
        self._hot_slots = iter(range(clinic.SLOTS + 1, clinic.SLOTS + clinic.HOT_SLOTS + 1))
        self._keys = count(1)

    def for_api(self, *, hot: bool = False, with_key: bool = False) -> Requests:
        """Bookings through the API: spread over all slots to come or, hot, all in one."""
        slot_of = self._slot_chooser(hot)

        def request() -> bytes:
            headers = f"Authorization: Token {clinic.token_of(next(self._people))}\r\n"
            if with_key:
                headers += f"Idempotency-Key: 5f0c1d1e-8a2b-4a57-9f0e-{next(self._keys):012}\r\n"
            return _post("/api/v1/bookings/", {"slot": slot_of(), "pay_with": "card"}, headers)

        return request

    def for_floor(self, *, hot: bool = False) -> Requests:
        """The same through the bare view."""
        slot_of = self._slot_chooser(hot)

        def request() -> bytes:
            person = next(self._people)
            return _post("/bench/book/", {"slot": slot_of(), "patient": person, "account": person})

        return request

    def _slot_chooser(self, hot: bool) -> Callable[[], int]:
        if hot:
            slot = next(self._hot_slots)
            return lambda: slot
        return lambda: next(self._slots)


def page(path: str) -> Requests:
    """One page, again and again."""
    request = _get(path)
    return lambda: request


def fortnights(path: str) -> Requests:
    """The fortnights of each instructor from each day on: so many that none is asked for twice."""
    asked = (f"?instructor={n}&from={day}" for day in _days_to_come() for n in range(1, clinic.ROOMS + 1))
    return lambda: _get(path + next(asked))


def weeks(path: str) -> Requests:
    """The weeks of the instructor who is signed in, one after the other and again."""
    days = list(_days_to_come())[::7]
    numbers = count()
    return lambda: _get(f"{path}?day={days[next(numbers) % len(days)]}", f"Cookie: sessionid={clinic.SESSION}\r\n")


def _days_to_come() -> Iterator[str]:
    """Tomorrow, and so on while there are classes for another fortnight."""
    today = datetime.now(UTC).date()
    return ((today + timedelta(days=n)).isoformat() for n in range(1, clinic.DAYS - clinic.DAYS_PAST - 14))


def _get(path: str, headers: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode()


def _post(path: str, body: dict[str, object], headers: str = "") -> bytes:
    content = json.dumps(body)
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n{content}"
    ).encode()


def _in_turn(first: int, last: int) -> Iterator[int]:
    while True:
        yield from range(first, last + 1)


def _end_without_common_factor(first: int, last: int) -> int:
    """The largest end of a range whose length shares no factor with the number of bookers: then no pair comes twice."""
    while any((last - first + 1) % factor == 0 for factor in (2, 3, 5)):
        last -= 1
    return last

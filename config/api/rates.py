"""How often the API may be asked: so many requests a minute for each account, or each address of a visitor."""

import math
import time
from collections import Counter
from threading import Lock
from typing import Any

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle


class Rate(SimpleRateThrottle):
    """Counts requests in windows of fixed length, each web process for itself.

    A shared count would be exact, but would put Redis into the path of every request. These limits keep one program
    from crowding out the others, and that they rise with the number of processes fits: so does what can be served.
    The rates stand in the settings as "visitor", "read" and "write"; None is no limit.
    """

    def __init__(self) -> None:
        """Unlike the parent, which needs to know the scope before it sees the request."""

    def allow_request(self, request: Request, view: Any) -> bool:
        self.scope = _scope(request)
        most, seconds = self.parse_rate(self.get_rate())
        if most is None or seconds is None:
            return True
        window, passed = divmod(time.time(), seconds)
        self.window_left = math.ceil(seconds - passed)
        return counts.up(self.scope, int(window), self._whose(request)) <= most

    def wait(self) -> float:
        """Seconds until the next window begins."""
        return self.window_left

    def _whose(self, request: Request) -> str:
        return str(request.user.pk) if request.user.is_authenticated else self.get_ident(request)


class Counts:
    """How often each one asked in the present window of each scope; what was counted before is forgotten."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._windows: dict[str, tuple[int, Counter[str]]] = {}

    def up(self, scope: str, window: int, whose: str) -> int:
        """Add one, and return how often it was."""
        with self._lock:
            known, counted = self._windows.get(scope, (None, Counter[str]()))
            if known != window:
                counted = Counter[str]()
                self._windows[scope] = (window, counted)
            counted[whose] += 1
            return counted[whose]

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._windows.clear()


def _scope(request: Request) -> str:
    if not request.user.is_authenticated:
        return "visitor"
    return "read" if request.method in SAFE_METHODS else "write"


counts = Counts()

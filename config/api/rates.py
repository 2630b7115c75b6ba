"""How often the API may be asked: so many requests a minute for each account, or each address of a visitor."""

import logging
import math
import time
from typing import Any

from django.core.cache import cache
from redis import RedisError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

PAUSE_AFTER_FAILURE = 5.0  # seconds

logger = logging.getLogger(__name__)


class Rate(SimpleRateThrottle):
    """Counts requests in windows of fixed length, in the cache, each by one atomic step.

    While the cache is away nothing is limited: bookings must go on, and it is the database that keeps them right. The
    rates stand in the settings as "visitor", "read" and "write"; None is no limit.
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
        return _count.up(f"rate:{self.scope}:{self._whose(request)}:{int(window)}", seconds) <= most

    def wait(self) -> float:
        """Seconds until the next window begins."""
        return self.window_left

    def _whose(self, request: Request) -> str:
        return str(request.user.pk) if request.user.is_authenticated else self.get_ident(request)


class _Counter:
    """Counts in the cache; after a failure not at all for a few seconds, or every request would wait for a time-out."""

    def __init__(self) -> None:
        self.paused_until = 0.0

    def up(self, key: str, seconds: int) -> int:
        """Add one to the count and return it; 0 while the cache is away."""
        if time.monotonic() < self.paused_until:
            return 0
        try:
            return self._up(key, seconds)
        except RedisError as error:
            logger.warning("requests are not counted, the cache is away: %s", type(error).__name__)
            self.paused_until = time.monotonic() + PAUSE_AFTER_FAILURE
            return 0

    def _up(self, key: str, seconds: int) -> int:
        try:
            return int(cache.incr(key))
        except ValueError:  # nobody has counted in this window yet
            return 1 if cache.add(key, 1, timeout=seconds) else int(cache.incr(key))


def _scope(request: Request) -> str:
    if not request.user.is_authenticated:
        return "visitor"
    return "read" if request.method in SAFE_METHODS else "write"


_count = _Counter()

"""What a load balancer asks: is the process up, and can it serve?"""

import logging
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = logging.getLogger(__name__)

DATABASE_TIMEOUT = "1s"
REDIS_TIMEOUT_SECONDS = 0.5


@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches nothing else, so a slow database never gets a healthy process killed."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether the database answers in time: 503 if not. Redis is named when it is away, but booking works without it.

    A load balancer that took the process away for Redis' sake would turn a slow wake-up into an outage.
    """
    missing = [name for name, ask in _QUESTIONS.items() if not ask()]
    if not missing:
        return JsonResponse({"ready": True})
    is_ready = "database" not in missing
    log.warning("ready, but not whole" if is_ready else "not ready", extra={"missing": missing})
    return JsonResponse({"ready": is_ready, "missing": missing}, status=200 if is_ready else 503)


def _database_answers() -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [DATABASE_TIMEOUT])
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _redis_answers() -> bool:
    limits = {"socket_connect_timeout": REDIS_TIMEOUT_SECONDS, "socket_timeout": REDIS_TIMEOUT_SECONDS}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **limits) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return False
    return True


_QUESTIONS: dict[str, Callable[[], bool]] = {"database": _database_answers, "redis": _redis_answers}

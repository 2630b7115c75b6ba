"""How the processes log: JSON lines in production, plain lines in the local run. Events carry ids, never people."""

import copy
import logging
import re
from http.client import INTERNAL_SERVER_ERROR
from typing import TYPE_CHECKING, Any, TextIO

import sentry_sdk
from sentry_sdk.transport import Transport
from sentry_sdk.types import Event, Hint

if TYPE_CHECKING:
    from sentry_sdk._types import KeyValueCollectionBehaviour

# What libraries hang on a record: Django the request with all of its address, Celery a task's traceback once more.
LEFT_OUT = ("request", "data")
# The lines in which PostgreSQL quotes rows and statements behind an error, up to the next traceback; and the same in
# an error's repr(), where they are one line.
QUOTED = r"(?:DETAIL|CONTEXT|QUERY|LINE \d+):"
QUOTES = re.compile(rf"\n[ |]*{QUOTED}.*?(?=\n\n[ |]*(?:The above|During handling) |\Z)|\\n{QUOTED}[^\n]*", re.DOTALL)


# The address of a private calendar is a key to it (scheduling/views/feeds.py).
FEED_ADDRESS = re.compile(r"(?<!/teach)(/feeds/)[^/\s\"']+")

# Two lines for each task, and some tasks run every half minute
TALKATIVE = ("celery.worker.strategy", "celery.app.trace")


class Console(logging.StreamHandler[TextIO]):
    """Prints records without what could name a person, and leaves them as they are for other handlers.

    A request that was refused (403, 404 …) is one line: where in the code that happened tells nobody anything.
    """

    def format(self, record: logging.LogRecord) -> str:
        told = copy.copy(record)
        told.msg, told.args = without_secrets(record.getMessage()), None
        if getattr(record, "status_code", INTERNAL_SERVER_ERROR) < INTERNAL_SERVER_ERROR:
            told.exc_info = None
        elif record.exc_info:
            told.exc_text = without_secrets(logging.Formatter().formatException(record.exc_info))
            told.exc_info = None
        for name in LEFT_OUT:
            told.__dict__.pop(name, None)
        return super().format(told)


def configuration(log_format: str, *, level: str) -> dict[str, Any]:
    """The dictConfig for `log_format`: "json" or "text"."""
    formatters: dict[str, Any] = {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(levelname)s %(name)s %(message)s",
            "timestamp": "time",  # ISO 8601 in UTC, with its offset
        },
        "text": {"format": "%(levelname)s %(name)s: %(message)s"},
    }
    loggers: dict[str, Any] = {
        "django": {"handlers": []},  # in place of its own, which would print each line again under DEBUG
        "stripe": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    }
    if level != "DEBUG":
        loggers |= {name: {"level": "WARNING"} for name in TALKATIVE}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": formatters,
        "handlers": {"console": {"class": "config.logs.Console", "formatter": log_format}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": loggers,
    }


def report_errors(dsn: str, *, environment: str, transport: type[Transport] | None = None) -> None:
    """Send unhandled errors to Sentry (or by `transport`) without content of requests, variables or personal data."""
    off: KeyValueCollectionBehaviour = {"mode": "off"}
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        transport=transport,
        data_collection={
            "user_info": False,
            "cookies": off,
            "http_headers": {"request": off},
            "http_bodies": [],
            "url_query_params": off,
            "database_query_data": False,
            "queues": False,
            "stack_frame_variables": False,
        },
        max_request_body_size="never",
        before_send=_without_people,
        traces_sample_rate=0.0,
    )


def without_secrets(text: str) -> str:
    """Cut what PostgreSQL quotes behind an error (`DETAIL: Key (email)=(…) already exists.`) and feeds' addresses."""
    return FEED_ADDRESS.sub(r"\1…", QUOTES.sub("", text))


def _without_people(event: Event, hint: Hint) -> Event:
    """Keep of a request its method and path, of what was logged before the words, and quote no rows."""
    event.pop("user", None)
    request = event.get("request", {})
    event["request"] = {name: request[name] for name in ("method", "url") if name in request}
    event["extra"] = {name: value for name, value in event.get("extra", {}).items() if name not in LEFT_OUT}
    crumbs: Any = event.get("breadcrumbs", {})
    for crumb in crumbs.get("values", []):
        crumb.pop("data", None)
    kept: Event = _cut(event)
    return kept


def _cut(told: Any) -> Any:
    if isinstance(told, str):
        return without_secrets(told)
    if isinstance(told, dict):
        return {name: _cut(value) for name, value in told.items()}
    if isinstance(told, list):
        return [_cut(value) for value in told]
    return told

"""How the processes log: JSON lines in production, plain lines in the local run. Events carry ids, never people."""

from typing import Any

import sentry_sdk


def configuration(log_format: str, *, level: str) -> dict[str, Any]:
    """The dictConfig for `log_format`: "json" or "text"."""
    formatters: dict[str, Any] = {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
        "text": {"format": "%(levelname)s %(name)s: %(message)s"},
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": formatters,
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": log_format}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {"stripe": {"level": "WARNING"}, "celery.beat": {"level": "WARNING"}},
    }


def report_errors(dsn: str, *, environment: str) -> None:
    """Send unhandled errors to Sentry without request bodies, local variables or personal data."""
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        traces_sample_rate=0.0,
    )

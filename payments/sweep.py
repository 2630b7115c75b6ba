"""Sweeping up what is due: one row after another, each on its own, within the time that a task has."""

import logging
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

# A task may last 60 s (CELERY_TASK_SOFT_TIME_LIMIT); a call to Stripe that hangs takes 35 s with its retries.
SWEEP_FOR = 20.0

Row = TypeVar("Row")

logger = logging.getLogger(__name__)


def sweep(what: str, rows: Iterable[Row], deal_with: Callable[[Row], object]) -> None:
    """Deal with each row until the time is over. What is left, and what failed, is for the next sweep.

    `what` names a row in the log.
    """
    until = time.monotonic() + SWEEP_FOR
    for row in rows:
        if time.monotonic() >= until:
            logger.warning("not every %s could be dealt with in time; the next sweep goes on", what)
            return
        try:
            deal_with(row)
        except Exception:
            logger.exception("%s %s could not be dealt with", what, row)

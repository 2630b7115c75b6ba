"""Waking a worker after a commit, without ever waiting for Redis.

The row that was committed is the record; a wake-up only saves the wait for the next sweep. So it goes through a thread
of its own, and is dropped when Redis is away or too slow: the sweep finds the row.
"""

import logging
import os
import queue
import threading
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction

MOST_WAITING = 1000

logger = logging.getLogger(__name__)


def wake_worker(task: str, *args: Any) -> None:
    """Have a worker run `task` (its full name) soon after the current transaction has committed, if at all possible."""
    transaction.on_commit(partial(_caller.hand_over, task, args))


class _Caller:
    """One thread a process that talks to the broker; started by the first wake-up."""

    def __init__(self) -> None:
        self.start_afresh()

    def start_afresh(self) -> None:
        self._waiting: queue.Queue[tuple[str, tuple[Any, ...]]] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def hand_over(self, task: str, args: tuple[Any, ...]) -> None:
        try:
            self._waiting.put_nowait((task, args))
        except queue.Full:
            logger.warning("too many wake-ups wait; the sweep will find the row")
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="wake-workers", daemon=True)
                try:
                    thread.start()
                except RuntimeError as error:  # the process is about to end, or has too many threads
                    logger.warning("no worker could be woken: %s", error)
                else:
                    self._thread = thread

    def _run(self) -> None:
        while True:
            task, args = self._waiting.get()
            try:
                current_app.send_task(task, args=args, retry=False, ignore_result=True)
            except Exception as error:
                logger.warning("no worker could be woken: %s", type(error).__name__)


_caller = _Caller()
os.register_at_fork(after_in_child=_caller.start_afresh)

"""Many people at the same moment: threads that start together, each with a database connection of its own."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, connections, transaction

from core.errors import DomainError


def all_at_once(acts: Iterable[Callable[[], object]]) -> Counter[str]:
    """Let each act happen in its own thread, all starting together; count how they ended.

    An act ends as "ok", as the code of a DomainError, or as the name of any other exception.
    """
    acts = list(acts)
    start = threading.Barrier(len(acts))

    def perform(act: Callable[[], object]) -> str:
        try:
            connection.ensure_connection()
            start.wait(timeout=30)
            act()
        except DomainError as error:
            return error.code
        except Exception as error:
            return type(error).__name__
        else:
            return "ok"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as crowd:
        return Counter(crowd.map(perform, acts))


class Pause:
    """Stops one act in its midst until the other act has had time to run into its locks."""

    def __init__(self) -> None:
        self.reached = threading.Event()

    def before(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """The step with the pause before it."""

        def paused(*args: Any, **named: Any) -> Any:
            self._stop()
            return step(*args, **named)

        return paused

    def after(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """The step with the pause behind it."""

        def paused(*args: Any, **named: Any) -> Any:
            result = step(*args, **named)
            self._stop()
            return result

        return paused

    def before_commit(self, act: Callable[[], object]) -> Callable[[], object]:
        """The act in a transaction, with the pause before its end."""
        return transaction.atomic(self.after(act))

    def then(self, act: Callable[[], object]) -> Callable[[], object]:
        """The other act, which begins when the first has reached the pause."""

        def second() -> object:
            self.reached.wait(timeout=10)
            return act()

        return second

    def _stop(self) -> None:
        self.reached.set()
        time.sleep(0.7)

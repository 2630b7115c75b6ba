"""Many people at the same moment: threads that start together, each with a database connection of its own."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, connections

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

"""How many queries the timetable and the instructor's week need in the clinic of the bench; the least is one."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.report import report
from bench.requests import fortnights, page, weeks
from bench.stack import BenchError

Read = Callable[[], bytes]


class Command(BaseCommand):
    help = "Count the queries of the timetable, kept in memory and unseen, and of the instructor's week."

    def handle(self, **_options: Any) -> None:
        timetable = page("/timetable/")
        count_queries(timetable)  # from now on it is kept in memory
        for name, requests in [
            ("timetable", timetable),
            ("timetable_unseen", fortnights("/timetable/")),
            ("instructors_week", weeks("/teach/calendar/")),
        ]:
            queries = count_queries(requests)
            report(f"{name}_queries", "queries", queries, 1, 1 / queries)


def count_queries(requests: Read) -> int:
    """How many queries the next of these requests needs. Raises BenchError when it is not answered with 200."""
    head = requests().decode().split("\r\n")
    path = head[0].split(" ")[1]
    headers = dict(line.split(": ", 1) for line in head[1:] if line)
    with CaptureQueriesContext(connection) as queries:
        answer = Client().get(path, headers=headers)
    if answer.status_code != 200:
        raise BenchError(f"{path} answers {answer.status_code}.")
    return len(queries)

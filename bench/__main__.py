"""`make bench`: one JSON object a line for each figure, beside its floor. See bench/README.md."""

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from types import FrameType

import psycopg

from bench import clinic
from bench.load import Clients, Meanwhile, Outcome
from bench.report import report
from bench.requests import Requests, Wishes, fortnights, page, weeks
from bench.stack import PAGE_FILE, BenchError, Stack
from config.processes import Occupied
from config.servers import ServerError

ROUNDS = 3
SECONDS = 2.0  # of each half of a round
WARM_UP = 0.3
BOOKINGS_MEANWHILE = 20.0  # a second

BOOKED, READ = 201, 200
STAMPING = "stamp_a_year_of_200_series"
QUERIES = ("timetable_queries", "timetable_unseen_queries", "instructors_week_queries")


@dataclass(frozen=True)
class Case:
    """Two kinds of requests that are sent in turn, the product's and the floor's, and what else happens meanwhile."""

    name: str
    clients: int
    product: Callable[[], Requests]
    floor: Callable[[], Requests]
    status: int = BOOKED
    meanwhile: Callable[[], Requests] | None = None


def cases(wishes: Wishes) -> list[Case]:
    """What is measured."""
    booking = [
        Case(f"book_{n}_clients_{where}", n, partial(wishes.for_api, hot=hot), partial(wishes.for_floor, hot=hot))
        for n in (8, 32)
        for where, hot in (("spread", False), ("hot_slot", True))
    ]
    with_key = partial(wishes.for_api, with_key=True)
    pages = (partial(page, "/timetable/"), partial(page, "/bench/page/"), READ)
    return [
        *booking,
        Case("book_8_clients_spread_with_key", 8, with_key, wishes.for_floor),
        Case("timetable_8_clients", 8, *pages),
        Case("timetable_8_clients_while_booking", 8, *pages, meanwhile=wishes.for_api),
        Case(
            "timetable_unseen_8_clients",
            8,
            partial(fortnights, "/timetable/"),
            partial(fortnights, "/bench/fortnight/"),
            READ,
        ),
        Case("instructors_week_8_clients", 8, partial(weeks, "/teach/calendar/"), partial(weeks, "/bench/week/"), READ),
    ]


@dataclass
class Bench:
    """Runs cases against one server, and remembers how many bookings were made."""

    port: int
    booked: int = 0
    values: list[Outcome] = field(default_factory=list)
    floors: list[Outcome] = field(default_factory=list)

    def measure(self, case: Case) -> None:
        """Send both kinds in turn, a few rounds, each time on the same connections; print the medians."""
        self.values, self.floors = [], []
        for number in range(ROUNDS):
            halves = [(case.product, self.values), (case.floor, self.floors)]
            with Clients(self.port, case.clients) as clients:
                for make, outcomes in halves if number % 2 else reversed(halves):
                    outcomes.append(self._run(case, clients, make()))
        value, floor = (median(each.per_second for each in outcomes) for outcomes in (self.values, self.floors))
        report(case.name, "bookings/s" if case.status == BOOKED else "requests/s", value, floor, value / floor)
        if case.status == READ:
            value, floor = (median(each.p95 for each in outcomes) for outcomes in (self.values, self.floors))
            report(f"{case.name}_p95", "ms", value, floor, floor / value)

    def _run(self, case: Case, clients: Clients, requests: Requests) -> Outcome:
        with self._meanwhile(case) as other:
            warm_up, outcome = clients.run(requests, WARM_UP), clients.run(requests, SECONDS)
        for statuses in (warm_up.statuses, outcome.statuses):
            self._count(case, statuses, case.status)
        if other:
            self._count(case, other.statuses, BOOKED)
        return outcome

    def _meanwhile(self, case: Case) -> AbstractContextManager[Meanwhile | None]:
        if case.meanwhile is None:
            return nullcontext()
        return Meanwhile(self.port, case.meanwhile(), BOOKINGS_MEANWHILE)

    def _count(self, case: Case, statuses: Counter[int], expected: int) -> None:
        if set(statuses) - {expected}:
            raise BenchError(f"{case.name}: unexpected answers: {dict(statuses)}")
        self.booked += statuses[BOOKED]


def check_places(database_url: str, booked: int) -> None:
    """Each answer is one booking, and each booking one place, or all figures are worth nothing."""
    with psycopg.connect(database_url) as connection:
        (found,) = connection.execute("SELECT count(*) FROM booking_booking").fetchone() or (0,)
        (wrong,) = connection.execute("""
            SELECT count(*) FROM scheduling_slot s
              LEFT JOIN (SELECT slot_id, count(*) AS live FROM booking_booking
                          WHERE state IN ('held', 'confirmed') GROUP BY slot_id) b ON b.slot_id = s.id
             WHERE s.taken <> coalesce(b.live, 0) OR s.taken > s.capacity
        """).fetchone() or (0,)
    if found != clinic.BOOKINGS + booked:
        raise BenchError(f"{booked} bookings were answered, {found - clinic.BOOKINGS} were made.")
    if wrong:
        raise BenchError(f"{wrong} slots have another number of bookings than of taken places.")


def say(text: str) -> None:
    """Tell the person at the terminal, beside the figures."""
    print(text, file=sys.stderr, flush=True)


def run(wanted: list[str]) -> None:
    """Start everything, measure the cases whose names contain one of `wanted` (none: all), stop everything."""
    begin = time.monotonic()
    with Stack() as stack:
        say("Database schema …")
        stack.manage("migrate", "-v0")
        say(f"{clinic.PATIENTS:,} patients, {clinic.SLOTS:,} slots, {clinic.BOOKINGS:,} bookings …")
        stack.manage("load_bench")
        if not wanted or any(part in STAMPING for part in wanted):
            stack.manage("bench_series")
        if not wanted or any(part in name for part in wanted for name in QUERIES):
            stack.manage("bench_queries")
        say(f"Web server … ({time.monotonic() - begin:.0f} s)")
        stack.serve()
        PAGE_FILE.write_bytes(stack.get("/timetable/"))
        bench = Bench(stack.port)
        for case in cases(Wishes()):
            if not wanted or any(part in case.name for part in wanted):
                bench.measure(case)
        check_places(stack.environment["DATABASE_URL"], bench.booked)
    say(f"{bench.booked:,} bookings made, each place counted; {time.monotonic() - begin:.0f} s in all.")


def stop(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the product beside its floors.")
    parser.add_argument("wanted", nargs="*", help="parts of the names of the figures wanted; all of them by default")
    wanted = parser.parse_args().wanted
    signal.signal(signal.SIGTERM, stop)
    try:
        run(wanted)
    except Occupied:
        say("Another bench runs in this folder.")
    except (BenchError, ServerError) as error:
        say(str(error))
    except KeyboardInterrupt:
        return 130
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())

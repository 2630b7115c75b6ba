"""Pages of the timetable, kept in memory and never stale.

Rendering the rows costs twenty times as much as sending the page, so each web process keeps rendered pages and asks the
database on every request whether they are still true. Cheap questions come first:

1. Has anything at all been committed since? `pg_current_snapshot()` names which transactions are visible; while it is
   the same and the page's first class has not begun, nothing can have changed. That is one query, as cheap as SELECT 1.
2. Has anything been committed that the page shows? The *marks* cover the slots of the page's days that have not begun,
   and all class types, instructors, rooms and locations: a second short query, over an index and four small tables.

So a booking, a new price, a renamed instructor or a class that begins shows at once, on every process, without any
message between them. The marks are made of `xmin` and `ctid`, the transaction that wrote a row version and where that
version lies: every change gives a row another pair. (A hash of the columns would be blind to a place that is taken
after the marks and before the rows are read, and given back later: 3 taken, 4 taken, 3 taken.) Both are read before the
rows, so a page is as new as what it is kept under, or newer and then out of use at once.

A page that is full from its first class on names the next class with a place, which may lie after the page's days: it
reaches that far, and its marks with it. A page that may speak of all time to come, because it is empty or no class with
a place follows, is never kept.
"""

import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from threading import Lock

from django.db import OperationalError, connection
from django.db.models import Model

from scheduling.models import ClassType, Instructor, Location, Room, Slot
from scheduling.timetable import Filters, Timetable, Window, read_timetable, window_of

MOST_BYTES_KEPT = 32 * 1024 * 1024

Marks = tuple[int | None, ...]


@dataclass(frozen=True)
class Page:
    """Rendered HTML, ready to be sent as it is or zipped; `etag` names its content."""

    html: bytes
    zipped: bytes
    etag: str

    @classmethod
    def of(cls, html: str) -> "Page":
        body = html.encode()
        digest = blake2b(body, digest_size=12).hexdigest()
        return cls(body, gzip.compress(body, compresslevel=6, mtime=0), f'W/"{digest}"')

    @property
    def size(self) -> int:
        return len(self.html) + len(self.zipped)


@dataclass
class Kept:
    """A page and what it was true under: a snapshot, marks up to `end`, and the moment when its first class begins."""

    page: Page
    snapshot: str | None
    marks: Marks
    until: datetime
    end: datetime

    def nothing_happened(self, snapshot: str | None, window: Window) -> bool:
        return snapshot is not None and snapshot == self.snapshot and window.start <= self.until


class KeptPages:
    """The pages of this process by key; the least recently used ones go when they take up too much memory."""

    def __init__(self, most_bytes: int = MOST_BYTES_KEPT) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._pages: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Hashable) -> Kept | None:
        with self._lock:
            kept = self._pages.get(key)
            if kept:
                self._pages.move_to_end(key)
            return kept

    def keep(self, key: Hashable, kept: Kept) -> None:
        """Keep a page in place of the one before."""
        with self._lock:
            self._drop(key)
            self._pages[key] = kept
            self.bytes += kept.page.size
            while self.bytes > self.most_bytes:
                self._drop(next(iter(self._pages)))

    def forget(self) -> None:
        """Drop all pages."""
        with self._lock:
            self._pages.clear()
            self.bytes = 0

    def _drop(self, key: Hashable) -> None:
        if dropped := self._pages.pop(key, None):
            self.bytes -= dropped.page.size


kept_pages = KeptPages()


def fresh_page(key: Hashable, filters: Filters, render: Callable[[Timetable], str]) -> Page:
    """The page for `filters`, as kept under `key` if it is still true, else rendered anew.

    `key` must name everything that the page depends on besides the database and the time.
    """
    window = window_of(filters)
    snapshot = _current_snapshot()
    kept = kept_pages.find(key)
    if kept and kept.nothing_happened(snapshot, window):
        return kept.page
    end = kept.end if kept else window.end
    marks = _marks_of(window.start, end)
    if kept and kept.marks == marks:
        kept.snapshot = snapshot
        return kept.page
    answer = read_timetable(filters, window)
    page = Page.of(render(answer))
    if answer.first_start and answer.reach:
        if answer.reach > end:  # without marks it is never true, but tells the next one how far its marks have to reach
            snapshot, marks, end = None, (), answer.reach
        kept_pages.keep(key, Kept(page, snapshot, marks, answer.first_start, end))
    return page


def _current_snapshot() -> str | None:
    """Which transactions are visible now; nothing inside a transaction, whose own changes are not in its snapshot.

    This query is also the connection's health check: Django's own would be a second round trip of the same length.
    """
    if connection.in_atomic_block:
        return None
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return str(_row("SELECT pg_current_snapshot()::text")[0])
    except OperationalError:
        connection.close()
        return str(_row("SELECT pg_current_snapshot()::text")[0])


def _marks_of(start: datetime, end: datetime) -> Marks:
    return _row(_MARKS, [start, end])


def marks_of_slots(start: datetime, end: datetime) -> Marks:
    """The marks of all slots that begin in [start, end), in whatever state, and of what they refer to. One query."""
    return _row(_MARKS_OF_ALL, [start, end])


def _row(query: str, values: list[datetime] | None = None) -> tuple[int | None, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        row: tuple[int | None, ...] = cursor.fetchone()
    return row


def _mark(model: type[Model], condition: str = "") -> str:
    table = model._meta.db_table
    return f"(SELECT bit_xor(hash_record_extended(ROW(t.xmin, t.ctid), 0)) FROM {table} t {condition})"  # noqa: S608


_REFERRED_TO = [_mark(model) for model in (ClassType, Instructor, Room, Location)]
_MARKS = "SELECT " + ", ".join(
    [_mark(Slot, "WHERE t.state = 'published' AND t.starts_at >= %s AND t.starts_at < %s"), *_REFERRED_TO]
)
_MARKS_OF_ALL = "SELECT " + ", ".join([_mark(Slot, "WHERE t.starts_at >= %s AND t.starts_at < %s"), *_REFERRED_TO])

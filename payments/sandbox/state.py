"""All objects of the sandbox, in memory and in one file.

The file is a journal: each transaction appends one JSON line in a single write, so a killed process leaves whole
transactions behind and at most half a line at the end, which the next start drops. At the start, after a reset and when
it has grown too long, the journal is written anew beside itself and renamed over the old one.

Names that begin with an underscore are the sandbox's own: kinds such as `_delivery`, and keys such as `_line_items`.
"""

import copy
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Object = dict[str, Any]

LONGEST_JOURNAL = 64 * 1024 * 1024

SETTINGS: Object = {
    "object": "_settings",
    "id": "settings",
    "clock_offset": 0,
    "refund_status": "succeeded",
    "delayed_payments": False,
    "faults": [],
    "webhooks": {
        "paused": False,
        "drop": False,
        "delay": 0.0,
        "copies": 1,
        "shuffle": False,
        "retry_seconds": [1, 2, 5, 10, 30, 60, 300, 900, 3600],
    },
}


class StateError(Exception):
    """The state file cannot be used."""


@dataclass(frozen=True)
class Config:
    """Where browsers find the sandbox, and where it delivers its events (nowhere without an address)."""

    base_url: str = ""
    webhook_url: str = ""
    webhook_secret: str = ""


@dataclass(frozen=True)
class Cause:
    """What a change comes from: the API request, if it is one. Events name it."""

    request_id: str | None = None
    idempotency_key: str | None = None


class Transaction:
    """Objects checked out for change. Whatever was `put` or removed is kept together, or not at all."""

    def __init__(self, tables: dict[str, dict[str, Object]], cause: Cause, config: Config) -> None:
        self._tables = tables
        self._seen: dict[tuple[str, str], Object | None] = {}
        self.changed: dict[tuple[str, str], Object | None] = {}
        self.cause, self.config = cause, config

    def get(self, kind: str, wanted: str) -> Object | None:
        """Return the object for reading or changing; the same one each time."""
        key = (kind, wanted)
        if key not in self._seen:
            stored = self._tables.get(kind, {}).get(wanted)
            self._seen[key] = copy.deepcopy(stored)
        return self._seen[key]

    def existing(self, kind: str, wanted: str) -> Object:
        """Return an object that another object names."""
        found = self.get(kind, wanted)
        if found is None:
            raise KeyError(f"{kind} {wanted} is gone")
        return found

    def put(self, item: Object) -> Object:
        """Keep a new or changed object."""
        key = (item["object"], item["id"])
        self._seen[key] = self.changed[key] = item
        return item

    def rollback(self) -> None:
        """Undo everything so far."""
        self._seen.clear()
        self.changed.clear()

    def remove(self, kind: str, gone: str) -> None:
        """Forget an object."""
        self._seen[kind, gone] = self.changed[kind, gone] = None

    def all(self, kind: str) -> Iterator[Object]:
        """Iterate over the objects of a kind from new to old. To be read only; `get` one to change it."""
        fresh = [item for (table, _), item in self.changed.items() if table == kind]
        stored = self._tables.get(kind, {})
        yield from (item for item in reversed(fresh) if item is not None and item["id"] not in stored)
        for wanted in reversed(stored):
            item = self.changed.get((kind, wanted), stored[wanted])
            if item is not None:
                yield item

    @property
    def settings(self) -> Object:
        """What the control interface has set; `put` it after a change."""
        found = self.get("_settings", "settings")
        return found if found is not None else self.put(copy.deepcopy(SETTINGS))

    def now(self) -> int:
        """The sandbox's time in seconds since 1970; the control interface can advance it."""
        return int(time.time()) + int(self.settings["clock_offset"])


class Store:
    """The objects, the lock that guards them, and the file that keeps them."""

    def __init__(self, path: Path | None, config: Config) -> None:
        self.config = config
        self.lock = threading.RLock()
        self.queued = threading.Condition(self.lock)  # told when deliveries or settings have changed
        self.stopping = threading.Event()
        self._path, self._file = path, -1
        self._tables: dict[str, dict[str, Object]] = {}
        self._journal_size = self._compact_size = 0
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._read(path)
            self._rewrite()

    @contextmanager
    def transaction(self, cause: Cause = Cause()) -> Iterator[Transaction]:
        """Work under the lock; kept when the block ends, undone when it raises."""
        with self.lock:
            transaction = Transaction(self._tables, cause, self.config)
            yield transaction
            self._commit(transaction)

    def dump(self) -> dict[str, list[Object]]:
        """Return everything by kind, oldest first."""
        with self.lock:
            return {kind: copy.deepcopy(list(table.values())) for kind, table in self._tables.items()}

    def reset(self) -> None:
        """Forget everything, settings included."""
        with self.lock:
            self._tables.clear()
            self._rewrite()
            self.queued.notify_all()

    def close(self) -> None:
        """Close the file; the store is of no use afterwards."""
        with self.lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def wait_until(self, predicate: Callable[[], bool], timeout: float) -> bool:
        """Wait without the lock held until a change to deliveries makes the predicate true."""
        with self.queued:
            return self.queued.wait_for(predicate, timeout)

    def _commit(self, transaction: Transaction) -> None:
        if not transaction.changed:
            return
        puts = [item for item in transaction.changed.values() if item is not None]
        gone = [key for key, item in transaction.changed.items() if item is None]
        if self._file >= 0:
            self._append(journal_line(puts, gone))
        self._apply(puts, gone)
        if self._journal_size > max(LONGEST_JOURNAL, 2 * self._compact_size):
            self._rewrite()
        if any(kind in ("_delivery", "_settings") for kind, _ in transaction.changed):
            self.queued.notify_all()

    def _apply(self, puts: list[Object], gone: list[Any]) -> None:
        for item in puts:
            self._tables.setdefault(item["object"], {})[item["id"]] = item
        for kind, wanted in gone:
            self._tables.get(kind, {}).pop(wanted, None)

    def _append(self, line: bytes) -> None:
        os.write(self._file, line)
        self._journal_size += len(line)

    def _read(self, path: Path) -> None:
        try:
            # What follows the last newline was cut off while being written.
            *whole, _torn = path.read_bytes().split(b"\n") if path.exists() else [b""]
        except OSError as error:
            raise StateError(f"The state file {path} cannot be read: {error.strerror}.") from error
        for number, line in enumerate(whole, 1):
            try:
                entry = json.loads(line)
                self._apply(entry["put"], entry["gone"])
            except (ValueError, KeyError, TypeError) as error:
                raise StateError(
                    f"The state file {path} is damaged in line {number}. Delete it to start afresh."
                ) from error

    def _rewrite(self) -> None:
        """Write the journal anew with only what lives, and put it in the old one's place."""
        if self._path is None:
            return
        self.close()
        fresh = self._path.with_name(self._path.name + ".new")
        with open(fresh, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            for table in self._tables.values():
                file.writelines(journal_line([item], []) for item in table.values())
            self._journal_size = self._compact_size = file.tell()
        os.replace(fresh, self._path)
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))


def journal_line(puts: list[Object], gone: list[tuple[str, str]]) -> bytes:
    """One transaction as a line of the journal."""
    return json.dumps({"put": puts, "gone": gone}, separators=(",", ":")).encode() + b"\n"

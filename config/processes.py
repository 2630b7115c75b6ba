"""Processes and ports of the local run: find what an interrupted run left behind, and end it.

Every process of `make run` carries its data folder in the environment (`RUN_MARKER`), and PostgreSQL and Redis work
inside that folder. So what belongs to a run can be told from the system's own process table, however the run ended.
"""

import fcntl
import os
import signal
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

RUN_MARKER = "SUKHA_RUN"
SERVERS = {"postgres", "redis-server", "valkey-server"}


def is_marked(process: psutil.Process, *folders: Path) -> bool:
    """Say whether `process` carries the mark of a run whose data is in one of the folders."""
    try:
        return process.environ().get(RUN_MARKER) in map(str, folders)
    except (psutil.Error, OSError):
        return False  # gone already, or another user's


def is_server_in(process: psutil.Process, *folders: Path) -> bool:
    """Say whether `process` is a PostgreSQL or Redis whose data is in one of the folders."""
    try:
        return process.name() in SERVERS and any(Path(process.cwd()).is_relative_to(folder) for folder in folders)
    except (psutil.Error, OSError):
        return False


def marked(folder: Path) -> list[psutil.Process]:
    """Return the processes of the run whose data is in `folder`, without its servers."""
    return [process for process in psutil.process_iter() if is_marked(process, folder)]


def leftovers(*folders: Path) -> list[psutil.Process]:
    """Return the running processes of an earlier run in the folders, without this one, its parents and its children."""
    this = psutil.Process()
    ours = {this, *this.parents(), *this.children(recursive=True)}
    others = (process for process in psutil.process_iter() if process not in ours)
    return [process for process in others if is_marked(process, *folders) or is_server_in(process, *folders)]


def end(processes: Iterable[psutil.Process], *, patience: float = 10) -> None:
    """Ask the processes to stop, and kill those that have not stopped after `patience` seconds."""
    ended = list(processes)
    for process in ended:
        with suppress(psutil.Error):  # it may have ended by itself in between
            # To PostgreSQL, SIGTERM means "when the last client has gone", SIGINT means "now".
            process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
    _, alive = psutil.wait_procs(ended, timeout=patience)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=patience)


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Say whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: a port whose last connections only wait for their time-out is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """Return `preferred` when it is free, else a port that the system picks."""
    if preferred is not None and port_is_free(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def parent_changed(parent: int) -> bool:
    """Say whether the process that started this one is gone (the system then gives it another parent)."""
    return os.getppid() != parent


class Occupied(Exception):
    """Another process holds the lock."""


@contextmanager
def locked(file: Path, *, patience: float = 0) -> Iterator[None]:
    """Hold a lock on `file`, which ends with this process however it ends. Raises Occupied after `patience` seconds."""
    file.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + patience
    with file.open("w") as handle:
        while True:
            try:
                fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # `lockf`, because children do not inherit it
                break
            except OSError:
                if time.monotonic() >= deadline:
                    raise Occupied(f"Another process works in {file.parent}.") from None
                time.sleep(0.1)
        yield

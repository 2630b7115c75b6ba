"""The product as in production, but for https: PostgreSQL and Redis with data on disk, granian with two workers."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self

from bench.floors import PAGE
from config.embedded import EmbeddedServers, shelter_of
from config.environment import local_environment, local_secrets
from config.processes import free_port, locked

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".local" / "bench"
PAGE_FILE = FOLDER / "page.html"
PATIENCE = 60.0  # seconds


class BenchError(Exception):
    """The bench cannot go on; the message is one sentence for the person at the terminal."""


class Stack:
    """Servers, data and web server, from `with` to its end; nothing of it is left behind."""

    def __init__(self) -> None:
        self.port = free_port()
        self.environment: dict[str, str] = {}
        self._web: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with ExitStack() as at_end:
            at_end.enter_context(locked(FOLDER.with_suffix(".lock")))
            clear()
            at_end.callback(clear)
            servers = at_end.enter_context(EmbeddedServers(FOLDER))
            at_end.callback(self._stop_web)
            self._at_end = at_end.pop_all()
        self.environment = os.environ | local_environment(local_secrets()) | servers.environment
        self.environment |= {
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "LOCAL_RUN": "off",
            "SITE_URL": f"http://127.0.0.1:{self.port}",
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "WARNING",
            "MOST_HOLDS": "1000000",  # each booker comes again and again, and nobody pays
            PAGE: str(PAGE_FILE),
        }
        return self

    def __exit__(self, *_: object) -> None:
        self._at_end.close()

    def manage(self, *arguments: str) -> None:
        """Run a management command."""
        done = subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment)
        if done.returncode != 0:
            raise BenchError(f"manage.py {arguments[0]} failed.")

    def serve(self) -> None:
        """Start the web server and return when it answers."""
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--workers", "2", "--blocking-threads", "1", "--no-ws"]
        command += ["--log-level", "warning", "config.wsgi:application"]
        self._web = subprocess.Popen(command, cwd=ROOT, env=self.environment)
        deadline = time.monotonic() + PATIENCE
        while not self._is_ready():
            if time.monotonic() > deadline or self._web.poll() is not None:
                raise BenchError("The web server did not start.")
            time.sleep(0.2)

    def get(self, path: str) -> bytes:
        """The body of a page. Raises BenchError when it is not answered with 200."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            if answer.status != 200:
                raise BenchError(f"{path} answers {answer.status}.")
            return answer.read()

    def _is_ready(self) -> bool:
        try:
            self.get("/readyz")
        except (OSError, HTTPException, BenchError):
            return False
        return True

    def _stop_web(self) -> None:
        if self._web is not None:
            self._web.terminate()
            self._web.wait(timeout=30)


def clear() -> None:
    """Remove the data."""
    for folder in (FOLDER, shelter_of(FOLDER)):
        shutil.rmtree(folder, ignore_errors=True)

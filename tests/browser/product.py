"""The whole product as processes on free ports, over one test database: web, worker, Stripe sandbox, mail server."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from celery import Celery

from tests.payments.sandbox.running import API_KEY, WEBHOOK_SECRET, Sandbox

ROOT = Path(__file__).parents[2]
PATIENCE = 30  # seconds
TIME_TO_START = 90  # seconds; every process reads the whole of Django first, on cores that the other tests need too


class Mails:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self._server = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 – aiosmtpd's
        self.received.append(message_from_bytes(envelope.original_content or b"", policy=policy.default))
        return "250 kept"

    def start(self) -> str:
        """Listen, and return the EMAIL_URL."""
        self._server.start()
        return f"smtp://127.0.0.1:{self._server.port}"

    def stop(self) -> None:
        self._server.stop()

    def to(self, address: str, *, about: str = "") -> list[EmailMessage]:
        """The mails to an address whose subject holds `about`, oldest first."""
        return [mail for mail in self.received if mail["To"] == address and about in mail["Subject"]]

    def wait_for(self, address: str, *, about: str = "", already: int = 0) -> EmailMessage:
        """The next mail to an address beyond `already` earlier ones."""
        eventually(lambda: len(self.to(address, about=about)) > already, f"a mail to {address} about {about!r}")
        return self.to(address, about=about)[already]


class Product:
    """Use it with `with`. `database_url` is the test database, already migrated."""

    def __init__(self, database_url: str) -> None:
        self.mails = Mails()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.sandbox = Sandbox(webhook_url=f"{self.url}/stripe/webhook/")
        # A broker of its own: what other tests wake workers for must not reach this worker and this sandbox.
        self.broker_url = os.environ.get("PRODUCT_REDIS_URL") or os.environ["REDIS_URL"]
        self._database_url = database_url
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        with ExitStack() as stack:  # a product that does not start leaves nothing behind either
            stack.callback(self._stop)
            self._start()
            stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _start(self) -> None:
        self.sandbox.start()
        environment = os.environ | {
            "DATABASE_URL": self._database_url,
            "REDIS_URL": self.broker_url,
            "SITE_URL": self.url,
            "EMAIL_URL": self.mails.start(),
            "STRIPE_API_BASE": self.sandbox.base_url,
            "STRIPE_SECRET_KEY": API_KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "LOG_LEVEL": "WARNING",
        }
        python = [sys.executable, "-m"]
        web = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port), "--no-ws"]
        web += ["--workers", "1", "--blocking-threads", "1", "--log-level", "warning", "config.wsgi:application"]
        worker = ["celery", "-A", "config", "worker", "--concurrency=1", "--loglevel=WARNING"]
        worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        for command in (web, worker):
            self._processes.append(subprocess.Popen([*python, *command], cwd=ROOT, env=environment))
        eventually(self._is_ready, "the product to answer", within=TIME_TO_START)

    def _stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(timeout=PATIENCE)
        self.sandbox.stop()
        self.mails.stop()

    def run_task(self, name: str) -> None:
        """Have the worker run a task, as beat does."""
        Celery(broker=self.broker_url, set_as_current=False).send_task(name)

    def _is_ready(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def eventually(holds: Callable[[], Any], what: str, *, within: float = PATIENCE) -> None:
    """Wait until `holds()` is true. Fails after `within` seconds, saying what was waited for."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, f"waited {within} s for {what}"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def code_in(mail: EmailMessage) -> str:
    """The six digits of a sign-in mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"\b(\d{3}) ?(\d{3})\b", body.get_content())
    assert found, "the mail holds no code"
    return found[1] + found[2]

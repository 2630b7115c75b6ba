"""A sandbox that really runs, for tests: its process, the official SDK on it, its control, its pages, and a webhook."""

import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import stripe

ROOT = Path(__file__).parents[3]
API_KEY = "sk_test_sandbox_tests"
WEBHOOK_SECRET = "whsec_sandbox_tests"


class Refused(Exception):
    """The control interface said no."""


@dataclass
class Answer:
    """What an HTTP request got. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Sandbox:
    """The process. Use it with `with`, or `start` and `stop` it."""

    def __init__(
        self, *, state: Path | None = None, webhook_url: str = "", webhook_secret: str = WEBHOOK_SECRET
    ) -> None:
        self._options = ["--port", "0"]
        if state:
            self._options += ["--state", str(state)]
        if webhook_url:
            self._options += ["--webhook-url", webhook_url, "--webhook-secret", webhook_secret]
        self._process: subprocess.Popen[str] | None = None
        self._http: list[stripe.RequestsClient] = []
        self.base_url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process on a free port and wait until it listens."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "payments.sandbox", *self._options],
            cwd=ROOT,
            env={**os.environ, "LOCAL_RUN": "true", "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert "http://" in line, f"the sandbox did not start: {line}"
        self.base_url = next(word for word in line.split() if word.startswith("http://"))

    def stop(self, *, kill: bool = False) -> int:
        """End the process, politely or not, and return its exit code."""
        assert self._process is not None
        for client in self._http:
            client.close()
        (self._process.kill if kill else self._process.terminate)()
        code = self._process.wait(timeout=10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def client(self, *, key: str = API_KEY, retries: int = 0, timeout: float = 10) -> stripe.StripeClient:
        """Return the official SDK, talking to this sandbox."""
        http_client = stripe.RequestsClient(timeout=timeout)
        self._http.append(http_client)
        return stripe.StripeClient(
            key, base_addresses={"api": self.base_url}, max_network_retries=retries, http_client=http_client
        )

    def request(
        self, method: str, path: str, body: str | bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send one plain HTTP request; redirects are not followed."""
        connection = http.client.HTTPConnection(urlsplit(self.base_url).netloc, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read().decode())
        finally:
            connection.close()

    def api(self, method: str, path: str, body: str | bytes | None = None, **headers: str) -> Answer:
        """Send a request to the API without the SDK; `Idempotency_Key="x"` gives a header."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request(method, path, body, {"Authorization": f"Bearer {API_KEY}", **given})

    def open(self, path: str, form: dict[str, str] | None = None) -> Answer:
        """Open a page like a browser without scripts, or send its form. Takes whole addresses too."""
        path = path.removeprefix(self.base_url)
        if form is None:
            return self.request("GET", path)
        return self.request("POST", path, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})

    def control(self, path: str, /, **wish: Any) -> Any:
        """Ask the control interface for something; see `payments/sandbox/control.py`."""
        answer = self.request("POST", f"/_sandbox/{path}", json.dumps(wish), {"Content-Type": "application/json"})
        if answer.status != 200:
            raise Refused(answer.json["error"]["message"])
        return answer.json

    def seen(self, path: str) -> Any:
        """Read from the control interface."""
        return self.request("GET", f"/_sandbox/{path}").json

    def pay(self, session_id: str, *, card: str = "4242424242424242", **more: str) -> Any:
        """Pay a session as its page would."""
        return self.control(f"sessions/{session_id}/pay", card=card, **more)


@dataclass
class Delivery:
    """One request that reached the webhook."""

    body: bytes
    signature: str

    @property
    def event(self) -> Any:
        """The event inside."""
        return json.loads(self.body)


@dataclass
class Webhook:
    """A webhook that keeps what it gets. It answers `statuses` in turn, then 200; nothing while `answers` is clear."""

    statuses: list[int] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    answers: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        webhook = self
        webhook.answers.set()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                webhook.deliveries.append(Delivery(body, self.headers["stripe-signature"]))
                webhook.answers.wait(timeout=10)
                self.send_response(webhook.statuses.pop(0) if webhook.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}/stripe/webhook/"

    @property
    def types(self) -> list[str]:
        """The types of the events that arrived, in the order of arrival."""
        return [delivery.event["type"] for delivery in self.deliveries]

    def clear(self) -> None:
        """Forget what has arrived."""
        self.deliveries.clear()
        self.statuses.clear()


def wait_for(condition: Callable[[], bool], *, seconds: float = 5) -> bool:
    """Wait until the condition holds, and say whether it does."""
    end = monotonic() + seconds
    while not condition() and monotonic() < end:
        sleep(0.01)
    return condition()


def line_item(amount: int = 1800, *, name: str = "Gentle Back Care", quantity: int = 1, currency: str = "eur") -> Any:
    """A line item of a checkout session, priced on the spot."""
    price = {"currency": currency, "unit_amount": amount, "product_data": {"name": name}}
    return {"price_data": price, "quantity": quantity}


def session_params(**more: Any) -> Any:
    """Parameters of a valid checkout session."""
    return {
        "mode": "payment",
        "success_url": "http://clinic.example/paid?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://clinic.example/back",
        "line_items": [line_item()],
        **more,
    }


def membership_params(**more: Any) -> Any:
    """Parameters of a checkout session for a monthly membership."""
    item = line_item(4900, name="Membership")
    item["price_data"]["recurring"] = {"interval": "month"}
    return session_params(**{"mode": "subscription", "line_items": [item], **more})

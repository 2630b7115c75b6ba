"""The HTTP side: a threading server with kept connections that hands requests to the API, the pages or the control."""

import ipaddress
import json
import logging
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any
from urllib.parse import urlsplit

from . import hosted, pages
from .api import Api, Request, Response, forget_old_keys
from .control import Control, run_due
from .errors import ApiError
from .faults import Hangup
from .state import Config, Store
from .webhooks import Courier

logger = logging.getLogger(__name__)

LONGEST_BODY = 1024 * 1024
TICK_SECONDS = 0.5


class Server(ThreadingHTTPServer):
    """The sandbox as a server: `start` it, then `serve_forever`."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], state: Path | None, config: Config) -> None:
        super().__init__(address, Handler)
        # Only now, for a second sandbox must fail at the port before it touches the state file of the first.
        self.store = store = Store(state, replace(config, base_url=config.base_url or self.own_address))
        self.api, self.courier = Api(store), Courier(store)
        self.control = Control(store, self.courier)

    @property
    def own_address(self) -> str:
        """Where the server listens, as browsers on this machine reach it."""
        everywhere = not self.server_name or ipaddress.ip_address(self.server_name).is_unspecified
        return f"http://{'127.0.0.1' if everywhere else self.server_name}:{self.server_port}"

    def server_bind(self) -> None:
        """Bind without asking for the host's full name, as `HTTPServer` does; that can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def start(self) -> None:
        """Begin to deliver events and to watch the clock."""
        with self.store.transaction() as tx:
            forget_old_keys(tx)
        self.courier.start()
        threading.Thread(target=self._watch_clock, name="clock", daemon=True).start()

    def finish(self) -> None:
        """Stop listening, and let the other threads end."""
        self.store.stopping.set()
        self.server_close()
        self.store.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are no news."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            logger.exception("a connection from %s failed", client_address)

    def _watch_clock(self) -> None:
        while not self.store.stopping.wait(TICK_SECONDS):
            try:
                with self.store.transaction() as tx:
                    run_due(tx)
            except Exception:
                logger.exception("the clock failed")


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet
    timeout = 120

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer("GET")

    def do_HEAD(self) -> None:
        """Answer a HEAD like a GET without its body."""
        self._answer("GET")

    def do_POST(self) -> None:
        """Answer a POST."""
        self._answer("POST")

    def do_DELETE(self) -> None:
        """Answer a DELETE."""
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        try:
            body = self._body()
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            response = self._dispatch(Request(method, parts.path, parts.query, headers, body))
        except (ApiError, ValueError) as error:
            self.close_connection = True  # what is left of the request has not been read
            status = error.status if isinstance(error, ApiError) else 400
            response = Response(status, json.dumps({"error": {"message": str(error), "type": "invalid_request_error"}}))
        except Hangup:
            self.close_connection = True
            return
        self._send(response)

    def _body(self) -> bytes:
        if "transfer-encoding" in self.headers:
            raise ApiError("Send the body with a Content-Length.", status=411)
        length = int(self.headers.get("content-length") or 0)
        if not 0 <= length <= LONGEST_BODY:
            raise ApiError("The body is too large.", status=413)
        return self.rfile.read(length)

    def _dispatch(self, request: Request) -> Response:
        if request.path.startswith("/v1/"):
            return self.server.api.answer(request)
        if request.path.startswith("/_sandbox/"):
            if not ipaddress.ip_address(self.client_address[0]).is_loopback:
                raise ApiError("The control interface answers this machine only.", status=403)
            return self.server.control.answer(request)
        if request.path.startswith("/c/"):
            return hosted.answer(self.server.store, request)
        return pages.not_found()

    def _send(self, response: Response) -> None:
        body = response.body.encode()
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        """Say who answers."""
        return "sukha-stripe-sandbox"

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet; what goes wrong is printed where it goes wrong."""

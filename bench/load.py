"""The load: keep-alive connections that each send the next request as soon as the last one is answered.

One process, one selector, requests made on the way, answers looked at just enough to know their status and their end.
It runs on the cores that it measures, and costs the product and the floor the same.
"""

import selectors
import socket
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import quantiles
from threading import Event, Thread
from typing import Self

from bench.requests import Requests

MOST_PER_READ = 1 << 18


@dataclass
class Outcome:
    """What happened in a stretch of time."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)  # in seconds

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def p95(self) -> float:
        """In milliseconds."""
        return quantiles(self.latencies, n=20)[-1] * 1000


class Client:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._answer = b""

    def send(self, request: bytes) -> None:
        self._answer = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """Read what has come. Return the status when the answer is whole."""
        part = self.socket.recv(MOST_PER_READ)
        if not part:
            raise ConnectionError("The server closed a connection in the middle of an answer.")
        self._answer += part
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return None
        return int(head[9:12])


class Clients:
    """`count` connections to a server, from `with` to its end."""

    def __init__(self, port: int, count: int) -> None:
        self.clients = [Client(port) for _ in range(count)]
        self._selector = selectors.DefaultSelector()
        for client in self.clients:
            self._selector.register(client.socket, selectors.EVENT_READ, client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self.clients:
            client.socket.close()
        self._selector.close()

    def run(self, requests: Requests, seconds: float) -> Outcome:
        """Send requests for so long; each one that was sent is answered before this returns."""
        outcome = Outcome()
        begin = time.perf_counter()
        end = begin + seconds
        for client in self.clients:
            client.send(requests())
        waiting = len(self.clients)
        while waiting:
            for key, _ in self._selector.select():
                ready: Client = key.data
                status = ready.receive()
                if status is None:
                    continue
                now = time.perf_counter()
                outcome.statuses[status] += 1
                outcome.latencies.append(now - ready.sent_at)
                if now < end:
                    ready.send(requests())
                else:
                    waiting -= 1
        outcome.seconds = time.perf_counter() - begin
        return outcome


class Meanwhile:
    """Something else that happens at a steady pace, from `with` to its end, while one measures."""

    def __init__(self, port: int, requests: Requests, per_second: float) -> None:
        self.statuses: Counter[int] = Counter()
        self._client = Client(port)
        self._requests = requests
        self._pause = 1 / per_second
        self._over = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        with suppress(OSError):
            self._client.socket.close()

    def _run(self) -> None:
        while not self._over.wait(self._pause):
            self._client.send(self._requests())
            status = None
            while status is None:
                status = self._client.receive()
            self.statuses[status] += 1


def _length(head: bytes) -> int:
    """The Content-Length."""
    lower = head.lower()
    at = lower.index(b"content-length:") + 15
    return int(lower[at:].split(b"\r\n", 1)[0])

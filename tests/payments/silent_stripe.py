"""A Stripe that accepts connections and never answers."""

import socket
import threading
from typing import Self


class SilentStripe:
    """Use it with `with`; `asked` counts the connections that it has accepted."""

    def __init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self._guests: list[socket.socket] = []
        self._porter = threading.Thread(target=self._let_in, daemon=True)
        self.base_url = f"http://127.0.0.1:{self._door.getsockname()[1]}"

    @property
    def asked(self) -> int:
        return len(self._guests)

    def __enter__(self) -> Self:
        self._porter.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._porter.join()
        for guest in self._guests:
            guest.close()

    def _let_in(self) -> None:
        while True:
            try:
                self._guests.append(self._door.accept()[0])
            except OSError:
                return

"""Faults on demand: the next matching request of the API is refused, answered late, or left without an answer."""

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from .errors import ApiError
from .params import invalid
from .state import Object, Store

ACTIONS = ("status", "close", "hang", "delay")
DEFAULTS: Object = {
    "method": "POST",
    "path": "/v1/*",
    "when": "before",
    "action": "status",
    "status": 500,
    "seconds": 30.0,
    "times": 1,
}


class Hangup(Exception):
    """Close the connection without an answer."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and whether before or after the work is done.

    `status` answers with that status, `close` drops the connection, `hang` drops it after some seconds, `delay` answers
    properly after some seconds.
    """

    method: str
    path: str
    when: str
    action: str
    status: int
    seconds: float

    def strike(self, stopping: threading.Event) -> None:
        """Wait and hang up, as far as the fault asks for it."""
        if self.action in ("hang", "delay"):
            stopping.wait(self.seconds)
        if self.action in ("hang", "close"):
            raise Hangup

    def error(self) -> ApiError:
        """The answer of a `status` fault."""
        kind = "api_error" if self.status >= 500 else "invalid_request_error"
        code = "rate_limit" if self.status == 429 else None
        return ApiError("The sandbox was told to fail this request.", status=self.status, kind=kind, code=code)


def checked_fault(wish: Any) -> Object:
    """Check a fault that the control interface was given, and fill in what it leaves out."""
    if not isinstance(wish, dict) or wish.keys() - DEFAULTS.keys():
        raise invalid(f"A fault has these keys: {', '.join(DEFAULTS)}.", "fault")
    fault = {**DEFAULTS, **wish}
    numbers = all(isinstance(fault[key], int | float) for key in ("status", "seconds", "times"))
    if not numbers or fault["action"] not in ACTIONS or fault["when"] not in ("before", "after"):
        raise invalid(f"`action` is one of {', '.join(ACTIONS)}; `when` is before or after.", "fault")
    return fault


def take_fault(store: Store, method: str, path: str) -> Fault | None:
    """Return the fault that is due for this request, and count it down."""
    with store.transaction() as tx:
        settings = tx.settings
        for fault in settings["faults"]:
            if fault["method"] in (method, "*") and fnmatchcase(path, fault["path"]):
                fault["times"] -= 1
                settings["faults"] = [one for one in settings["faults"] if one["times"] > 0]
                tx.put(settings)
                return Fault(**{key: fault[key] for key in DEFAULTS if key != "times"})
    return None

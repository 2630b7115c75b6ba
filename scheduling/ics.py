"""Content lines of iCalendar (RFC 5545, 3.1 and 3.3).

Written here because a feed has up to thousands of events: icalendar takes a millisecond and a half for each, this a
hundredth of that. The tests read the result with icalendar.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

MOST_OCTETS = 75
ESCAPES = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}
ESCAPED = re.compile(r"[\\;,\n]")
NEWLINE = re.compile(r"\r\n?")
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")  # no TEXT has them

Line = tuple[str, str]  # a property's name with its parameters, and its value


def text(value: str) -> str:
    """A value of type TEXT: what would end it or the line is escaped, so it cannot become a property of its own."""
    plain = CONTROLS.sub(" ", NEWLINE.sub("\n", value))
    return ESCAPED.sub(lambda found: ESCAPES[found[0]], plain)


def instant(moment: datetime) -> str:
    """A DATE-TIME in UTC, in whole seconds."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def wall_time(name: str, moment: datetime, zone: ZoneInfo) -> Line:
    """A property whose value is a DATE-TIME on the wall clock of `zone`.

    Of two equal wall times iCalendar means the first (3.3.5), so the second of them is written in UTC.
    """
    local = moment.astimezone(zone)
    if local.fold:
        return name, instant(moment)
    return f"{name};TZID={zone.key}", f"{local:%Y%m%dT%H%M%S}"


def write(lines: Iterable[Line]) -> bytes:
    """The lines, each folded at 75 octets and ended by CRLF."""
    return b"".join(_folded(f"{name}:{value}".encode()) for name, value in lines)


def _folded(line: bytes) -> bytes:
    """No character is cut in two: a fold moves back to where one begins."""
    parts = []
    room = MOST_OCTETS
    while len(line) > room:
        end = room
        while line[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(line[:end])
        line, room = line[end:], MOST_OCTETS - 1  # a line that goes on begins with a space
    return b"\r\n ".join([*parts, line]) + b"\r\n"

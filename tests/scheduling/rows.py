"""Rows of a timetable's spreadsheet, as the tests of its import write them."""

HEADER = "class type;instructor;room;day;time;minutes;places;price;from;until;repeats;except;state;link\n"


def row(**cells: str) -> str:
    """One row; what is not given is a valid class on Tuesday at 18:00."""
    given = {
        "class type": "Gentle Back Care",
        "instructor": "Asha Lind",
        "room": "Willow",
        "day": "2026-11-24",
        "time": "18:00",
    } | {name.replace("_", " ").strip(): value for name, value in cells.items()}
    return ";".join(given.get(name, "") for name in HEADER.strip().split(";")) + "\n"


def sheet(*rows: str) -> bytes:
    return (HEADER + "".join(rows)).encode()

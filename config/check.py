"""`make check`: every check that needs no running product, a line for each, and what the failed ones said."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from config.environment import production_environment

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
LINES_SHOWN = 60
WIRING = "tests/test_wiring.py::test_each_signal_reaches_exactly_the_receivers_of_the_table"  # needs no servers
MANAGE = [sys.executable, "manage.py"]


@dataclass(frozen=True)
class Result:
    """How one check ended."""

    name: str
    passed: bool
    output: str
    seconds: float


def checks() -> dict[str, list[str]]:
    """Return each check's command by its name; the slowest first, because two run at a time."""
    templates = sorted(str(folder.relative_to(ROOT)) for folder in ROOT.glob("*/templates") if folder.is_dir())
    return {
        "types": [program("mypy")],
        "lint": [program("ruff"), "check", "--quiet", "--output-format=concise"],
        "format": [program("ruff"), "format", "--check", "--output-format=concise"],
        "layers": [program("lint-imports")],
        "signal wiring": [sys.executable, "-m", "pytest", "-q", "-n", "0", WIRING],
        "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run"],
        "production settings": [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"],
        "template lint": [program("djlint"), "--lint", *templates],
        "template format": [program("djlint"), "--check", *templates],
        "locks": [sys.executable, "-m", "config.locks"],
        "hygiene": [sys.executable, "-m", "config.hygiene"],
    }


def program(name: str) -> str:
    """Return the path of a program of the virtual environment."""
    return str(PROGRAMS / name)


def run(name: str, command: list[str], environment: dict[str, str]) -> Result:
    """Run one check."""
    started = time.monotonic()
    done = subprocess.run(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return Result(name, done.returncode == 0, done.stdout.strip(), time.monotonic() - started)


def checks_environment() -> dict[str, str]:
    """Return the environment for the checks: production's settings, and addresses at which nothing answers."""
    environment = os.environ | production_environment() | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    # `makemigrations` would like to compare with a database, and warns that this environment's does not exist.
    environment["PYTHONWARNINGS"] = "ignore:Got an error checking a consistent migration history:RuntimeWarning"
    return environment


def results() -> Iterator[Result]:
    """Run all checks and yield each one's result, in the order of `checks`."""
    environment = checks_environment()
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield from pool.map(lambda name: run(name, checks()[name], environment), checks())


def main() -> int:
    """Print the results and return an exit code."""
    failed = []
    for result in results():
        print(f"{'ok    ' if result.passed else 'FAILED'}  {result.name:<20} {result.seconds:5.1f} s", flush=True)
        if not result.passed:
            failed.append(result.name)
            lines = result.output.splitlines()
            shown = lines[:LINES_SHOWN] + [f"… and {len(lines) - LINES_SHOWN} lines more"] * (len(lines) > LINES_SHOWN)
            print("\n".join(f"        {line}" for line in shown), flush=True)
    print(f"{len(failed)} failed: {', '.join(failed)}" if failed else "All checks passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Folders and clocks for the tests of the local run."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a run's data that every user may enter, as an ordinary checkout; pytest's `tmp_path` is closed."""
    made = Path(tempfile.mkdtemp(prefix="sukha-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def closed_folder(folder: Path) -> Path:
    """A folder that only its owner may enter, as a checkout under root's home."""
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    return closed


@pytest.fixture
def wait_until() -> Callable[..., bool]:
    """Wait until a condition holds, and say whether it does in the end."""

    def wait(condition: Callable[[], bool], *, seconds: float = 20) -> bool:
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.1)
        return condition()

    return wait

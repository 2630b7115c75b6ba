"""The pytest plugin that gives the tests a real PostgreSQL and Redis, and the settings their environment.

It is named in pyproject.toml (`-p tests.plugin`), because pytest-django reads the settings before any conftest.py. The
servers start once, in the process that starts the others, and go when it goes, even when it is killed. Set DATABASE_URL
or REDIS_URL to test against servers of your own.
"""

import os
import re
import tempfile
from collections.abc import Generator

import pytest

from config.embedded import VARIABLES, EmbeddedServers
from config.environment import local_environment, local_secrets
from config.servers import ServerError

WORKER = re.compile(r"gw(\d+)")
servers: EmbeddedServers | None = None
static_root: tempfile.TemporaryDirectory[str] | None = None


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """Set the environment before pytest-django imports the settings; a wrapper runs before every other plugin."""
    worker = WORKER.fullmatch(os.environ.get("PYTEST_XDIST_WORKER", ""))
    if not worker:
        start_servers()
    use_own_redis_databases(int(worker[1]) if worker else 0)
    try:
        yield
    except BaseException:
        pytest_unconfigure()  # pytest calls it only after a complete start
        raise


def start_servers() -> None:
    """Start what the environment does not name, and set the environment for this process and its workers."""
    global servers, static_root  # noqa: PLW0603 - one for the whole test run
    servers = EmbeddedServers(kinds=tuple(kind for kind, name in VARIABLES.items() if not os.environ.get(name)))
    try:
        servers.start()
    except ServerError as error:
        raise pytest.UsageError(str(error)) from error
    os.environ.update(local_environment(local_secrets()) | servers.environment)
    static_root = tempfile.TemporaryDirectory(prefix="sukha-static-")
    os.environ["STATIC_ROOT"] = static_root.name


def use_own_redis_databases(worker: int) -> None:
    """Give each test process three Redis databases of its own; pytest-django gives it its own PostgreSQL database.

    The third is the broker of the running product that the browser tests use. Its worker would otherwise do, in the
    midst of the other tests of this process, the tasks that those only queue.
    """
    server = os.environ["REDIS_URL"].rsplit("/", 1)[0]
    os.environ["REDIS_URL"] = f"{server}/{3 * worker}"
    os.environ["CACHE_URL"] = f"{server}/{3 * worker + 1}"
    os.environ["PRODUCT_REDIS_URL"] = f"{server}/{3 * worker + 2}"


def pytest_unconfigure() -> None:
    """Stop the servers at the end."""
    if servers is not None:
        servers.stop()
    if static_root is not None:
        static_root.cleanup()

"""Our own PostgreSQL and Redis: they answer, keep what they should, and never outlive their user."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from config.embedded import EmbeddedServers
from config.processes import port_is_free
from config.servers import PostgresServer, ServerError

ROOT = Path(__file__).resolve().parents[2]
Wait = Callable[..., bool]
COMMAND = [sys.executable, "-m", "config.embedded"]


def port_of(url: str) -> int:
    return int(url.rpartition("@")[2].partition("/")[0].rpartition(":")[2])


def processes_naming(folder: Path) -> list[int]:
    named = psutil.process_iter(["pid", "cmdline"])
    return [process.pid for process in named if str(folder) in " ".join(process.info["cmdline"] or [])]


def test_both_servers_answer_while_they_are_wanted_and_are_gone_afterwards() -> None:
    with EmbeddedServers() as servers:
        with psycopg.connect(servers.environment["DATABASE_URL"]) as connection:
            version = connection.execute("SHOW server_version_num").fetchone()
        pong = redis.Redis.from_url(servers.environment["REDIS_URL"]).ping()
        ports = [port_of(servers.environment[name]) for name in ("DATABASE_URL", "REDIS_URL")]

    assert version is not None
    assert int(version[0]) >= 180000
    assert pong is True
    assert [port_is_free(port) for port in ports] == [True, True]


def test_nobody_comes_in_without_the_password() -> None:
    with EmbeddedServers() as servers:
        database, broker = (port_of(servers.environment[name]) for name in ("DATABASE_URL", "REDIS_URL"))

        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(f"postgres://postgres:guess@127.0.0.1:{database}/sukha")
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=broker).ping()


@pytest.mark.chaos
def test_the_servers_stop_when_their_user_is_killed(wait_until: Wait) -> None:
    code = "import os, time; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'], flush=True); time.sleep(600)"
    user = subprocess.Popen([*COMMAND, "--", sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert user.stdout is not None
    ports = [port_of(url) for url in user.stdout.readline().split()]
    (sleeper,) = [child for child in psutil.Process(user.pid).children() if "time.sleep" in " ".join(child.cmdline())]

    user.kill()
    user.wait()
    sleeper.kill()

    assert len(ports) == 2
    assert wait_until(lambda: all(map(port_is_free, ports)))
    user.stdout.close()


@pytest.mark.chaos
def test_kept_data_survives_the_murder_of_the_keeper(folder: Path) -> None:
    first = EmbeddedServers(folder)
    first.start()
    with psycopg.connect(first.environment["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    redis.Redis.from_url(first.environment["REDIS_URL"]).set("kept", "yes")
    time.sleep(1.1)  # Redis promises no more than its last second
    (keeper,) = [child for child in psutil.Process().children() if str(folder) in child.cmdline()]
    orphans = keeper.children()

    keeper.kill()
    first.stop()

    assert all(orphan.is_running() for orphan in orphans)
    with EmbeddedServers(folder) as second:
        assert not any(orphan.is_running() and orphan.status() != psutil.STATUS_ZOMBIE for orphan in orphans)
        with psycopg.connect(second.environment["DATABASE_URL"]) as connection:
            answer = connection.execute("SELECT answer FROM kept").fetchone()
        assert answer == (42,)
        assert redis.Redis.from_url(second.environment["REDIS_URL"]).get("kept") == b"yes"


def test_two_users_cannot_have_the_same_folder(folder: Path) -> None:
    with EmbeddedServers(folder):
        holder = json.loads((folder / "ports.json").read_text())

        refused = subprocess.run(
            [*COMMAND, "--data", str(folder), "--", "true"], cwd=ROOT, capture_output=True, text=True
        )

        assert refused.returncode == 1
        assert refused.stderr == f"Another process works in {folder}.\n"
        assert not port_is_free(holder["postgres"])


def test_the_ports_are_remembered(folder: Path) -> None:
    with EmbeddedServers(folder) as first:
        before = first.environment
    with EmbeddedServers(folder) as second:
        after = second.environment

    assert after == before


def test_lost_secrets_are_explained(folder: Path) -> None:
    with EmbeddedServers(folder, kinds=("postgres",)):
        pass
    (folder / "secrets.json").unlink()

    with pytest.raises(ServerError, match="belongs to another secrets file: `make reset` starts afresh"):
        EmbeddedServers(folder, kinds=("postgres",)).start()


def test_a_command_gets_the_environment_and_passes_on_its_exit_code() -> None:
    code = "import django, sys; django.setup(); from django.conf import settings; sys.exit(settings.LOCAL_RUN + 40)"

    done = subprocess.run(
        [*COMMAND, "--", sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
    )

    assert done.returncode == 41


def test_a_stop_while_starting_leaves_nothing_behind(folder: Path, wait_until: Wait) -> None:
    process = subprocess.Popen([*COMMAND, "--data", str(folder)], cwd=ROOT, stdout=subprocess.DEVNULL)
    assert wait_until((folder / "postgres").exists)

    process.send_signal(signal.SIGTERM)
    process.wait()

    assert wait_until(lambda: processes_naming(folder) == [])


def test_a_signal_in_the_midst_of_stopping_leaves_no_server_behind() -> None:
    code = """
import os, signal
from config import embedded

class Impatient:
    port, url = 1, ""
    def __init__(self, folder, **_): self.name = folder.name
    def start(self): pass
    def stop(self):
        os.kill(os.getpid(), signal.SIGTERM)
        print(self.name, "stopped", flush=True)

embedded.KINDS = {"postgres": Impatient, "redis": Impatient}
embedded.keep(None, ["postgres", "redis"])
"""
    kept = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )

    assert kept.stdout.splitlines()[1:] == ["redis stopped", "postgres stopped"]


def test_roots_postgresql_moves_out_of_a_folder_that_others_may_not_enter(folder: Path, closed_folder: Path) -> None:
    shelter = folder / "shelter"
    server = PostgresServer(closed_folder / "postgres", password="made-up", throwaway=True, shelter=shelter)

    server.start()

    try:
        home = shelter if os.geteuid() == 0 else closed_folder
        assert server.folder == home / "postgres"
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert oct(closed_folder.stat().st_mode)[-3:] == "700"
    finally:
        server.stop()


def test_postgresql_logs_the_hurt_constraint_but_neither_the_row_nor_the_statement(folder: Path) -> None:
    server = PostgresServer(folder / "postgres", password="made-up", throwaway=True)

    server.start()

    try:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE person (email text CONSTRAINT one_person_per_email UNIQUE)")
            connection.execute("INSERT INTO person VALUES ('anna@example.org')")
            with pytest.raises(psycopg.IntegrityError, match=r"anna@example\.org"):
                connection.execute("INSERT INTO person VALUES ('anna@example.org')")
    finally:
        server.stop()
    log = server.log.read_text()
    assert 'violates unique constraint "one_person_per_email"' in log
    assert "anna@example.org" not in log


def test_a_half_made_data_folder_is_made_again(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "PG_VERSION").write_text("18\n")  # what an interrupted initdb leaves
    server = PostgresServer(folder / "postgres", password="made-up", throwaway=True)

    server.start()

    try:
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()

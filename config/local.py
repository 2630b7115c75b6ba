"""`make run`, `make dev` and `make reset`: the whole product on this machine, in one terminal.

Servers and data first, then the processes, supervised by honcho; when one of them ends, all end. Everything that is
kept lies in `.local/` (SUKHA_LOCAL_FOLDER names another folder). No process survives the run, however it ends: see
`config/embedded.py` and `config/processes.py`.
"""

import argparse
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Thread, Timer
from types import FrameType

import psutil
from honcho.compat import ProcessManager
from honcho.manager import Manager
from honcho.printer import Message, Printer

from config.embedded import VARIABLES, EmbeddedServers, shelter_of
from config.environment import local_environment, local_secrets, read_json, write_json
from config.processes import (
    RUN_MARKER,
    Occupied,
    end,
    free_port,
    leftovers,
    locked,
    marked,
    parent_changed,
    port_is_free,
)
from config.servers import ServerError

ROOT = Path(__file__).resolve().parent.parent
LOCAL = Path(os.environ.get("SUKHA_LOCAL_FOLDER") or ROOT / ".local").resolve()
ENVIRONMENT = LOCAL / "environment.json"  # of the run, for commands beside it
DEMO_ACCOUNTS = LOCAL / "demo-accounts.txt"  # written last, so its absence means: no demo data yet
DATA = ("postgres", "redis", "mail", "sandbox.json", "secrets.json", "celerybeat-schedule", DEMO_ACCOUNTS.name)
APPS = ("accounts", "booking", "config", "core", "notifications", "payments", "scheduling", "website")
OVERRIDES = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET")
STDOUT = 1
PATIENCE = 60  # seconds for the first answer
STOPPED_ON_REQUEST = (128 + signal.SIGINT, 128 + signal.SIGTERM)  # honcho's return codes


class LocalRunError(Exception):
    """The run cannot start; the message is one sentence for the person at the terminal."""


class Log(Printer):
    """Honcho's printer, which stops the run when nobody reads it any more (`make run | head`, a closed terminal)."""

    def write(self, message: Message) -> None:
        """Print a line of a process."""
        try:
            super().write(message)
        except OSError:
            # From now on into nothing, or the first attempt to say "stopping" would break the stopping itself.
            self.output = sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - open to the end
            os.kill(os.getpid(), signal.SIGTERM)


class Stopper(ProcessManager):
    """Asks a group of processes to stop; of Celery's only the first, which then stops its own in order.

    A Celery worker whose children are stopped before it takes their tasks for lost.
    """

    def terminate(self, pid: int) -> None:
        """Send SIGTERM to the group that `pid` leads, or to `pid` alone."""
        with suppress(psutil.Error):
            leader = psutil.Process(pid)
            if any("celery" in part for part in leader.cmdline()):
                leader.terminate()
            else:
                super().terminate(pid)


class Processes(Manager):
    """Honcho's manager, safe against a signal that comes while its processes are still starting."""

    def __init__(self, port: int, box: str) -> None:
        super().__init__(Log(sys.stdout))
        self._procmgr = Stopper()
        self.port = port
        self.box = box

    def terminate(self) -> None:
        """Stop all processes, as soon as all have started: honcho cannot stop one whose process id it does not know."""
        if self._all_started():
            super().terminate()
        else:
            Timer(0.1, self.terminate).start()

    def _start(self) -> None:
        super()._start()
        # Threads only now: the processes are forked, and a fork copies no threads but may copy their locks.
        Thread(target=announce, args=(self.port, self.box), daemon=True).start()
        Thread(target=stop_when_alone, args=(os.getppid(),), daemon=True).start()


def run(port: int, *, reload: bool) -> int:
    """Run the product until it is stopped; return an exit code. Raises LocalRunError, Occupied and ServerError."""
    with locked(LOCAL / "run.lock"):
        end(leftovers(LOCAL, shelter_of(LOCAL)))  # of a run that was killed
        if not port_is_free(port):
            raise LocalRunError(f"Port {port} is in use. Stop what uses it, or take another: make run PORT={port + 1}")
        with wanted_servers() as servers:
            environment = run_environment(port, servers) | {"DEBUG": "on" if reload else "off"}
            write_json(ENVIRONMENT, {name: environment[name] for name in environment.keys() - os.environ.keys()})
            prepare_database(environment)
            processes = Processes(port, welcome(environment["SITE_URL"]))
            for name, command in commands(port, environment, reload=reload).items():
                processes.add_process(name, f"exec {shlex.join(command)}", env=environment, cwd=str(ROOT))
            try:
                processes.loop()
            finally:
                end(marked(LOCAL))
        say("Stopped.")
    return 0 if processes.returncode in STOPPED_ON_REQUEST else 1


def reset() -> int:
    """Drop the local data and load fresh demo data; return an exit code. Raises as `run` does."""
    if os.environ.get("DATABASE_URL"):
        raise LocalRunError("DATABASE_URL is set, and `make reset` touches nothing but the data in .local/.")
    with locked(LOCAL / "run.lock"):
        end(leftovers(LOCAL, shelter_of(LOCAL)))
        for path in [*(LOCAL / name for name in DATA), shelter_of(LOCAL)]:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        with wanted_servers() as servers:
            prepare_database(run_environment(8000, servers))
    say("Fresh demo data is in place. `make run` starts the product.")
    return 0


def manage_beside_the_run(arguments: list[str]) -> int:
    """Run a management command in the environment of the running product. Raises LocalRunError when none runs."""
    try:
        with locked(LOCAL / "run.lock"):
            raise LocalRunError("Sukha does not run in this folder. Start it with `make run`, then try again.")
    except Occupied:
        environment = os.environ | read_json(ENVIRONMENT)
        return subprocess.run([sys.executable, str(ROOT / "manage.py"), *arguments], env=environment).returncode


def wanted_servers() -> EmbeddedServers:
    """Return the servers that the environment does not name, with their data in `.local/`, not yet started."""
    kinds = tuple(kind for kind, variable in VARIABLES.items() if not os.environ.get(variable))
    if kinds:
        say("Starting PostgreSQL and Redis …" if len(kinds) > 1 else f"Starting {kinds[0]} …")
    return EmbeddedServers(LOCAL, kinds=kinds)


def run_environment(port: int, servers: EmbeddedServers) -> dict[str, str]:
    """Return the environment of all processes: ours, with what the caller's environment names instead."""
    ports = internal_ports()
    ours = local_environment(local_secrets(LOCAL / "secrets.json"), site_url=f"http://127.0.0.1:{port}")
    ours |= servers.environment | {
        "EMAIL_URL": f"smtp://127.0.0.1:{ports['mail']}",
        "STRIPE_API_BASE": "" if os.environ.get("STRIPE_SECRET_KEY") else f"http://127.0.0.1:{ports['sandbox']}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore:::celery.platforms",  # that root runs it; here root may
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        RUN_MARKER: str(LOCAL),
    }
    return os.environ | ours | {name: os.environ[name] for name in OVERRIDES if os.environ.get(name)}


def internal_ports() -> dict[str, int]:
    """Return the ports of the mail sink and the sandbox: those of the last run while they are free, else new ones."""
    known = read_json(LOCAL / "ports.json")
    ports = {name: free_port(known.get(name)) for name in ("mail", "sandbox")}
    write_json(LOCAL / "ports.json", known | ports)
    return ports


def prepare_database(environment: dict[str, str]) -> None:
    """Bring the schema up to date; load demo data when there is none yet. Raises LocalRunError."""
    say("Database schema …")
    manage(environment, "migrate", "--no-input")
    if not DEMO_ACCOUNTS.exists():
        say("Demo data …")
        manage(environment, "load_demo")
        DEMO_ACCOUNTS.write_text(manage(environment, "load_demo", "--print-accounts"))


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a management command and return what it printed. Raises LocalRunError with its last words."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        last_words = "\n".join((done.stdout + done.stderr).splitlines()[-12:])
        raise LocalRunError(f"manage.py {arguments[0]} failed:\n{last_words}")
    return done.stdout


def commands(port: int, environment: dict[str, str], *, reload: bool) -> dict[str, list[str]]:
    """Return the command of each process by its name in the log."""
    python = sys.executable
    ports = read_json(LOCAL / "ports.json")
    celery = [python, "-m", "celery", "--quiet", "-A", "config"]
    web = [python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    web += ["--workers", "2", "--blocking-threads", "1", "--log-level", "warning", "config.wsgi:application"]
    worker = [*celery, "worker", "--concurrency=2", "--loglevel=WARNING", "--without-gossip", "--without-mingle"]
    beat = [*celery, "beat", "--loglevel=WARNING", f"--schedule={LOCAL / 'celerybeat-schedule'}"]
    wanted = {"web": web, "worker": worker, "beat": beat}
    if environment["STRIPE_API_BASE"]:
        wanted["stripe"] = [python, "-m", "payments.sandbox", "--host", "127.0.0.1", "--port", str(ports["sandbox"])]
        wanted["stripe"] += ["--state", str(LOCAL / "sandbox.json")]
        wanted["stripe"] += ["--webhook-url", f"{environment['SITE_URL']}/stripe/webhook/"]
        wanted["stripe"] += ["--webhook-secret", environment["STRIPE_WEBHOOK_SECRET"]]
    if not os.environ.get("EMAIL_URL"):
        mailbox = ["--port", str(ports["mail"]), "--folder", str(LOCAL / "mail")]
        wanted["mail"] = [python, "-m", "config.mail_sink", *mailbox]
    return reloading(wanted) if reload else wanted


def reloading(commands: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the commands so that each restarts when its files change; with the front-end build watching too."""
    watched = [str(ROOT / app) for app in APPS]
    changed = commands | {"assets": ["npm", "run", "watch"]}
    changed["web"] = [*commands["web"], "--reload", "--access-log", "--reload-ignore-dirs", "static"]
    for folder in watched:
        changed["web"] += ["--reload-paths", folder]
    for name in {"worker", "beat", "stripe"} & commands.keys():
        changed[name] = [sys.executable, "-m", "watchfiles", "--filter=python", shlex.join(commands[name]), *watched]
    return changed


def welcome(address: str) -> str:
    """Return the framed notice that says where the product is and who can sign in."""
    lines = [
        f"Sukha is open at {address}",
        "",
        *DEMO_ACCOUNTS.read_text().splitlines(),
        "",
        "Sign in with the e-mail; the code is printed in this log.",
        "Ctrl-C stops everything.",
    ]
    width = max(map(len, lines))
    middle = [f"│  {line.ljust(width)}  │" for line in lines]
    return "\n".join(["", f"┌{'─' * (width + 4)}┐", *middle, f"└{'─' * (width + 4)}┘", ""])


def announce(port: int, box: str) -> None:
    """Print the notice once the product answers that it is ready."""
    for _ in range(PATIENCE * 4):
        if is_ready(port):
            say(box)
            return
        time.sleep(0.25)
    say(f"The product has not answered /readyz for {PATIENCE} seconds; the lines above say why.")


def is_ready(port: int) -> bool:
    """Say whether the web server answers, with the database and Redis behind it."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)  # past any proxy that the environment names
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def stop_when_alone(parent: int) -> None:
    """Stop this run when `make` or the terminal is gone, even when it was killed and could pass nothing on."""
    started_by_make = "MAKELEVEL" in os.environ
    while somebody_reads() and not (started_by_make and parent_changed(parent)):
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def somebody_reads() -> bool:
    """Say whether what we print still arrives: not when a terminal was closed, or the reader of a pipe has ended."""
    output = select.poll()
    output.register(STDOUT, 0)  # asks for nothing, and so hears of the ends only
    return not output.poll(0)


def say(text: str) -> None:
    """Print for the person at the terminal, at once."""
    print(text, flush=True)


def stop(signum: int, frame: FrameType | None) -> None:
    """Leave in order when asked to stop before the processes run; afterwards honcho answers these signals."""
    raise SystemExit(128 + signum)


def hang_up(signum: int, frame: FrameType | None) -> None:
    """Treat a closed terminal as a request to stop."""
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> int:
    """Read the command line, do what it asks, and return an exit code."""
    parser = argparse.ArgumentParser(prog="python -m config.local", description="The whole product on this machine.")
    parser.add_argument("action", choices=["run", "dev", "reset", "manage"])
    parser.add_argument("--port", default="8000")
    arguments, command = parser.parse_known_args()
    if command and arguments.action != "manage":
        parser.error(f"unknown words: {' '.join(command)}")
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, stop)
    signal.signal(signal.SIGHUP, hang_up)
    try:
        if arguments.action == "reset":
            return reset()
        if arguments.action == "manage":
            return manage_beside_the_run(command)
        return run(port_number(arguments.port), reload=arguments.action == "dev")
    except Occupied:
        say("Sukha runs already in this folder. Stop that run first (Ctrl-C in its terminal).")
    except (LocalRunError, ServerError) as error:
        say(str(error))
    return 1


def port_number(text: str) -> int:
    """Read a port from the command line. Raises LocalRunError."""
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise LocalRunError(f"PORT must be a number from 1 to 65535, not {text}.")


if __name__ == "__main__":
    sys.exit(main())

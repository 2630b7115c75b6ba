"""Set the checkout up: virtual environment, Python packages, front-end packages, front-end build.

Run by the system's Python before anything is installed, so: the standard library only, and a syntax that an old Python
can still read, or it could not say that it is too old. Each step leaves a digest of what it read in `.local/ready.json`
and is skipped as long as that stays the same; an interrupted step leaves none and is done again.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
READY = LOCAL / "ready.json"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OFFLINE = re.compile(
    "Temporary failure in name resolution|Name or service not known|NewConnectionError|NameResolutionError|"
    "Network is unreachable|Connection refused|Max retries|timed out|ProxyError|"
    "ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT"
)
ON_A_TERMINAL = sys.stdout.isatty()
asked_to_stop = []  # type: list[int]


class SetUpError(Exception):
    """The set-up cannot go on; the message is what the person at the terminal should know."""


class Step:
    """One long step: a command, the files it depends on, and what it leaves behind."""

    def __init__(self, name: str, title: str, command: "list[str]", inputs: "list[Path]", result: Path) -> None:
        self.name = name
        self.title = title
        self.command = command
        self.inputs = inputs
        self.result = result

    def digest(self) -> str:
        """Return a digest of all that the result depends on, the place included: scripts in it name the folder."""
        digest = hashlib.sha256(repr((self.command, str(ROOT), sys.version_info[:2])).encode())
        for file in sorted(self.inputs):
            digest.update(str(file.relative_to(ROOT)).encode() + b"\0")
            digest.update(file.read_bytes())
        return digest.hexdigest()


def use_a_new_enough_python() -> None:
    """Go on with a newer Python where this one is too old, or say so."""
    if sys.version_info >= OLDEST:
        return
    for name in NEWER:
        program = shutil.which(name)
        if program:
            os.execv(program, [program, *sys.argv])  # noqa: S606 - the same file, read by a newer Python
    found = ".".join(map(str, sys.version_info[:3]))
    raise SetUpError(f"Sukha needs Python 3.11 or newer; this is Python {found} ({sys.executable}).")


def set_up(only: "list[str]") -> None:
    """Do the steps that are not done yet; with names, only those."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "bootstrap.lock").open("w") as lock:
        wait_for_turn(lock.fileno())
        make_virtual_environment()
        leave_if_asked()
        # npm and what it starts look for `node` there
        os.environ["PATH"] = str(PYTHON.parent) + os.pathsep + os.environ.get("PATH", "")
        ready = known_digests()
        for step in steps():
            digest = step.digest()
            if only and step.name not in only:
                continue
            if ready.get(step.name) == digest and step.result.exists():
                continue
            ready.pop(step.name, None)
            run(step)
            ready[step.name] = digest
            READY.write_text(json.dumps(ready, indent=2) + "\n")


def wait_for_turn(lock: int) -> None:
    """Wait until no other `make` sets this folder up."""
    while True:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError:
            say("Another `make` is setting this folder up; waiting for it …", passing=True)
            time.sleep(2)
            leave_if_asked()


def steps() -> "list[Step]":
    """Return the steps after the virtual environment, in order."""
    requirements = ROOT / "requirements-dev.txt"
    packages = [ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc"]
    npm = str(PYTHON.parent / "npm")
    patience = ["--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]
    return [
        Step(
            "python",
            "Python packages",
            [
                str(PYTHON),
                "-m",
                "pip",
                "install",
                "--require-hashes",
                "--no-deps",
                "--no-input",
                "--progress-bar=off",
                "--disable-pip-version-check",
                "--retries=3",
                "-r",
                str(requirements),
            ],
            [requirements],
            PYTHON.parent / "granian",
        ),
        Step(
            "node",
            "Front-end packages",
            [npm, "ci", "--no-audit", "--no-fund", "--loglevel=http", *patience],
            packages,
            ROOT / "node_modules" / ".package-lock.json",
        ),
        Step(
            "build",
            "Front-end build",
            [npm, "run", "build", "--loglevel=error"],
            packages + front_end_sources(),
            ROOT / "website" / "static" / "build",
        ),
    ]


def front_end_sources() -> "list[Path]":
    """Return what the build reads: our sources, and every place where a style's class may be named."""
    patterns = ["website/frontend/**/*", "*/templates/**/*.html", "*/templatetags/*.py", "*/forms.py", "*/forms/*.py"]
    return [file for pattern in patterns for file in ROOT.glob(pattern) if file.is_file()]


def known_digests() -> "dict[str, str]":
    """Return the digests of the steps that are done."""
    try:
        return dict(json.loads(READY.read_text()))
    except (OSError, ValueError):
        return {}


def make_virtual_environment() -> None:
    """Make `.venv`, unless there is one that works."""
    if virtual_environment_works():
        return
    READY.unlink(missing_ok=True)
    say("Virtual environment in .venv (Python {}.{})".format(*sys.version_info[:2]))
    venv = [sys.executable, "-m", "venv", "--clear"]
    pip = [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "--quiet", "pip"]
    # Debian ships Python without the pip that `venv` would install; a pip of the system's can step in.
    for commands in ([[*venv, str(VENV)]], [[*venv, "--without-pip", str(VENV)], pip]):
        made = [subprocess.run(command, capture_output=True).returncode for command in commands]
        if not any(made):
            return
    raise SetUpError(
        "This Python cannot make a virtual environment: its `venv` module is incomplete. "
        "On Debian and Ubuntu `apt install python3-venv` completes it."
    )


def virtual_environment_works() -> bool:
    """Say whether `.venv` has a Python that runs, new enough, and was made for this folder: its scripts name it."""
    probe = f"import pip, sys; sys.exit(sys.version_info < {OLDEST!r})"
    try:
        made_here = str(PYTHON) in (PYTHON.parent / "pip").read_text()
        return made_here and subprocess.run([str(PYTHON), "-c", probe], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def run(step: Step) -> None:
    """Run a step's command, show how far it is, and keep all it said in a log."""
    log = LOCAL / "logs" / f"setup-{step.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    lines = []  # type: list[str]
    # In a session of its own, so that all that a command starts can be stopped together.
    process = subprocess.Popen(
        step.command,
        cwd=str(ROOT),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    said = process.stdout
    assert said is not None
    reader = Thread(target=lambda: lines.extend(iter(said.readline, "")), daemon=True)
    reader.start()
    try:
        watch(step, process, lines, started)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
        reader.join(timeout=5)  # not for ever: something that the command left behind may hold the pipe open
        if not reader.is_alive():
            said.close()
        log.write_text("".join(lines))
    if process.returncode != 0:
        raise SetUpError(explain(step, lines, log))
    say(f"{step.title}: done in {time.monotonic() - started:.0f} s")


def watch(step: Step, process: "subprocess.Popen[str]", lines: "list[str]", started: float) -> None:
    """Show the step's progress until its process ends: every moment on a terminal, every ten seconds in a log."""
    say(step.title + " …", passing=True)
    shown = time.monotonic()
    while process.poll() is None:
        time.sleep(0.2)
        leave_if_asked()
        if time.monotonic() - shown >= (0.5 if ON_A_TERMINAL else 10):
            shown = time.monotonic()
            say(f"{step.title} … {shown - started:.0f} s{progress(lines)}", passing=True)


def progress(lines: "list[str]") -> str:
    """Say in a few words how far a command is, from what it has printed so far."""
    seen = "".join(lines)
    collected = re.findall(r"^Collecting ([\w.-]+)", seen, re.MULTILINE)
    fetched = len(re.findall(r"^npm http fetch GET 200", seen, re.MULTILINE))
    if "Installing collected packages" in seen:
        return f", installing {len(collected)} packages"
    if collected:
        return f", {len(collected) - 1} fetched, now {collected[-1]}"
    return f", {fetched} fetched" if fetched else ""


def explain(step: Step, lines: "list[str]", log: Path) -> str:
    """Say what went wrong, from a failed command's output."""
    where = log.relative_to(ROOT)
    if OFFLINE.search("".join(lines)):
        return f"{step.title}: the registry cannot be reached. Check the network and try again. (Details: {where})"
    # npm says first what is wrong and then at length how it is used; everyone else says it last.
    telling = [line for line in lines if re.match(r"npm error .", line)][:8] or lines[-15:]
    return f"{step.title}: failed. From {where}:\n{''.join(telling).rstrip()}"


def say(text: str, passing: bool = False) -> None:
    """Print a line; on a terminal, a passing one is overwritten by the next."""
    if ON_A_TERMINAL:
        print("\r\033[K" + text, end="" if passing else "\n", flush=True)
    else:
        print(text, flush=True)


def stop(signum: int, frame: object) -> None:
    """Note that the person asks to stop. Leaving at once could lose a command that is just being started."""
    asked_to_stop.append(signum)


def leave_if_asked() -> None:
    """Leave, through the `finally` clauses, when asked to stop."""
    if asked_to_stop:
        raise SystemExit(128 + asked_to_stop[0])


def main() -> int:
    """Set up and return an exit code."""
    for asked in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(asked, stop)
    try:
        use_a_new_enough_python()
        set_up(sys.argv[1:])
    except SetUpError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

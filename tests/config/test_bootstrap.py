"""The set-up on a machine that has nothing yet."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from config import bootstrap

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "config" / "bootstrap.py"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout that the functions of `bootstrap` take for their own."""
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "LOCAL", tmp_path / ".local")
    return tmp_path


def shell_step(checkout: Path, script: str) -> bootstrap.Step:
    (checkout / "input").touch()
    return bootstrap.Step("shell", "Shell", ["/bin/sh", "-c", script], [checkout / "input"], checkout / "result")


def runs_in(group: int) -> Callable[[psutil.Process], bool]:
    """Return a condition: the process is in the group, and more than an entry that nobody has collected yet."""

    def condition(process: psutil.Process) -> bool:
        try:
            return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, OSError):
            return False

    return condition


def test_a_very_old_python_can_still_read_it() -> None:
    script = ast.parse(SCRIPT.read_text(), feature_version=(3, 6))

    assert ast.get_docstring(script, clean=False) == bootstrap.__doc__
    with pytest.raises(SyntaxError):  # control: what Python learnt later is refused
        ast.parse("if (half := 1 / 2): pass", feature_version=(3, 6))


def test_an_old_python_is_one_sentence() -> None:
    # No Python is that old here; the script is told so before it looks.
    code = f"import runpy, sys; sys.version_info = (3, 8, 18); runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"

    done = subprocess.run([sys.executable, "-c", code], env={"PATH": "/nowhere"}, capture_output=True, text=True)

    assert done.returncode == 1
    assert (done.stdout, done.stderr) == (
        f"Sukha needs Python 3.11 or newer; this is Python 3.8.18 ({sys.executable}).\n",
        "",
    )


def test_no_network_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    shutil.copy(SCRIPT, tmp_path / "config")
    (tmp_path / "requirements-dev.txt").write_text("six==1.17.0 --hash=sha256:" + "0" * 64 + "\n")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        (tmp_path / name).touch()
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull, "PATH": os.environ["PATH"]}

    done = subprocess.run(
        [sys.executable, str(tmp_path / "config" / "bootstrap.py")], env=nowhere, capture_output=True, text=True
    )

    assert done.returncode == 1
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == (
        "Python packages: the registry cannot be reached. Check the network and try again. "
        "(Details: .local/logs/setup-python.log)"
    )
    assert not (tmp_path / ".local" / "ready.json").exists()


def test_a_failed_step_shows_what_its_command_said_last(checkout: Path) -> None:
    step = shell_step(checkout, "seq 100; echo the disk is full; exit 3")

    with pytest.raises(bootstrap.SetUpError, match="Shell: failed") as failure:
        bootstrap.run(step)

    assert str(failure.value).endswith("99\n100\nthe disk is full")
    assert (checkout / ".local" / "logs" / "setup-shell.log").read_text().startswith("1\n2\n")


def test_npms_own_reason_is_shown_not_its_manual(checkout: Path) -> None:
    step = shell_step(checkout, "echo 'npm error code EUSAGE'; seq -f 'npm error' 40; exit 1")

    with pytest.raises(bootstrap.SetUpError) as failure:
        bootstrap.run(step)

    assert str(failure.value).endswith(":\nnpm error code EUSAGE")


def test_a_step_is_due_again_when_what_it_reads_changes(checkout: Path) -> None:
    step = shell_step(checkout, "true")
    before = step.digest()
    again = step.digest()

    (checkout / "input").write_text("changed")

    assert again == before
    assert step.digest() != before


def test_a_step_that_is_stopped_stops_its_command(checkout: Path, wait_until: Callable[..., bool]) -> None:
    code = (
        "from config import bootstrap; from pathlib import Path; import signal;"
        f"bootstrap.ROOT = Path({str(checkout)!r}); bootstrap.LOCAL = bootstrap.ROOT / '.local';"
        "signal.signal(signal.SIGTERM, bootstrap.stop);"
        "bootstrap.run(bootstrap.Step('shell', 'Shell', "
        "['/bin/sh', '-c', 'echo $$ > pid; sleep 600 & wait'], [], bootstrap.ROOT / 'result'))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    while not (checkout / "pid").exists() or not (checkout / "pid").read_text().strip():
        assert process.poll() is None

    process.terminate()
    process.communicate()

    group = int((checkout / "pid").read_text())
    assert wait_until(lambda: not any(map(runs_in(group), psutil.process_iter())))


def test_a_virtual_environment_that_was_copied_from_another_folder_is_not_used(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bootstrap.virtual_environment_works()
    copied = checkout / ".venv" / "bin"
    copied.mkdir(parents=True)
    (copied / "python").symlink_to(sys.executable)
    shutil.copy(bootstrap.PYTHON.parent / "pip", copied)
    monkeypatch.setattr(bootstrap, "PYTHON", copied / "python")

    assert not bootstrap.virtual_environment_works()

"""The sandbox is out of reach in production."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.payments.sandbox.running import ROOT

PACKAGES = ("accounts", "booking", "config", "core", "notifications", "payments", "scheduling", "website")


@pytest.mark.parametrize("local_run", [None, "", "false", "False", "0", "no"])
@pytest.mark.parametrize("how", [["-c", "import payments.sandbox.server"], ["-m", "payments.sandbox"]])
def test_it_cannot_be_imported_outside_the_local_run(local_run: str | None, how: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "LOCAL_RUN"}
    if local_run is not None:
        environment["LOCAL_RUN"] = local_run

    run = subprocess.run([sys.executable, *how], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=20)

    assert run.returncode == 1
    assert "refuses to run anywhere else. Set LOCAL_RUN=true in the environment to use it." in run.stderr


def test_it_can_be_imported_in_the_local_run() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "import payments.sandbox.server"],
        cwd=ROOT,
        env={**os.environ, "LOCAL_RUN": "true"},
        capture_output=True,
        text=True,
        timeout=20,
    )

    assert (run.returncode, run.stderr) == (0, "")


def project_modules() -> Iterator[Path]:
    """Every module of the project but the sandbox's own and the tests."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if path.parent != ROOT / "payments" / "sandbox" and "node_modules" not in path.parts:
                yield path


def imported_names(tree: ast.AST, package: str) -> Iterator[str]:
    """The full names of what a module imports, by statement or by `import_module`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            if called in ("import_module", "__import__", "import_string", "include"):
                yield from (str(a.value) for a in node.args if isinstance(a, ast.Constant))


def imports_sandbox(source: str, package: str) -> bool:
    """Say whether a module imports any part of the sandbox."""
    names = imported_names(ast.parse(source), package)
    return any(name == "payments.sandbox" or name.startswith("payments.sandbox.") for name in names)


def test_no_other_module_imports_it() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in project_modules()
        if imports_sandbox(path.read_text(), ".".join(path.relative_to(ROOT).parent.parts))
    ]

    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import payments.sandbox",
        "from payments import sandbox",
        "from payments.sandbox.server import Server",
        "from . import sandbox",
        "from .sandbox import server",
        "from importlib import import_module\nimport_module('payments.sandbox.server')",
    ],
)
def test_the_search_for_imports_would_find_one(source: str) -> None:
    assert imports_sandbox(source, "payments")


def test_it_imports_nothing_of_the_project_and_nothing_from_others() -> None:
    for path in (ROOT / "payments" / "sandbox").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [str(node.module)]
            assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names, path.name
            assert not (isinstance(node, ast.ImportFrom) and node.level > 1), path.name


def test_production_settings_and_urls_do_not_name_it() -> None:
    for name in ("settings.py", "urls.py", "wsgi.py"):
        assert "payments.sandbox" not in (ROOT / "config" / name).read_text()


def test_the_files_stay_readable() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in (ROOT / "payments" / "sandbox").glob("*.py")}

    assert {name: length for name, length in lengths.items() if length >= 400} == {}

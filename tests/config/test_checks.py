"""The checks that are our own: hygiene of the tracked files, and locks that fit."""

import json
from pathlib import Path

import pytest

from config.check import checks, checks_environment, run
from config.hygiene import findings
from config.locks import npm_findings, python_findings

# In pieces, so that this file passes its own test.
REGISTRY = ".".join(["https://registry", "npm" + "js", "org/htmx.org"])
CDN = ".".join(["https://cdn", "js" + "delivr", "net/npm/alpinejs"])
HOME = "/" + "home/mira/sukha"


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        (f'"resolved": "{REGISTRY}"', "line 1: address of a registry or CDN: " + "npm" + "js.org"),
        (f'<script src="{CDN}"></script>', "line 1: address of a registry or CDN: " + "js" + "delivr.net"),
        (f"cd {HOME} && make", "line 1: path of one machine: /" + "home/m"),
        ("C:\\" + "Users\\mira", "line 1: path of one machine: C:\\" + "Users\\"),
    ],
)
def test_what_ties_a_file_to_one_machine_or_stranger_is_found(tmp_path: Path, line: str, finding: str) -> None:
    file = tmp_path / "file"
    file.write_text(line + "\n")

    assert finding in findings(file)


@pytest.mark.parametrize("line", ["https://checkout.stripe.com", "/my/profile/", "path/home/x", "example.org/work/1"])
def test_ordinary_addresses_pass(tmp_path: Path, line: str) -> None:
    file = tmp_path / "file"
    file.write_text(line + "\n")

    assert findings(file) == []


def test_a_binary_file_passes(tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(b"\x89PNG\r\n\xff" + HOME.encode())

    assert findings(file) == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project whose locks fit."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndependencies = ["Django>=5.2,<5.3"]\n'
        '[dependency-groups]\nlocal = ["honcho>=2"]\ndev = [{ include-group = "local" }, "ruff"]\n'
    )
    (tmp_path / "requirements.txt").write_text("django==5.2.19 \\\n    --hash=sha256:00\n")
    (tmp_path / "requirements-dev.txt").write_text("django==5.2.19 \\\nhoncho==2.0.0 \\\nruff==0.17.6 \\\n")
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {"esbuild": "0.28.2"}}))
    write_npm_lock(tmp_path, {"node_modules/@esbuild/linux-x64": {}})
    return tmp_path


def write_npm_lock(project: Path, platforms: dict[str, dict[str, str]]) -> None:
    packages = {
        "": {"dependencies": {"esbuild": "0.28.2"}},
        "node_modules/esbuild": {"optionalDependencies": {"@esbuild/linux-x64": "0.28.2"}},
    }
    (project / "package-lock.json").write_text(json.dumps({"packages": packages | platforms}))


def test_locks_that_fit_pass(project: Path) -> None:
    assert python_findings(project) + npm_findings(project) == []


def test_a_package_that_no_lock_holds_is_found(project: Path) -> None:
    (project / "requirements-dev.txt").write_text("django==5.2.19\nruff==0.17.6\n")

    assert python_findings(project) == ["honcho is not in requirements-dev.txt"]


def test_a_version_outside_the_wish_is_found(project: Path) -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        file = project / name
        file.write_text(file.read_text().replace("5.2.19", "6.0"))

    assert python_findings(project) == [
        f"Django is 6.0 in {name}, but pyproject.toml asks for <5.3,>=5.2"
        for name in ("requirements.txt", "requirements-dev.txt")
    ]


def test_locks_that_disagree_are_found(project: Path) -> None:
    (project / "requirements.txt").write_text("django==5.2.18\n")

    assert python_findings(project) == ["django is 5.2.18 in requirements.txt, but 5.2.19 in requirements-dev.txt"]


def test_another_wish_in_package_json_is_found(project: Path) -> None:
    (project / "package.json").write_text(json.dumps({"dependencies": {"esbuild": "0.29.0"}}))

    assert npm_findings(project) == ["dependencies in package-lock.json differ"]


def test_an_npm_lock_for_one_platform_only_is_found(project: Path) -> None:
    write_npm_lock(project, {})

    assert npm_findings(project) == [
        "@esbuild/linux-x64, which esbuild needs on some platform, is not in package-lock.json"
    ]


def test_the_check_of_the_signals_reads_the_table_without_servers() -> None:
    outside = {name: value for name, value in checks_environment().items() if not name.startswith("PYTEST_")}

    result = run("signal wiring", checks()["signal wiring"], outside)

    assert result.passed, result.output
    assert "1 passed" in result.output

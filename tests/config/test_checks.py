"""The checks that are our own: hygiene of the tracked files, and locks that fit."""

import json
from pathlib import Path

import pytest

from config.check import checks, checks_environment, run
from config.hygiene import KNOWN, findings
from config.locks import npm_findings, python_findings

# A stranger's host of each ending, and paths of each kind with what is shown of them. They are put together here:
# written out, they would be found in this file.
FOLDERS = ["Users", "Volumes", "builds", "home", "mnt", "root", "work", "workspace", "workspaces"]
STRANGERS = [f"cdn.stranger.{ending}" for ending in ("cn", "com", "dev", "io", "net", "org", "sh")]
PATHS = [(f"/{folder}/mira/sukha", f"/{folder}/m") for folder in FOLDERS]
PATHS += [(f"C:\\{folder}\\mira", f"C:\\{folder}\\") for folder in FOLDERS]


def findings_in(tmp_path: Path, line: str) -> list[str]:
    file = tmp_path / "file"
    file.write_text(f"first line\n{line}\n")
    return findings(file)


@pytest.mark.parametrize(
    "line",
    [
        '<script src="https://{}/npm/alpinejs"></script>',
        '<link href="//{}/style.css">',
        "index-url = {}/simple",
        "See {}.",
        "https://mira:secret@{}:8443/",
        "https://{}@example.org/",
        "next=https%3A%2F%2F{}%2Fnpm",
        r"https:\/\/{}\/npm",
        "deb http://{}/debian stable main",
    ],
)
def test_the_host_of_a_stranger_is_found_however_it_is_written(tmp_path: Path, line: str) -> None:
    for host in STRANGERS:
        assert findings_in(tmp_path, line.format(host)) == [f"line 2: address of a stranger: {host}"]
        assert findings_in(tmp_path, line.format(host.upper())) == [f"line 2: address of a stranger: {host}"]


@pytest.mark.parametrize("ending", ["cloud", "run", "museum"])
def test_in_an_address_every_ending_is_a_hosts(tmp_path: Path, ending: str) -> None:
    host = f"stranger.{ending}"

    for address in (f"https://{host}/simple", f"https://mira:secret@{host}:8443/"):
        assert findings_in(tmp_path, address) == [f"line 2: address of a stranger: {host}"]
    assert findings_in(tmp_path, f"{host}()") == []


@pytest.mark.parametrize("known", KNOWN)
def test_a_stranger_who_borrows_a_known_name_is_found(tmp_path: Path, known: str) -> None:
    for host in (f"cdn.not{known}", f"{known}.{STRANGERS[0]}"):
        assert findings_in(tmp_path, f"https://{host}/") == [f"line 2: address of a stranger: {host}"]


@pytest.mark.parametrize(("path", "shown"), PATHS)
def test_a_path_of_one_machine_is_found(tmp_path: Path, path: str, shown: str) -> None:
    for line in ("cd {} && make", 'ROOT = "{}"', "{}"):
        assert findings_in(tmp_path, line.format(path)) == [f"line 2: path of one machine: {shown}"]


def test_an_address_in_the_npm_lock_is_found_even_of_somebody_known(tmp_path: Path) -> None:
    line = '      "resolved": "https://example.org/htmx.tgz",'

    assert findings_in(tmp_path, line) == ['line 2: address in the npm lock:       "resolved": "h']


@pytest.mark.parametrize("line", ["path/{}/x", "example.org/{}/1", "./{}/x", "/{}", "/my/{}/"])
def test_ordinary_folders_and_addresses_pass(tmp_path: Path, line: str) -> None:
    assert [findings_in(tmp_path, line.format(folder)) for folder in FOLDERS] == [[]] * len(FOLDERS)


@pytest.mark.parametrize(
    "line",
    [
        "https://checkout.stripe.com",
        "mira@example.org",
        "http://127.0.0.1:8000",
        "subprocess.run(entry.js)",
        "clinic.organisation",
    ],
)
def test_known_hosts_and_names_with_dots_pass(tmp_path: Path, line: str) -> None:
    assert findings_in(tmp_path, line) == []


def test_a_binary_file_passes(tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(b"\x89PNG\r\n\xff" + PATHS[0][0].encode())

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

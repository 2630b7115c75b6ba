"""Say whether the lock files still fit what pyproject.toml and package.json ask for; needs no network."""

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
GROUPS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")


def python_findings(root: Path) -> list[str]:
    """Return what pyproject.toml asks for and a Python lock does not hold, or not in an allowed version."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"]
    developers = group(project["dependency-groups"], "dev")
    everything = pinned(root / "requirements-dev.txt")
    found = unmet("requirements.txt", wanted, pinned(root / "requirements.txt"))
    found += unmet("requirements-dev.txt", wanted + developers, everything)
    for name, version in pinned(root / "requirements.txt").items():
        if everything.get(name) != version:
            found.append(f"{name} is {version} in requirements.txt, but {everything.get(name)} in requirements-dev.txt")
    return found


def group(groups: dict[str, list[Any]], name: str) -> list[str]:
    """Return the requirements of a dependency group, with those of the groups that it includes (PEP 735)."""
    flat: list[str] = []
    for entry in groups[name]:
        flat += group(groups, entry["include-group"]) if isinstance(entry, dict) else [entry]
    return flat


def pinned(lock: Path) -> dict[str, str]:
    """Return the version of each package in a Python lock."""
    return {canonicalize_name(name): version for name, version in PINNED.findall(lock.read_text())}


def unmet(lock: str, wanted: list[str], versions: dict[str, str]) -> list[str]:
    """Return a sentence for each requirement that the lock's versions do not meet."""
    found = []
    for requirement in map(Requirement, wanted):
        version = versions.get(canonicalize_name(requirement.name))
        if version is None:
            found.append(f"{requirement.name} is not in {lock}")
        elif not requirement.specifier.contains(Version(version), prereleases=True):
            found.append(
                f"{requirement.name} is {version} in {lock}, but pyproject.toml asks for {requirement.specifier}"
            )
    return found


def npm_findings(root: Path) -> list[str]:
    """Return where package-lock.json differs from package.json, or lacks what another platform needs."""
    wanted = json.loads((root / "package.json").read_text())
    locked = json.loads((root / "package-lock.json").read_text())["packages"]
    found = [f"{name} in package-lock.json differ" for name in GROUPS if wanted.get(name) != locked[""].get(name)]
    held = {path.rpartition("node_modules/")[2] for path in locked}
    # npm leaves out an optional package that it cannot find, and then refuses its own lock in `npm ci`.
    return found + [
        f"{name}, which {path.rpartition('node_modules/')[2]} needs on some platform, is not in package-lock.json"
        for path, package in locked.items()
        for name in package.get("optionalDependencies", {})
        if name not in held
    ]


def main() -> int:
    """Print all findings and return an exit code."""
    found = python_findings(ROOT) + npm_findings(ROOT)
    print("\n".join([*found, "`make lock` writes the locks anew."] if found else []))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

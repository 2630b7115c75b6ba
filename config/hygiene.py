"""Find what no tracked file may hold: addresses of strangers, and paths of somebody's machine.

Where packages come from is each machine's own configuration, pages load nothing from strangers (package registries and
CDNs above all), and a path like a home folder works on one machine only.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent

# Every host is a stranger, but for these and what is beneath them.
KNOWN = (
    *("example", "example.com", "example.net", "example.org", "invalid", "localhost", "test"),  # nobody's (RFC 2606)
    "stripe.com",  # takes the payments
    "w3.org",  # names the vocabularies of SVG and XML
    *("github.com", "opencollective.com"),  # where npm's lock says that a package may be supported
    "htmx.org",  # no host here, but a package's name
)
# What ends like this is taken for a host wherever it stands; in an address every name is one.
ENDINGS = ("cn", "com", "dev", "io", "net", "org", "sh")
HOSTS = (
    re.compile(r"://(?:[^\s/@]*@)?((?:[\w-]+\.)+[a-z]{2,})"),
    re.compile(rf"(?<![\w-])((?:[\w-]+\.)+(?:{'|'.join(ENDINGS)}))(?![a-z0-9])"),
)
# The folders in which people and build machines keep their own.
FOLDERS = ("Users", "Volumes", "builds", "home", "mnt", "root", "work", "workspace", "workspaces")
PATH = re.compile(r"(?<![\w./-])/(?:{0})/\w|[A-Z]:\\(?:{0})\\".format("|".join(FOLDERS)))
RESOLVED = re.compile(r'^ *"resolved": ".')  # at a line's begin, as npm writes it


def tracked_files(root: Path) -> list[Path]:
    """Return the files that git tracks, and new ones that it does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    return [root / name for name in listed.split("\0") if name and (root / name).is_file()]


def findings(file: Path) -> list[str]:
    """Return what is wrong in a file, a sentence with line number for each; nothing for a binary file."""
    try:
        lines = file.read_text().splitlines()
    except UnicodeDecodeError:
        return []
    return [f"line {number}: {fault}" for number, line in enumerate(lines, start=1) for fault in faults(line)]


def faults(line: str) -> Iterator[str]:
    """Yield what a line may not hold."""
    named = unquote(line).lower()
    for host in dict.fromkeys(host for pattern in HOSTS for host in pattern.findall(named)):
        if not any(host == known or host.endswith(f".{known}") for known in KNOWN):
            yield f"address of a stranger: {host}"
    if path := PATH.search(line):
        yield f"path of one machine: {path[0]}"
    if resolved := RESOLVED.search(line):
        yield f"address in the npm lock: {resolved[0]}"


def main() -> int:
    """Print all findings and return an exit code."""
    found = [f"{file.relative_to(ROOT)}, {finding}" for file in tracked_files(ROOT) for finding in findings(file)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

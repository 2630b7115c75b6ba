"""Find what no tracked file may hold: addresses of package registries and CDNs, and paths of somebody's machine.

Where packages come from is each machine's own configuration, pages load nothing from strangers, and a path like a home
folder works on one machine only.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# In pieces, or this file would be the first to be found.
HOSTS = [
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("yarnpkg", "com"),
    ("unpkg", "com"),
    ("jsdelivr", "net"),
    ("cdnjs", "com"),
    ("cloudflare", "com"),
    ("googleapis", "com"),
    ("gstatic", "com"),
    ("esm", "sh"),
    ("skypack", "dev"),
    ("bootstrapcdn", "com"),
    ("debian", "org/debian"),
]
FORBIDDEN = {
    "address of a registry or CDN": re.compile(
        r"(?<![\w-])(?:{})".format("|".join(re.escape(".".join(parts)) for parts in HOSTS)), re.IGNORECASE
    ),
    "path of one machine": re.compile(r"(?<![\w./-])(?:/(?:home|Users|root|work)/\w|[A-Z]:\\Users\\)"),
    "address in the npm lock": re.compile(r'^ *"resolved": ".'),  # at a line's begin, as npm writes it
}


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
    return [
        f"line {number}: {what}: {found[0]}"
        for number, line in enumerate(lines, start=1)
        for what, pattern in FORBIDDEN.items()
        if (found := pattern.search(line))
    ]


def main() -> int:
    """Print all findings and return an exit code."""
    found = [f"{file.relative_to(ROOT)}, {finding}" for file in tracked_files(ROOT) for finding in findings(file)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

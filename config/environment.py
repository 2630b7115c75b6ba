"""The environment that the settings read, for every place that is not production: local run, tests, checks, bench."""

import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

GENERATED: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "ENCRYPTION_KEYS": lambda: urlsafe_b64encode(secrets.token_bytes(32)).decode(),  # the form of a Fernet key
    "STRIPE_SECRET_KEY": lambda: f"sk_test_sandbox_{secrets.token_hex(12)}",  # the sandbox takes no other keys
    "STRIPE_WEBHOOK_SECRET": lambda: f"whsec_{secrets.token_hex(16)}",
    "POSTGRES_PASSWORD": lambda: secrets.token_hex(16),
    "REDIS_PASSWORD": lambda: secrets.token_hex(16),
}


def local_secrets(file: Path | None = None) -> dict[str, str]:
    """Return a secret for each name in GENERATED; with a file, the same ones the next time."""
    known = read_json(file) if file else {}
    complete = {name: known.get(name) or generate() for name, generate in GENERATED.items()}
    if file and complete != known:
        write_json(file, complete)
    return complete


def read_json(file: Path) -> dict[str, Any]:
    """Return the object in a JSON file, or an empty one when there is no such file or it is damaged."""
    try:
        return dict(json.loads(file.read_text()))
    except (OSError, ValueError):
        return {}


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Write a JSON file that only its owner can read, in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.replace(file)


def local_environment(known: dict[str, str], *, site_url: str = "http://127.0.0.1:8000") -> dict[str, str]:
    """Return what the settings need besides DATABASE_URL, REDIS_URL and the addresses of the other processes.

    `known` are the secrets from `local_secrets`.
    """
    return {
        "LOCAL_RUN": "on",
        "SITE_URL": site_url,
        "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
        "EMAIL_URL": "smtp://127.0.0.1:1025",
        "DEFAULT_FROM_EMAIL": "Sukha Back Clinic <hello@sukha.example>",
        "CLINIC_PHONE": "+49 30 5550199",
        "CLINIC_EMAIL": "hello@sukha.example",
        "CLINIC_ADDRESS": "Parkweg 12\n10115 Berlin",
        "LOG_FORMAT": "text",
        **{
            name: known[name]
            for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET")
        },
    }


def production_environment() -> dict[str, str]:
    """Return the environment of an imaginary site in production, with throwaway secrets, for checks without servers."""
    known = local_secrets()
    return local_environment(known, site_url="https://clinic.example") | {
        "LOCAL_RUN": "off",
        "ALLOWED_HOSTS": "clinic.example",
        "DATABASE_URL": f"postgres://sukha:{known['POSTGRES_PASSWORD']}@127.0.0.1:1/sukha",
        "REDIS_URL": f"redis://:{known['REDIS_PASSWORD']}@127.0.0.1:1/0",
        "STRIPE_SECRET_KEY": known["STRIPE_SECRET_KEY"].replace("test", "live"),
        "LOG_FORMAT": "json",
    }

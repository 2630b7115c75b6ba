"""What must not be readable in the database or a backup: sessions, sign-in codes, health data.

Fernet (AES-128-CBC with HMAC) under `ENCRYPTION_KEYS`: the first key encrypts, all of them decrypt, so keys can be
rotated by putting a new one in front.
"""

import json
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def encrypt(text: str) -> str:
    """Return `text` sealed under the newest key, as printable ASCII."""
    return _keys().encrypt(text.encode()).decode()


def decrypt(sealed: str) -> str:
    """Return the text behind `encrypt`. Raises cryptography.fernet.InvalidToken when no key fits."""
    return _keys().decrypt(sealed.encode()).decode()


def is_key(text: str) -> bool:
    """Whether this is a Fernet key: 32 bytes in URL-safe Base64."""
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


class EncryptedSessionSerializer:
    """Sessions hold sign-in codes while they wait to be typed in; nobody who reads the table may use one."""

    def dumps(self, obj: Any) -> bytes:
        return _keys().encrypt(json.dumps(obj, separators=(",", ":")).encode())

    def loads(self, data: bytes) -> Any:
        try:
            return json.loads(_keys().decrypt(data))
        except InvalidToken:  # a key that was retired: the visitor starts with an empty session
            return {}


@cache
def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])

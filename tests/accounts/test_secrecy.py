"""Sign-in codes are stored readable nowhere, so no member of staff and no backup can use one."""

import re
import zlib
from base64 import urlsafe_b64decode

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts import encryption
from accounts.adapter import MFAAdapter
from tests.accounts.conftest import AskForCode, Mails
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def everything_in_the_database() -> str:
    """Every value of every column of every table that can hold text, sessions unpacked as far as anyone can."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND data_type NOT LIKE 'timestamp%%' AND data_type <> 'date'
            """
        )
        values = []
        for table, column in cursor.fetchall():
            cursor.execute(f'SELECT "{column}"::text FROM "{table}" WHERE "{column}" IS NOT NULL')  # noqa: S608
            values += [value for (value,) in cursor.fetchall()]
        cursor.execute("SELECT session_data FROM django_session")
        values += [unpacked(data) for (data,) in cursor.fetchall()]
    return "\n".join(values)


def unpacked(session_data: str) -> str:
    """What stands in a session for whoever reads the table: Django signs and compresses it, which hides nothing."""
    payload = session_data.removeprefix(".").split(":")[0]
    content = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    return (zlib.decompress(content) if session_data.startswith(".") else content).decode()


def everything_in_redis() -> str:
    client = cache._cache.get_client()  # type: ignore[attr-defined]
    values = [key + b" " + (client.dump(key) or b"") for key in client.scan_iter("*")]
    return b"\n".join(values).decode("latin-1")


def stands_in(code: str, content: str) -> bool:
    first, last = code.split(" ")
    return re.search(rf"(?<!\d){first}[ -]?{last}(?!\d)", content) is not None


def test_a_sign_in_code_stands_readable_in_no_table_and_not_in_redis(ask_for_code: AskForCode) -> None:
    code = ask_for_code("known@example.org")

    assert not stands_in(code, everything_in_the_database())
    assert not stands_in(code, everything_in_redis())


def test_control_with_djangos_own_serializer_the_code_can_be_read(ask_for_code: AskForCode, settings: Settings) -> None:
    settings.SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"

    code = ask_for_code("known@example.org")

    assert stands_in(code, everything_in_the_database())


def test_the_code_for_a_new_address_stands_readable_nowhere_either(client: Client, mails: Mails) -> None:
    client.force_login(UserFactory())

    client.post("/accounts/email/", {"email": "new@example.org", "action_add": ""})

    assert mails.due[-1].kind == "email_confirmation"
    assert not stands_in(mails.last_code, everything_in_the_database())
    assert not stands_in(mails.last_code, everything_in_redis())


def test_the_secrets_of_the_second_step_are_sealed() -> None:
    sealed = MFAAdapter().encrypt("JBSWY3DPEHPK3PXP")

    assert "JBSWY3DPEHPK3PXP" not in sealed
    assert MFAAdapter().decrypt(sealed) == "JBSWY3DPEHPK3PXP"


def test_a_session_under_a_retired_key_is_an_empty_one(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.force_login(UserFactory())
    other = encryption.MultiFernet([encryption.Fernet(encryption.Fernet.generate_key())])
    monkeypatch.setattr(encryption, "_keys", lambda: other)

    answer = client.get("/my/profile/")

    assert answer["Location"] == "/accounts/login/?next=/my/profile/"


def test_a_password_is_kept_as_a_slow_hash_only() -> None:
    user = get_user_model().objects.create_user("known@example.org", "correct horse battery")

    assert user.password.startswith("pbkdf2_sha256$")

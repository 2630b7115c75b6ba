"""API tokens: shown once, kept as a digest, revoked one by one."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import ApiToken, User
from tests.api.client import DescribedClient
from tests.factories import PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


def create_token(*arguments: str) -> str:
    out = StringIO()
    call_command("create_token", *arguments, stdout=out)
    return out.getvalue().strip()


def status_with(token: str) -> int:
    client = DescribedClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return int(client.get("/api/v1/bookings/").status_code)


@pytest.fixture
def user() -> User:
    return UserFactory(email="known@example.org")


def test_each_call_makes_a_token_that_works(user: User) -> None:
    first, second = create_token("known@example.org"), create_token("KNOWN@example.org")

    assert first != second
    assert [status_with(first), status_with(second)] == [200, 200]
    assert set(ApiToken.objects.values_list("user", flat=True)) == {user.pk}


@pytest.mark.usefixtures("user")
def test_the_database_does_not_hold_what_opens_the_api() -> None:
    token = create_token("known@example.org", "--name", "calendar")

    row = ApiToken.objects.values().get()
    assert token not in str(row)
    assert status_with(row["digest"]) == 401


def test_a_revoked_token_opens_nothing_and_another_one_still_does() -> None:
    """With a patient and without: those are two queries."""
    PatientFactory(account=UserFactory(email="patient@example.org"), is_account_holder=True)
    UserFactory(email="desk@example.org")
    for email in ("patient@example.org", "desk@example.org"):
        lost, kept = create_token(email), create_token(email)
        number = ApiToken.objects.get(digest=ApiToken.digest_of(lost)).pk

        said = create_token(email, "--revoke", str(number))

        assert said == f"Token {number} is revoked."
        assert (status_with(lost), status_with(kept)) == (401, 200)


@pytest.mark.usefixtures("user")
def test_only_a_token_of_the_account_is_revoked_and_only_once() -> None:
    UserFactory(email="other@example.org")
    token = create_token("known@example.org")
    number = str(ApiToken.objects.get().pk)

    with pytest.raises(CommandError, match=f"has no token {number} that still works"):
        create_token("other@example.org", "--revoke", number)
    assert status_with(token) == 200

    create_token("known@example.org", "--revoke", number)
    with pytest.raises(CommandError, match=f"has no token {number} that still works"):
        create_token("known@example.org", "--revoke", number)


def test_the_list_tells_tokens_apart_without_showing_them(user: User) -> None:
    made = datetime(2026, 11, 22, 9, tzinfo=UTC)
    old, new = (ApiToken.objects.create(user=user, digest=name, name=name, created_at=made) for name in ("till", ""))
    create_token("known@example.org", "--revoke", str(old.pk))
    ApiToken.objects.filter(pk=old.pk).update(revoked_at=made)

    listed = create_token("known@example.org", "--list")

    assert listed.splitlines() == [
        f"{old.pk}  made 2026-11-22  revoked 2026-11-22  till",
        f"{new.pk}  made 2026-11-22  works",
    ]


def test_an_unknown_address_is_named_in_a_clear_sentence() -> None:
    with pytest.raises(CommandError, match=r"There is no account with the address nobody@example\.org\."):
        create_token("nobody@example.org")


def test_a_switched_off_account_gets_no_token() -> None:
    UserFactory(email="gone@example.org", is_active=False)

    with pytest.raises(CommandError, match="switched off"):
        create_token("gone@example.org")


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize(("name", "answer"), [("two\nlines", "on one line"), ("x" * 101, "at most 100 characters")])
def test_a_name_that_no_list_could_show_is_refused(name: str, answer: str) -> None:
    with pytest.raises(CommandError, match=answer):
        create_token("known@example.org", "--name", name)


@pytest.mark.django_db(transaction=True)
def test_tokens_from_before_go_on_working_and_are_readable_no_more(user: User) -> None:
    call_command("migrate", "accounts", "0004", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE authtoken_token (key varchar(40), created timestamptz, user_id bigint)")
        cursor.execute("INSERT INTO authtoken_token VALUES ('0123456789abcdef', now(), %s)", [user.pk])

    call_command("migrate", "accounts", verbosity=0)

    assert status_with("0123456789abcdef") == 200
    assert "authtoken_token" not in connection.introspection.table_names()

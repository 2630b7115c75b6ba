from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from rest_framework.authtoken.models import Token

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def create_token(email: str) -> str:
    out = StringIO()
    call_command("create_token", email, stdout=out)
    return out.getvalue().strip()


def test_the_command_makes_a_token_once_and_prints_it_again() -> None:
    user = UserFactory(email="known@example.org")

    first, second = create_token("known@example.org"), create_token("KNOWN@example.org")

    assert first == second == Token.objects.get(user=user).key


def test_an_unknown_address_is_named_in_a_clear_sentence() -> None:
    with pytest.raises(CommandError, match=r"There is no account with the address nobody@example\.org\."):
        create_token("nobody@example.org")


def test_a_switched_off_account_gets_no_token() -> None:
    UserFactory(email="gone@example.org", is_active=False)

    with pytest.raises(CommandError, match="switched off"):
        create_token("gone@example.org")

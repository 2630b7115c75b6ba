from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import ApiToken, User
from accounts.operations import issue_token, revoke_token


class Command(BaseCommand):
    help = "Makes an API token for an account and prints it, this once; or lists or revokes the account's tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the account's e-mail address")
        parser.add_argument("--name", default="", help="what the token is for, to tell it from others")
        other = parser.add_mutually_exclusive_group()
        other.add_argument("--list", action="store_true", help="list the account's tokens, the newest last")
        other.add_argument("--revoke", type=int, metavar="NUMBER", help="end the token of this number in the list")

    def handle(self, *args: Any, email: str, name: str, revoke: int | None, **options: Any) -> None:
        try:
            user = User.objects.get_by_natural_key(email)
        except User.DoesNotExist:
            raise CommandError(f"There is no account with the address {email}.") from None
        if options["list"]:
            self._list(user)
        elif revoke is not None:
            self._revoke(user, revoke)
        else:
            self._make(user, name)

    def _make(self, user: User, name: str) -> None:
        if not user.is_active:
            raise CommandError(f"The account {user.email} is switched off, so a token would not work.")
        try:
            ApiToken._meta.get_field("name").clean(name, None)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(issue_token(user=user, name=name))

    def _list(self, user: User) -> None:
        for token in user.api_tokens.order_by("id"):
            state = f"revoked {token.revoked_at:%Y-%m-%d}" if token.revoked_at else "works"
            self.stdout.write(f"{token.pk}  made {token.created_at:%Y-%m-%d}  {state}  {token.name}".rstrip())

    def _revoke(self, user: User, number: int) -> None:
        if not revoke_token(user=user, token_id=number):
            raise CommandError(f"The account {user.email} has no token {number} that still works.")
        self.stdout.write(f"Token {number} is revoked.")

"""manage.py load_demo: a believable clinic in an empty database."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from website import demo


class Command(BaseCommand):
    help = "Fill an empty database with an invented clinic, for trying out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--print-accounts", action="store_true", help="only list the accounts to sign in with")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["print_accounts"]:
            for role, email in demo.ACCOUNTS:
                self.stdout.write(f"{role:<12}{email}")
            return
        if not settings.LOCAL_RUN:
            raise CommandError("Demo data is for the local run; this is a production configuration.")
        if User.objects.exists():
            raise CommandError("There are accounts already; demo data goes into an empty database only.")
        demo.load()
        self.stdout.write("The demo clinic is in place.")

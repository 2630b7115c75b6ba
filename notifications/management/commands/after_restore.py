from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from core.errors import DomainError
from notifications.models import Message
from notifications.operations import void_after_restore


class Command(BaseCommand):
    help = "After the database was restored, before anything else starts: keeps mails from going out a second time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--stopped-at",
            required=True,
            metavar="TIME",
            help="when the old system stopped, such as 2026-11-22T14:30 on the clinic's clock; rather too late than "
            "too early, and `now` when nobody knows",
        )

    def handle(self, *args: Any, stopped_at: str, **options: Any) -> None:
        try:
            voided = void_after_restore(stopped_at=_instant(stopped_at))
        except DomainError as error:
            raise CommandError(str(error)) from None
        waiting = Message.objects.filter(state=Message.State.QUEUED).count()
        self.stdout.write(f"Not sent again: {voided}. Still to be sent when due: {waiting}.")


def _instant(words: str) -> datetime:
    if words == "now":
        return clock.now()
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        raise CommandError(f"{words} is no time. Write it like 2026-11-22T14:30.") from None
    return moment if moment.tzinfo else clock.instant_of(moment.date(), moment.time())

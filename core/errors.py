"""The one family of errors that the business raises."""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """Something that the rules refuse, in a sentence that tells the reader what to do next.

    `code` is stable and meant for programs, `message` is meant for people, `status` is the HTTP status of the answer,
    `retry_after` the seconds after which trying again may help. A page shows the message; the API answers with a
    problem document (RFC 9457), which holds the `members` as well.
    """

    code: ClassVar[str] = "refused"
    message: ClassVar[str | Promise] = _("This cannot be done.")
    status: ClassVar[int] = 409
    retry_after: ClassVar[int | None] = None

    def __init__(self, **details: Any) -> None:
        self.details = details
        super().__init__(self.code)

    @property
    def members(self) -> dict[str, Any]:
        """What a program needs to know beside the sentence, as plain values by name."""
        return {}

    def __str__(self) -> str:
        return str(self.message) % self.details if self.details else str(self.message)


class InvalidInput(DomainError):
    """The input itself is wrong; trying again unchanged cannot help."""

    code = "invalid_input"
    status = 422

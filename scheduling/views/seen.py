"""What the page showed: the revision of a class, as its form brings it back."""

import re

from django.http import HttpRequest

REVISION = re.compile(r"[0-9]{1,9}")


def revision_seen(request: HttpRequest) -> int | None:
    """The revision that the form was made for; None where it does not say so."""
    seen = request.POST.get("revision", "")
    return int(seen) if REVISION.fullmatch(seen) else None

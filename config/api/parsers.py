"""Reading what the API is sent: JSON of a sensible size."""

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

MOST_BYTES = 64 * 1024  # the longest request that means something has a few hundred


class TooLarge(APIException):
    status_code = 413
    default_detail = _("This is too much for one request. Please send at most 64 KB.")
    default_code = "too_large"


class SmallJSONParser(JSONParser):
    """JSON up to 64 KB; what is longer or nested without end is refused before it costs memory or a stack overflow.

    So is what cannot be written as UTF-8, the names of members included.
    """

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        meta = (parser_context or {})["request"].META
        if int(meta.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise TooLarge()
        try:
            parsed = super().parse(stream, media_type, parser_context)
            json.dumps(parsed, ensure_ascii=False).encode()
        except RecursionError:
            raise ParseError(str(_("This JSON is nested too deeply."))) from None
        except UnicodeEncodeError:  # half of a pair, such as "\ud800": neither the database nor an answer can hold it
            raise ParseError(str(_("This JSON holds a character that does not exist (half of a pair)."))) from None
        return parsed

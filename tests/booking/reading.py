"""Reading pages as people do: the words in the main part, and where the buttons lead."""

import html
import re
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

SILENT = re.compile(r"<(script|style|template|svg)\b.*?</\1>", re.DOTALL)
INLINE = re.compile(r"</?(?:a|b|em|span|strong|time)\b[^>]*>")
TAG = re.compile(r"<[^>]+>")


def words(page: Any) -> str:
    """The visible words between the header and the footer, messages included, with single (breaking) spaces."""
    body = page.content.decode().partition('<footer class="site-footer"')[0]
    return _words(body[max(body.find('<div class="messages"'), 0) :])


def buttons(page: Any) -> list[str]:
    """The words of the page's main action, which there is at most one of."""
    found = re.findall(
        r'<(?:a|button)[^>]*class="btn btn-primary[^>]*>(.*?)</(?:a|button)>', page.content.decode(), re.S
    )
    return [_words(each) for each in found]


def without_writing(act: Any) -> Any:
    """Return what `act` returns; it must not have written a row."""
    with CaptureQueriesContext(connection) as queries:
        answer = act()
    written = [query["sql"] for query in queries if not query["sql"].lstrip("(").upper().startswith("SELECT")]
    assert written == []
    return answer


def _words(part: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(TAG.sub(" ", INLINE.sub("", SILENT.sub(" ", part))))).strip()

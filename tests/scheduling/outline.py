"""What a screen reader's list of headings says."""

import html
import re
from itertools import pairwise

HEADING = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")


def headings(page: str) -> list[tuple[int, str]]:
    """The levels and words of all headings in order."""
    return [
        (int(level), re.sub(r"\s+", " ", html.unescape(TAG.sub("", words))).strip())
        for level, words in HEADING.findall(page)
    ]


def skips_no_level(page: str) -> bool:
    """Whether no heading is more than one level below the heading before it."""
    levels = [level for level, _words in headings(page)]
    return levels[0] == 1 and all(next_one <= level + 1 for level, next_one in pairwise(levels))

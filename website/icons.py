"""Icons from lucide, as the front-end build collected them from the names that templates use."""

import json
from functools import cache
from pathlib import Path

from django.conf import settings

BUILT = Path(__file__).parent / "static" / "build" / "icons.json"


class UnknownIcon(LookupError):
    """The build does not hold this icon: misspelt, or the build is older than the template."""

    def __init__(self, name: str) -> None:
        super().__init__(f'There is no icon "{name}" in {BUILT.name}. Check the name, then run `npm run build`.')


def icon_paths(name: str) -> str:
    """The inside of the icon's svg element. Raises UnknownIcon."""
    changed_at = BUILT.stat().st_mtime_ns if settings.DEBUG and BUILT.exists() else 0
    try:
        return _icons(changed_at)[name]
    except KeyError:
        raise UnknownIcon(name) from None


@cache
def _icons(changed_at: int) -> dict[str, str]:
    """All icons; read anew when the file changes while developing."""
    return json.loads(BUILT.read_text(encoding="utf-8")) if BUILT.exists() else {}

"""How Unfold's admin looks: the clinic's name and mark, and the colours of the site's palette (css/themes.css)."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static

PINE = {
    "50": "#f1f5ee",
    "100": "#e4ebdd",
    "200": "#cbd9c3",
    "300": "#a8d3b6",
    "400": "#86aa93",
    "500": "#5d7f6c",
    "600": "#21563f",
    "700": "#1c4a36",
    "800": "#183d2d",
    "900": "#143024",
    "950": "#0e2119",
}
WARM_GREY = {
    "50": "#fbf7ef",
    "100": "#f3ede0",
    "200": "#ddd3bf",
    "300": "#c6bda9",
    "400": "#a9ad9c",
    "500": "#67705f",
    "600": "#425349",
    "700": "#33443b",
    "800": "#1f2d26",
    "900": "#131d19",
    "950": "#0e1613",
}


def admin_look(clinic_name: str) -> dict[str, Any]:
    """Return the setting UNFOLD. "View site" leads back to the manager's page."""
    return {
        "SITE_TITLE": clinic_name,
        "SITE_HEADER": clinic_name,
        "SITE_URL": "/manage/",
        "SITE_ICON": _mark,
        "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _mark}],
        "COLORS": {"primary": PINE, "base": WARM_GREY},
    }


def _mark(_request: HttpRequest) -> str:
    return static("website/mark.svg")

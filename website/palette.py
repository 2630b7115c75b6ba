"""The two palettes, read from the style sheet's source, with the contrast of each pair that pages use (WCAG 2.2)."""

import re
from dataclasses import dataclass
from pathlib import Path

THEMES = Path(__file__).parent / "frontend" / "css" / "themes.css"
AA, AAA, GRAPHICS = 4.5, 7.0, 3.0

# (text, paper, what it is for, the least contrast that we accept)
PAIRS = [
    ("color-base-content", "color-base-100", "Text on paper", AAA),
    ("color-base-content", "sukha-raised", "Text on a card", AAA),
    ("color-base-content", "sukha-sage-soft", "Text on calm", AAA),
    ("sukha-muted", "color-base-100", "Quiet text on paper", AAA),
    ("sukha-muted", "color-base-200", "Quiet text in the footer", AAA),
    ("sukha-muted", "sukha-sage-soft", "Quiet text on calm", AA),
    ("sukha-link", "color-base-100", "Link on paper", AAA),
    ("sukha-link", "sukha-sage-soft", "Link on calm", AA),
    ("color-primary-content", "color-primary", "The one thing to do next", AA),
    ("color-secondary-content", "color-secondary", "Chosen", AAA),
    ("color-info", "sukha-info-soft", "Notice: to know", AA),
    ("color-success", "sukha-good-soft", "Notice: done", AA),
    ("color-warning", "sukha-warn-soft", "Notice: take care", AA),
    ("color-error", "sukha-bad-soft", "Notice: went wrong", AA),
    ("color-error", "color-base-100", "Error beside a field", AAA),
    ("sukha-control", "sukha-raised", "Edge of a field", GRAPHICS),
    ("color-accent", "color-base-100", "Ornament", GRAPHICS),
]


@dataclass(frozen=True)
class Pair:
    """Two colours that stand on each other somewhere."""

    purpose: str
    text: str
    paper: str
    least: float

    @property
    def contrast(self) -> float:
        lighter, darker = sorted((_luminance(self.text), _luminance(self.paper)), reverse=True)
        return (lighter + 0.05) / (darker + 0.05)

    @property
    def suffices(self) -> bool:
        return self.contrast >= self.least

    @property
    def grade(self) -> str:
        return "AAA" if self.contrast >= AAA else "AA" if self.contrast >= AA else "graphics"


def read_palette() -> dict[str, list[Pair]]:
    """The pairs of each theme, in the order of PAIRS."""
    palettes = {}
    for name, body in re.findall(r'name: "([\w-]+)";(.*?)\n}', THEMES.read_text(encoding="utf-8"), re.DOTALL):
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", body))
        palettes[name] = [Pair(purpose, colours[text], colours[paper], least) for text, paper, purpose, least in PAIRS]
    return palettes


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

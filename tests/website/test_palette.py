"""The colours keep the contrast that the style guide promises."""

import pytest

from website.palette import AAA, Pair, read_palette


@pytest.mark.parametrize("theme", ["sukha", "sukha-dark"])
def test_every_pair_of_colours_has_contrast_enough(theme: str) -> None:
    pairs = read_palette()[theme]

    too_weak = {pair.purpose: round(pair.contrast, 2) for pair in pairs if not pair.suffices}

    assert len(pairs) > 10
    assert too_weak == {}


def test_contrast_is_measured_as_wcag_defines_it() -> None:
    black_on_white = Pair("text", "#000000", "#ffffff", AAA)
    grey_on_white = Pair("text", "#777777", "#ffffff", AAA)

    assert round(black_on_white.contrast, 2) == 21.0
    assert round(grey_on_white.contrast, 2) == 4.48  # the well-known grey that just misses AA
    assert not grey_on_white.suffices

"""The parts that pages are made of: what they say, and that they escape what people typed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.template import Context, Template
from django.utils.html import escape

from core import clock
from scheduling.focus import FocusArea
from website import specimens
from website.icons import UnknownIcon, icon_paths

HOSTILE = '<script>alert("x")</script>'
TUESDAY_EVENING = datetime(2026, 11, 24, 17, tzinfo=UTC)  # 18:00 in Berlin


def rendered(source: str, **values: Any) -> str:
    return Template("{% load components %}" + source).render(Context(values))


@pytest.mark.parametrize(
    "source",
    [
        "{% notice title=typed %}{{ typed }}{% endnotice %}",
        "{% badge %}{{ typed }}{% endbadge %}",
        "{% empty_state title=typed %}{{ typed }}{% endempty_state %}",
        "{% page_header title=typed lead=typed back_url=typed back_label=typed %}",
        '{% icon "clock" label=typed %}',
        '{% illustration "cat" label=typed %}',
    ],
)
def test_what_people_typed_is_escaped(source: str) -> None:
    html = rendered(source, typed=HOSTILE)

    assert "<script" not in html
    assert escape(HOSTILE) in html


def test_a_notice_wraps_plain_words_and_keeps_paragraphs() -> None:
    plain = rendered("{% notice %} Saved. {% endnotice %}")
    marked_up = rendered("{% notice %}<p>One.</p><p>Two.</p>{% endnotice %}")

    assert '<div class="notice-body"><p>Saved.</p></div>' in plain
    assert '<div class="notice-body"><p>One.</p><p>Two.</p></div>' in marked_up


def test_the_tone_of_a_notice_shows_in_its_icon_too() -> None:
    icons = {tone: rendered("{% notice tone=tone %}x{% endnotice %}", tone=tone) for tone in ("info", "good", "warn")}

    assert icon_paths("info") in icons["info"]
    assert icon_paths("circle-check") in icons["good"]
    assert icon_paths("triangle-alert") in icons["warn"]


def test_an_icon_is_decoration_unless_it_has_a_label() -> None:
    silent = rendered('{% icon "clock" %}')
    spoken = rendered('{% icon "clock" label="Begins" %}')

    assert 'aria-hidden="true"' in silent
    assert 'role="img" aria-label="Begins"' in spoken


def test_an_unknown_icon_says_what_to_do() -> None:
    with pytest.raises(UnknownIcon, match="npm run build"):
        icon_paths("no-such-icon")


def test_when_names_the_day_the_hours_and_the_zone() -> None:
    html = rendered("{% when start end %}", start=TUESDAY_EVENING, end=TUESDAY_EVENING + timedelta(hours=1))

    words = clock.format_when(TUESDAY_EVENING, TUESDAY_EVENING + timedelta(hours=1))
    for part in ("18:00–19:00", "(Berlin time)"):
        words = words.replace(part, f'<span class="whitespace-nowrap">{part}</span>')
    assert html == f'<time datetime="2026-11-24T18:00+01:00" data-until="2026-11-24T19:00+01:00">{words}</time>'


def test_hours_are_clinic_time() -> None:
    html = rendered("{% hours start end %}", start=TUESDAY_EVENING, end=TUESDAY_EVENING + timedelta(hours=1))

    assert html == (
        '<time datetime="2026-11-24T18:00+01:00" data-until="2026-11-24T19:00+01:00">'
        '<span class="whitespace-nowrap">18:00–19:00</span></time>'
    )


def test_money_is_written_as_the_clinics_country_writes_it() -> None:
    assert rendered('{% money 1800 "eur" %}') == "18,00\N{NO-BREAK SPACE}€"


@pytest.mark.parametrize(
    ("taken", "words"), [(2, "6 places left"), (7, "1 place left"), (8, "Full")], ids=["some", "one", "none"]
)
def test_places_say_in_words_how_many_are_left(taken: int, words: str) -> None:
    slot = specimens.slots()[0]
    slot.taken = taken

    assert f">{words}</span>" in rendered("{% places slot %}", slot=slot)


def test_a_slot_row_leads_to_its_slot() -> None:
    slot = specimens.slots()[0]

    html = rendered("{% slot_row slot %}", slot=slot)

    assert f'<a href="/slots/{slot.pk}/">Gentle Back Care</a>' in html
    assert "Asha Raman" in html
    assert "Linden Street" in html
    assert "18,00" in html


def test_a_class_without_a_price_is_called_free() -> None:
    slot = specimens.slots()[0]
    slot.price = 0

    html = rendered("{% slot_row slot %}", slot=slot)

    assert html[html.index("slot-row-price") :].split("<")[0].split(">")[1].strip() == "Free"


def test_the_time_left_is_true_without_script() -> None:
    until = clock.now() + timedelta(minutes=12, seconds=30)

    html = rendered("{% time_left until 2100 %}", until=until)

    assert "13 minutes left to pay" in html
    assert f'datetime="{clock.clinic_time(until).isoformat(timespec="minutes")}"' in html
    assert f"{clock.clinic_time(until):%H:%M} <span" in html
    assert "(Berlin time)" in html


@pytest.mark.parametrize(
    ("milliseconds", "seconds", "words"),
    [
        (90_001, 91, "2 minutes left to pay"),
        (60_000, 60, "Less than a minute left to pay"),
        (1, 1, "Less than a minute left to pay"),
        (0, 0, "The time to pay is over"),
    ],
)
def test_the_time_left_in_a_sentence_is_rounded_up(
    monkeypatch: pytest.MonkeyPatch, milliseconds: int, seconds: int, words: str
) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "reading", lambda: now)

    html = rendered("{% minutes_left until %}", until=now + timedelta(milliseconds=milliseconds))

    assert f'data-seconds-left="{seconds}"' in html
    assert html.endswith(f'x-text="figure">{words}</span>')


def test_the_time_left_never_goes_below_zero() -> None:
    html = rendered("{% time_left until 2100 %}", until=clock.now() - timedelta(minutes=5))

    assert 'data-seconds-left="0"' in html
    assert html.count("The time to pay is over") == 2  # shown, and ready for the script


@pytest.mark.parametrize("area", FocusArea)
def test_every_focus_area_has_a_drawing_and_a_link_to_its_section(area: FocusArea) -> None:
    drawing = rendered("{% focus_icon slug %}", slug=area.value)
    links = rendered("{% focus_links slugs %}", slugs=[area.value])

    assert "<svg" in drawing
    assert f'href="/articles/how-yoga-helps-back-pain/#{area.value}"' in links

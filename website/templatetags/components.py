"""The parts that every page is made of. `/styleguide/` shows them all."""

import re
from datetime import datetime
from math import ceil
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.forms import BoundField
from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.sent_once import FIELD, token_for
from core import clock
from core.money import format_money
from scheduling.focus import FocusArea
from scheduling.models import Slot
from website.icons import icon_paths
from website.navigation import Place, places_for

register = template.Library()

TONE_ICONS = {"info": "info", "good": "circle-check", "warn": "triangle-alert", "bad": "circle-alert"}
MESSAGE_TONES = {"debug": "info", "info": "info", "success": "good", "warning": "warn", "error": "bad"}
FEW_PLACES = 3
MINUTE = 60
UNBROKEN = re.compile(r"([0-9]{2}:[0-9]{2}–[0-9]{2}:[0-9]{2}|\([^)]*\)$)")  # hours and zone each stay in one line


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """`{% icon "clock" %}`: an inlined icon of lucide. It is decoration unless it has a `label`."""
    return format_html(
        '<svg class="icon" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="20" height="20" fill="none" '
        'stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>',
        _spoken(label),
        mark_safe(icon_paths(name)),  # noqa: S308 - our own build's file, never input
    )


@register.simple_tag(takes_context=True)
def sent_once(context: Context) -> SafeString:
    """`{% sent_once %}` in a form: however often it is sent, it has one effect (accounts/sent_once.py)."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, token_for(context["request"]))


@register.simple_tag
def illustration(name: str, label: str = "") -> SafeString:
    """`{% illustration "bridge" %}`: one of our own line drawings. It is decoration unless it has a `label`."""
    return mark_safe(  # noqa: S308 - our own template; the label is escaped there
        render_to_string(f"website/illustrations/{name}.svg", {"spoken": _spoken(label)})
    )


@register.simple_block_tag
def notice(content: str, tone: str = "info", title: str = "") -> SafeString:
    """`{% notice tone="warn" title="…" %}…{% endnotice %}`: something to know before going on."""
    heading = format_html('<p class="notice-title">{}</p>', title) if title else ""
    return format_html(
        '<div class="notice notice-{}">{}<div class="notice-body">{}{}</div></div>',
        tone,
        icon(TONE_ICONS[tone]),
        heading,
        _in_paragraph(content),
    )


@register.simple_block_tag
def badge(content: str, tone: str = "", icon: str = "") -> SafeString:
    """`{% badge tone="good" icon="check" %}Paid{% endbadge %}`: a state in one or two words."""
    tone_class = f" badge-{tone}" if tone else ""
    return format_html('<span class="badge{}">{}{}</span>', tone_class, _icon_or_nothing(icon), _trimmed(content))


@register.simple_block_tag
def empty_state(content: str, icon: str = "", title: str = "") -> SafeString:
    """`{% empty_state icon="calendar" title="No classes yet" %}what to do now{% endempty_state %}`."""
    return format_html(
        '<div class="empty">{}<p class="empty-title">{}</p>{}</div>',
        _icon_or_nothing(icon),
        title,
        _in_paragraph(content),
    )


@register.inclusion_tag("website/components/page_header.html")
def page_header(title: str, lead: str = "", back_url: str = "", back_label: str = "") -> dict[str, str]:
    """`{% page_header title=… lead=… back_url=… back_label=… %}`: the page's one h1."""
    return {"title": title, "lead": lead, "back_url": back_url, "back_label": back_label or _("Back")}


@register.simple_tag
def money(amount: int, currency: str) -> str:
    """`{% money slot.price slot.currency %}`: an amount in the smallest unit, as the clinic's country writes it."""
    return format_money(amount, currency)


@register.simple_tag
def when(starts_at: datetime, ends_at: datetime | None = None, with_zone: bool = True) -> SafeString:
    """`{% when slot.starts_at slot.ends_at %}`: Tuesday 24 November, 18:00–19:00 (Berlin time).

    A page names the zone once: `with_zone=False` for all further moments.
    """
    return _time(clock.format_when(starts_at, ends_at, with_zone=with_zone), starts_at, ends_at)


@register.simple_tag
def deadline(moment: datetime, with_zone: bool = True) -> SafeString:
    """`{% deadline booking.hold_expires_at %}`: 18:35 (Berlin time), for what ends within the hour."""
    zone = f" ({clock.zone_label()})" if with_zone else ""
    return _time(f"{clock.clinic_time(moment):%H:%M}{zone}", moment, moment)


@register.simple_tag
def hours(starts_at: datetime, ends_at: datetime) -> SafeString:
    """`{% hours slot.starts_at slot.ends_at %}`: 18:00–19:00, for lists under a heading that names the day and zone."""
    start, end = clock.clinic_time(starts_at), clock.clinic_time(ends_at)
    return _time(f"{start:%H:%M}–{end:%H:%M}", starts_at, ends_at)


@register.simple_tag
def places(slot: Slot) -> SafeString:
    """`{% places slot %}`: how many places are left, as a badge; never by colour alone."""
    left = slot.places_left
    if left <= 0:
        return badge(_("Full"))
    words = ngettext("%(count)d place left", "%(count)d places left", left) % {"count": left}
    return badge(words, tone="warn" if left <= FEW_PLACES else "good")


@register.inclusion_tag("website/components/slot_row.html")
def slot_row(slot: Slot, show_day: bool = False, show_instructor: bool = True) -> dict[str, Any]:
    """`{% slot_row slot %}` inside `<div class="slot-list">`; `show_day=True` where no heading names the day.

    The page names the zone, and the instructor with `show_instructor=False`. Needs `Slot.objects.with_details()`.
    """
    return {"slot": slot, "show_day": show_day, "show_instructor": show_instructor}


@register.inclusion_tag("website/components/time_left.html")
def time_left(until: datetime, lasts_seconds: int) -> dict[str, Any]:
    """`{% time_left booking.hold_expires_at 2100 %}`: until when a place is held, and how long that still is.

    When the time is over, the event `hold-over` rises from it, so that the page can turn.
    """
    left = _seconds_left(until)
    return {
        "until": until,
        "seconds": left,
        "words": _words_left(left),
        "counting": _counting(left),
        "lasts": lasts_seconds,
    }


@register.simple_tag
def minutes_left(until: datetime) -> SafeString:
    """`{% minutes_left booking.hold_expires_at %}`: the same within a sentence, without the bar."""
    left = _seconds_left(until)
    return format_html('<span {} x-text="figure">{}</span>', _counting(left), _words_left(left))


@register.simple_tag
def focus_icon(slug: str) -> SafeString:
    """`{% focus_icon "core-strength" %}`: our own drawing for one of the seven focus areas; decoration."""
    return illustration(f"focus-{FocusArea(slug).value}")


@register.inclusion_tag("website/components/focus_links.html")
def focus_links(slugs: list[str]) -> dict[str, Any]:
    """`{% focus_links class_type.focus_areas %}`: chips that lead to the sections of the article."""
    return {"areas": [FocusArea(slug) for slug in slugs]}


@register.simple_tag(takes_context=True)
def staff_places(context: Context) -> list[Place]:
    """`{% staff_places as places %}`: where the signed-in person works; empty for patients."""
    return places_for(context["user"]) if "user" in context else []


@register.filter
def message_tone(message: Message) -> str:
    """The tone of a notice for one of Django's messages."""
    return MESSAGE_TONES.get(message.level_tag, "info")


@register.filter
def error_target(field: BoundField) -> str:
    """The id that an entry of the error summary links to: the control, or the first one of a group."""
    if field.use_fieldset and field.subwidgets:
        return str(field.subwidgets[0].data["attrs"].get("id", field.auto_id))
    return field.id_for_label or str(field.auto_id)


def _seconds_left(until: datetime) -> int:
    """Rounded up: a page that asks again when its count ends is never told “not yet”."""
    return max(0, ceil((until - clock.now()).total_seconds()))


def _words_left(seconds: int) -> str:
    if not seconds:
        return _("The time to pay is over")
    if seconds <= MINUTE:
        return _("Less than a minute left to pay")
    return _("0 minutes left to pay").replace("0", str(ceil(seconds / MINUTE)))


def _counting(seconds: int) -> SafeString:
    """What frontend/js/time_left.js goes on counting with."""
    return format_html(
        'x-data="timeLeft" data-seconds-left="{}" data-minutes="{}" data-last-minute="{}" data-over="{}"',
        seconds,
        _("0 minutes left to pay"),
        _words_left(MINUTE),
        _words_left(0),
    )


def _time(words: str, starts_at: datetime, ends_at: datetime | None) -> SafeString:
    """Words for a time; with its end, so that frontend/js/own_time.js can add a visitor's own time in another zone."""
    start, end = (moment and clock.clinic_time(moment).isoformat(timespec="minutes") for moment in (starts_at, ends_at))
    until = format_html(' data-until="{}"', end) if end else ""
    parts = [
        format_html('<span class="whitespace-nowrap">{}</span>', part) if UNBROKEN.fullmatch(part) else part
        for part in UNBROKEN.split(words)
    ]
    content = format_html_join("", "{}", ((part,) for part in parts))
    return format_html('<time datetime="{}"{}>{}</time>', start, until, content)


def _spoken(label: str) -> SafeString:
    return format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')


def _icon_or_nothing(name: str) -> str:
    return icon(name) if name else ""


def _in_paragraph(content: str) -> str:
    """Plain words get their paragraph, so that `{% notice %}Saved.{% endnotice %}` is enough."""
    content = _trimmed(content)
    return content if not content or content.startswith("<") else format_html("<p>{}</p>", content)


def _trimmed(content: str) -> str:
    """`content` without the white space around it, as safe or unsafe as it was."""
    trimmed = content.strip()
    return mark_safe(trimmed) if isinstance(content, SafeString) else trimmed  # noqa: S308

"""The website's own pages. The business has its pages in its own apps."""

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import role_required
from accounts.roles import MANAGER
from payments.operations import money_troubles
from scheduling.focus import FocusArea
from scheduling.models import Certificate, Slot
from website import specimens
from website.article import SECTIONS
from website.first_steps import first_steps
from website.palette import read_palette

NEXT_CLASSES = 4
OUR_APPS = ["scheduling", "payments", "booking", "notifications", "accounts"]


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Yoga for Back Pain: what it is, and the next classes with a place left."""
    slots = Slot.objects.published().upcoming().with_places_left().with_details()[:NEXT_CLASSES]
    context = {"slots": slots, "sections": SECTIONS}
    return render(request, "website/pages/landing.html", context)


@require_safe
def article(request: HttpRequest) -> HttpResponse:
    """How yoga helps back pain, in seven sections whose anchors are the slugs of the focus areas."""
    return render(request, "website/pages/article.html", {"sections": SECTIONS})


@require_safe
def imprint(request: HttpRequest) -> HttpResponse:
    """Who runs the site and how to reach them, from the settings."""
    return render(request, "website/pages/imprint.html", {"further": settings.CLINIC_IMPRINT})


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What Sukha itself keeps of people, what for, and who gets to see it. A fact that changes is changed there too."""
    context = {
        "session_days": settings.SESSION_COOKIE_AGE // (24 * 60 * 60),
        "reports_errors": bool(settings.SENTRY_DSN),
        "full_notice_url": settings.CLINIC_PRIVACY_URL,
    }
    return render(request, "website/pages/privacy.html", context)


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """All components on one page, for those who build pages. Raises Http404 outside the local run."""
    if not settings.LOCAL_RUN:
        raise Http404
    context = {
        "palettes": read_palette(),
        "empty_form": specimens.SpecimenForm(),
        "wrong_form": specimens.wrong_form(),
        "slots": specimens.slots(),
        "held_until": specimens.held_until(),
        "hold_seconds": int(settings.HOLD_LASTS.total_seconds()),
        "focus_areas": list(FocusArea),
        "roster": specimens.ROSTER,
        "drawings": [section.drawing for section in SECTIONS],
    }
    return render(request, "website/pages/styleguide.html", context)


@role_required(MANAGER)
@require_safe
def manage(request: HttpRequest) -> HttpResponse:
    """The manager's hub: what the clinic offers and sells, its people and its records, each a step away."""
    sections = [app for app in admin.site.get_app_list(request) if app["app_label"] in OUR_APPS]
    sections.sort(key=lambda app: OUR_APPS.index(app["app_label"]))
    context = {
        "sections": sections,
        "first_steps": first_steps(),
        "running_out": Certificate.objects.running_out(),
        **money_troubles(),
    }
    return render(request, "website/pages/manage.html", context)

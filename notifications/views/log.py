"""The message log: what the clinic told whom, as it was sent."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from booking.views.answers import OwnRequest, SeeOther, refused
from core import clock
from core.errors import DomainError
from notifications import operations
from notifications.forms import LogFilterForm
from notifications.models import Message
from notifications.relevance import why_void
from notifications.writing import ContentLost, Letter, write_letter

PER_PAGE = 50
# The HTML of a mail stands in a frame of its own, in which nothing can be loaded, started, sent or opened.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox"
)

may_read = permission_required("notifications.view_message_log", raise_exception=True)


@login_required
@may_read
@require_safe
def message_log(request: HttpRequest) -> HttpResponse:
    """The newest messages first. Pages begin at a key and nothing is counted, so the log stays fast at any size."""
    form = LogFilterForm(request.GET)
    found = Message.objects.for_log().matching(**form.cleaned_data) if form.is_valid() else Message.objects.none()
    page = list(found[: PER_PAGE + 1])
    context = {
        "form": form,
        "rows": page[:PER_PAGE],
        "older_before": page[PER_PAGE - 1].pk if len(page) > PER_PAGE else None,
        "is_filtered": any(request.GET.get(name) for name in ("q", "state", "kind")),
        "zone": clock.zone_label(),
    }
    return render(request, "notifications/log.html", context)


@login_required
@may_read
@require_safe
def message_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One message: as it was sent, or as it would be sent now."""
    message = _message(pk)
    letter, lost = None, ""
    try:
        letter = _letter(message)
    except ContentLost as error:
        lost = str(error)
    context = {
        "message": message,
        "letter": letter,
        "lost": lost,
        "would_be_void": Message.VoidReason(reason).label if (reason := _why_void_now(message)) else "",
        "zone": clock.zone_label(),
    }
    return render(request, "notifications/message.html", context)


@login_required
@may_read
@require_safe
@xframe_options_sameorigin
def message_html(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML part alone, for the frame on the message's page."""
    try:
        letter = _letter(_message(pk))
    except ContentLost as error:
        raise Http404 from error
    if letter is None:
        raise Http404
    return HttpResponse(letter.html, headers={"Content-Security-Policy": FRAME_POLICY})


@login_required
@may_read
@require_POST
def retry(request: OwnRequest, pk: int) -> HttpResponse:
    """Send again what failed."""
    page = SeeOther(reverse("notifications:message", args=[pk]))
    try:
        operations.retry_message(message=_message(pk), by=request.user)
    except DomainError as error:
        return refused(request, error, page)
    messages.success(request, translate("The message is on its way again."))
    return page


def _message(pk: int) -> Message:
    return get_object_or_404(Message.objects.with_details(), pk=pk)


def _letter(message: Message) -> Letter | None:
    """What was sent; for a waiting message what will be, without its code. None where nothing was ever written.

    Raises ContentLost.
    """
    if message.is_queued:
        return write_letter(message, masked=True)
    if not message.text:
        return None
    return Letter(message.subject, message.text, message.html, dict(message.headers))


def _why_void_now(message: Message) -> Any:
    return why_void(message) if message.is_queued else None

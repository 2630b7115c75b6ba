"""The message log: what the clinic told whom, as it was sent."""

from typing import Any
from urllib.parse import urlencode

from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from accounts.encryption import decrypt, encrypt
from accounts.permissions import form_only
from booking.views.answers import OwnRequest, SeeOther, refused
from core import clock
from core.errors import DomainError
from notifications import operations
from notifications.forms import LogFilterForm
from notifications.models import Message
from notifications.relevance import why_void
from notifications.writing import ContentLost, Letter, write_letter

PER_PAGE = 50
SOUGHT = "sought in the message log: "  # so that nothing else that was sealed can be opened by this page
# The HTML of a mail stands in a frame of its own, in which nothing can be loaded, started, sent or opened.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox"
)

may_read = permission_required("notifications.view_message_log", raise_exception=True)


@login_required
@may_read
@require_http_methods(["GET", "HEAD", "POST"])
def message_log(request: HttpRequest) -> HttpResponse:
    """The newest messages first. Pages begin at a key and nothing is counted, so the log stays fast at any size."""
    form = LogFilterForm(request.POST if request.method == "POST" else _filters_in(request.GET))
    if request.method == "POST" and form.is_valid():
        return SeeOther(_log_address(**form.cleaned_data))
    found = Message.objects.for_log().matching(**form.cleaned_data) if form.is_valid() else Message.objects.none()
    page = list(found[: PER_PAGE + 1])
    context = {
        "form": form,
        "rows": page[:PER_PAGE],
        "older_before": page[PER_PAGE - 1].pk if len(page) > PER_PAGE else None,
        "is_filtered": any(form.data.get(name) for name in ("q", "state", "kind")),
        "zone": clock.zone_label(),
    }
    return render(request, "notifications/log.html", context)


@login_required
@may_read
@require_safe
def message_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One message: as it was sent, or as it would be sent now."""
    message = _message(pk)
    order = message.booking.order if message.booking else None
    letter, lost = None, ""
    try:
        letter = _letter(message)
    except ContentLost as error:
        lost = str(error)
    context = {
        "message": message,
        "letter": letter,
        "lost": lost,
        "messages_of_order": _log_address(q=order.reference) if order else "",
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


@form_only("notifications:message", "pk")
@login_required
@may_read
def retry(request: OwnRequest, pk: int) -> HttpResponse:
    """Send again what failed."""
    page = SeeOther(reverse("notifications:message", args=[pk]))
    try:
        operations.retry_message(message=_message(pk), by=request.user)
    except DomainError as error:
        return refused(request, error, page)
    messages.success(request, translate("The message is on its way again."))
    return page


def _log_address(**filters: Any) -> str:
    """The address of the log with these filters.

    What is looked for may name a person, and addresses of pages are kept in logs and histories: it stands there sealed.
    """
    sought = filters.pop("q", "")
    kept = {"sought": encrypt(SOUGHT + sought)} if sought else {}
    kept |= {name: value for name, value in filters.items() if value}
    return reverse("notifications:log") + (f"?{urlencode(kept)}" if kept else "")


def _filters_in(query: QueryDict) -> QueryDict:
    """The filters of such an address. Raises Http404 when its sealed part is damaged, or its key is gone."""
    filters, sealed = query.copy(), query.get("sought")
    try:
        text = decrypt(sealed) if sealed else SOUGHT
    except InvalidToken as error:
        raise Http404 from error
    if not text.startswith(SOUGHT):
        raise Http404
    filters["q"] = text.removeprefix(SOUGHT)
    return filters


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

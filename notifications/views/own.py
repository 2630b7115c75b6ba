"""What an account's holder decides about messages, signed in or by the link in a mail."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as translate
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from booking.views.answers import OwnRequest, SeeOther
from notifications import operations
from notifications.forms import PreferencesForm
from notifications.models import Kind, Preference
from notifications.unsubscribe import account_of_token


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: OwnRequest) -> HttpResponse:
    """Whether reminders come."""
    if request.method == "POST":
        form = PreferencesForm(request.POST)
        if form.is_valid():
            operations.switch_reminders(account=request.user, on=form.cleaned_data["reminders"])
            messages.success(request, translate("Saved."))
            return SeeOther(reverse("notifications:preferences"))
    else:
        form = PreferencesForm(initial={"reminders": Preference.objects.wants(request.user, Kind.CLASS_REMINDER)})
    return render(request, "notifications/preferences.html", {"form": form})


@csrf_exempt  # the token is the permission; mail programs POST without cookies (RFC 8058)
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Switch reminders off without signing in. Opening the page changes nothing: scanners open every link."""
    account = account_of_token(token)
    if account is None:
        raise Http404
    if request.method == "POST":
        operations.switch_reminders(account=account, on="on" in request.POST)
    context = {"wanted": Preference.objects.wants(account, Kind.CLASS_REMINDER), "answered": request.method == "POST"}
    return render(request, "notifications/unsubscribe.html", context)

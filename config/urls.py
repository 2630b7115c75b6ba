"""All addresses, by the part of the house that answers them."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("website.urls")),
    path("", include("scheduling.urls")),
    path("", include("booking.urls")),
    path("", include("notifications.urls")),
    path("", include("payments.urls")),
    path("my/", include("accounts.urls")),
    path("accounts/", include("accounts.sign_in_urls")),
    path("api/", include("config.api_urls")),
    path("admin/", admin.site.urls),
]

handler400 = "config.api.problems.bad_request"
handler403 = "website.failures.permission_denied"
handler404 = "website.failures.not_found"
handler500 = "config.api.problems.server_error"

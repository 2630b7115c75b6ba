"""The product's addresses and, beside them, the floors."""

from django.urls import include, path

from bench import floors

urlpatterns = [
    path("bench/book/", floors.book),
    path("bench/page/", floors.page),
    path("", include("config.urls")),
]

"""The product's addresses and, beside them, the floors."""

from django.urls import include, path

from bench import floors

urlpatterns = [
    path("bench/book/", floors.book),
    path("bench/page/", floors.page),
    path("bench/fortnight/", floors.fortnight),
    path("bench/week/", floors.week),
    path("", include("config.urls")),
]

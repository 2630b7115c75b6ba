from django.conf import settings
from django.urls import path

from website import health, views

app_name = "website"

urlpatterns = [
    path("", views.landing, name="landing"),
    path("articles/how-yoga-helps-back-pain/", views.article, name="article"),
    path("manage/", views.manage, name="manage"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
]

if settings.DEBUG:
    urlpatterns += [path("styleguide/", views.styleguide, name="styleguide")]

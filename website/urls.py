from django.urls import path

from website import health, views

app_name = "website"

urlpatterns = [
    path("", views.landing, name="landing"),
    path("articles/how-yoga-helps-back-pain/", views.article, name="article"),
    path("imprint/", views.imprint, name="imprint"),
    path("privacy/", views.privacy, name="privacy"),
    path("manage/", views.manage, name="manage"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("styleguide/", views.styleguide, name="styleguide"),
]

from django.urls import path

from notifications.views import log, own

app_name = "notifications"

urlpatterns = [
    path("desk/messages/", log.message_log, name="log"),
    path("desk/messages/<int:pk>/", log.message_page, name="message"),
    path("desk/messages/<int:pk>/html/", log.message_html, name="message_html"),
    path("desk/messages/<int:pk>/retry/", log.retry, name="retry"),
    path("my/messages/", own.preferences, name="preferences"),
    path("unsubscribe/<str:token>/", own.unsubscribe, name="unsubscribe"),
]

from django.urls import path

from scheduling import views
from scheduling.views import feeds

app_name = "scheduling"

urlpatterns = [
    path("timetable/", views.timetable, name="timetable"),
    path("timetable.ics", feeds.timetable_feed, name="timetable_feed"),
    path("feeds/<str:token>.ics", feeds.feed, name="feed"),
    path("teach/", views.teach, name="teach"),
    path("teach/feeds/", feeds.feeds, name="feeds"),
    path("teach/feeds/<int:pk>/revoke/", feeds.feed_revoke, name="feed_revoke"),
    path("teach/slots/new/", views.slot_new, name="slot_new"),
    path("teach/slots/<int:pk>/", views.slot_edit, name="slot_edit"),
    path("teach/slots/<int:pk>/publish/", views.publish, name="slot_publish"),
]

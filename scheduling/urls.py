from django.urls import path

from scheduling import views
from scheduling.views import (
    calendar,
    closures,
    copies,
    feeds,
    instructors,
    series,
    substitutes,
    times_off,
)

app_name = "scheduling"

urlpatterns = [
    path("timetable/", views.timetable, name="timetable"),
    path("timetable.ics", feeds.timetable_feed, name="timetable_feed"),
    path("feeds/<str:token>.ics", feeds.feed, name="feed"),
    path("teach/", views.teach, name="teach"),
    path("teach/feeds/", feeds.feeds, name="feeds"),
    path("teach/feeds/<int:pk>/revoke/", feeds.feed_revoke, name="feed_revoke"),
    path("teach/calendar/", calendar.calendar, name="calendar"),
    path("teach/calendar/feed/", calendar.feed, name="calendar_feed"),
    path("teach/calendar/slots/<int:pk>/", calendar.slot_panel, name="calendar_slot"),
    path("teach/calendar/slots/<int:pk>/move/", calendar.move, name="calendar_move"),
    path("teach/slots/new/", views.slot_new, name="slot_new"),
    path("teach/slots/<int:pk>/", views.slot_edit, name="slot_edit"),
    path("teach/slots/<int:pk>/publish/", views.publish, name="slot_publish"),
    path("teach/slots/<int:pk>/copy/", copies.slot_copy, name="slot_copy"),
    path("teach/week/copy/", copies.week_copy, name="week_copy"),
    path("teach/series/", series.series_list, name="series_list"),
    path("teach/series/new/", series.series_new, name="series_new"),
    path("teach/series/<int:pk>/", series.series_detail, name="series"),
    path("teach/series/<int:pk>/fill/", series.series_fill, name="series_fill"),
    path("teach/time-off/", times_off.times_off, name="times_off"),
    path("teach/time-off/<int:pk>/", times_off.time_off, name="time_off"),
    path("teach/time-off/<int:pk>/remove/", times_off.time_off_remove, name="time_off_remove"),
    path("teach/time-off/<int:pk>/slots/<int:slot_pk>/cancel/", times_off.time_off_cancel, name="time_off_cancel"),
    path("teach/time-off/<int:pk>/slots/<int:slot_pk>/keep/", times_off.time_off_keep, name="time_off_keep"),
    path("manage/closures/", closures.closures, name="closures"),
    path("manage/closures/<int:pk>/", closures.closure, name="closure"),
    path("manage/closures/<int:pk>/remove/", closures.closure_remove, name="closure_remove"),
    path("manage/closures/<int:pk>/slots/<int:slot_pk>/cancel/", closures.closure_cancel, name="closure_cancel"),
    path("manage/closures/<int:pk>/slots/<int:slot_pk>/keep/", closures.closure_keep, name="closure_keep"),
    path("teach/slots/<int:pk>/substitute/", substitutes.slot_substitute, name="slot_substitute"),
    path("teach/slots/<int:pk>/substitute/ask/", substitutes.ask, name="substitute_ask"),
    path("teach/slots/<int:pk>/substitute/assign/", substitutes.assign, name="substitute_assign"),
    path("teach/substitutes/<int:pk>/", substitutes.substitute, name="substitute"),
    path("teach/substitutes/<int:pk>/accept/", substitutes.accept, name="substitute_accept"),
    path("teach/substitutes/<int:pk>/withdraw/", substitutes.withdraw, name="substitute_withdraw"),
    path("instructors/<int:pk>/", instructors.instructor_page, name="instructor"),
]

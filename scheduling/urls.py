from django.urls import path

from scheduling import views

app_name = "scheduling"

urlpatterns = [
    path("timetable/", views.timetable, name="timetable"),
    path("teach/", views.teach, name="teach"),
    path("teach/slots/new/", views.slot_new, name="slot_new"),
    path("teach/slots/<int:pk>/", views.slot_edit, name="slot_edit"),
    path("teach/slots/<int:pk>/publish/", views.publish, name="slot_publish"),
]

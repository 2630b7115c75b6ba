"""The addresses of the API, version 1."""

from django.urls import path, re_path

from booking import api as bookings
from config.api import views
from scheduling import api as slots

app_name = "api"

urlpatterns = [
    path("v1/slots/", slots.SlotList.as_view(), name="slots"),
    path("v1/slots/<int:pk>/", slots.SlotDetail.as_view(), name="slot"),
    path("v1/slots/<int:pk>/publish/", slots.SlotPublication.as_view(), name="publish_slot"),
    path("v1/bookings/", bookings.BookingList.as_view(), name="bookings"),
    path("v1/bookings/<int:pk>/", bookings.BookingDetail.as_view(), name="booking"),
    path("v1/schema/", views.Description.as_view(), name="schema"),
    path("v1/docs/", views.Documentation.as_view(), name="docs"),
    re_path("", views.UnknownAddress.as_view(), name="unknown"),
]

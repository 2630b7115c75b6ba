"""The addresses of the API, version 1."""

from django.urls import path, re_path

from booking import api as bookings
from config.api import views
from scheduling import api as timetable

app_name = "api"

urlpatterns = [
    path("v1/slots/", timetable.SlotList.as_view(), name="slots"),
    path("v1/slots/<int:pk>/", timetable.SlotDetail.as_view(), name="slot"),
    path("v1/slots/<int:pk>/publish/", timetable.SlotPublication.as_view(), name="publish_slot"),
    path("v1/slots/<int:pk>/cancel/", timetable.SlotCancellation.as_view(), name="cancel_slots"),
    path("v1/slots/<int:pk>/restore/", timetable.SlotRestoration.as_view(), name="restore_slot"),
    path("v1/slots/<int:pk>/colleagues/", timetable.SlotColleagues.as_view(), name="colleagues"),
    path("v1/slots/<int:pk>/ask-for-substitute/", timetable.SlotSubstituteRequest.as_view(), name="ask_for_substitute"),
    path("v1/slots/<int:pk>/assign-substitute/", timetable.SlotSubstitute.as_view(), name="assign_substitute"),
    path("v1/substitute-requests/", timetable.SubstituteRequestList.as_view(), name="substitute_requests"),
    path("v1/substitute-requests/<int:pk>/", timetable.SubstituteRequestDetail.as_view(), name="substitute_request"),
    path(
        "v1/substitute-requests/<int:pk>/accept/", timetable.SubstituteAcceptance.as_view(), name="accept_substitution"
    ),
    path(
        "v1/substitute-requests/<int:pk>/withdraw/", timetable.SubstituteWithdrawal.as_view(), name="withdraw_request"
    ),
    path("v1/series/", timetable.SeriesList.as_view(), name="series"),
    path("v1/series/preview/", timetable.SeriesPreviewing.as_view(), name="preview_series"),
    path("v1/class-types/", timetable.ClassTypeList.as_view(), name="class_types"),
    path("v1/locations/", timetable.LocationList.as_view(), name="locations"),
    path("v1/instructors/", timetable.InstructorList.as_view(), name="instructors"),
    path("v1/closures/", timetable.ClosureList.as_view(), name="closures"),
    path("v1/closures/<int:pk>/", timetable.ClosureDetail.as_view(), name="closure"),
    path("v1/bookings/", bookings.BookingList.as_view(), name="bookings"),
    path("v1/bookings/<int:pk>/", bookings.BookingDetail.as_view(), name="booking"),
    path("v1/schema/", views.Description.as_view(), name="schema"),
    path("v1/docs/", views.Documentation.as_view(), name="docs"),
    re_path("", views.UnknownAddress.as_view(), name="unknown"),
]

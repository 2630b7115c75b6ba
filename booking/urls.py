from django.urls import path

from booking.views import desk, editor, pages, refunds

app_name = "booking"

urlpatterns = [
    path("slots/<int:pk>/", pages.class_page, name="slot"),
    path("slots/<int:pk>/book/", pages.book, name="book"),
    path("my/", pages.my_bookings, name="my"),
    path("my/bookings/<int:pk>/", pages.detail, name="detail"),
    path("my/bookings/<int:pk>/pay/", pages.pay, name="pay"),
    path("my/bookings/<int:pk>/check-payment/", pages.check_payment, name="check_payment"),
    path("my/bookings/<int:pk>/give-up/", pages.give_up, name="give_up"),
    path("my/bookings/<int:pk>/calendar.ics", pages.calendar_file, name="calendar_file"),
    path("teach/slots/<int:pk>/", editor.planned_class, name="planned_class"),
    path("teach/slots/<int:pk>/change/", editor.change_class, name="change_class"),
    path("teach/slots/<int:pk>/cancel/", editor.cancel_class, name="cancel_class"),
    path("teach/slots/<int:pk>/restore/", editor.restore_class, name="restore_class"),
    path("desk/", desk.day_sheet, name="desk"),
    path("desk/refunds/", refunds.failed_refunds, name="refunds"),
    path("desk/refunds/<int:pk>/send-again/", refunds.send_again, name="send_refund_again"),
]

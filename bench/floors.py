"""The floors: what no product on this server, middleware and database can be faster than."""

import json
import os
from functools import cache
from pathlib import Path

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from bench import clinic

PAGE = "BENCH_PAGE"  # names the file with the bytes of the page

_TAKE = """
    UPDATE scheduling_slot SET taken = taken + 1
     WHERE id = %s AND state = 'published' AND taken < capacity AND starts_at > now() RETURNING price, currency
"""
_BOOK = """
    INSERT INTO booking_booking (patient_id, slot_id, booked_by_id, state, price, currency, made_at, confirmed_at,
                                 free_cancel_hours, cancel_grace_minutes)
    VALUES (%s, %s, %s, 'confirmed', %s, %s, now(), now(), 24, 10) RETURNING id
"""
_CLASSES = """
    SELECT s.id, s.starts_at, s.ends_at, s.taken, s.capacity, s.price, c.name, c.level, i.name, r.name, l.name
      FROM scheduling_slot s
      JOIN scheduling_classtype c ON c.id = s.class_type_id
      JOIN scheduling_instructor i ON i.id = s.instructor_id
      JOIN scheduling_room r ON r.id = s.room_id
      JOIN scheduling_location l ON l.id = r.location_id
     WHERE s.state = 'published' AND s.instructor_id = %s AND s.starts_at >= %s::date AND s.starts_at < %s::date + %s
     ORDER BY s.starts_at
"""


@csrf_exempt
def book(request: HttpRequest) -> HttpResponse:
    """Take a place and write the booking by raw SQL: no token, no rules, no order, no answer to speak of."""
    wish = json.loads(request.body)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TAKE, [wish["slot"]])
        taken = cursor.fetchone()
        if taken is None:
            return HttpResponse(status=409)
        cursor.execute(_BOOK, [wish["patient"], wish["slot"], wish["account"], *taken])
        (booking,) = cursor.fetchone()
    return JsonResponse({"id": booking}, status=201)


def page(request: HttpRequest) -> HttpResponse:
    """The bytes of the timetable's page, from memory."""
    return HttpResponse(_bytes())


def fortnight(request: HttpRequest) -> HttpResponse:
    """An instructor's classes of a fortnight by one query of raw SQL: no filters to speak of, no words, no mark-up."""
    return _classes(int(request.GET["instructor"]), request.GET["from"], 14)


def week(request: HttpRequest) -> HttpResponse:
    """The same of a week, for somebody whom it does not know."""
    return _classes(clinic.INSTRUCTOR, request.GET["day"], 7)


def _classes(instructor: int, day: str, days: int) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute(_CLASSES, [instructor, day, day, days])
        return JsonResponse({"classes": cursor.fetchall()})


@cache
def _bytes() -> bytes:
    return Path(os.environ[PAGE]).read_bytes()

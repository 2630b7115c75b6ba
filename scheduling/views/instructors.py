"""What everybody may know about an instructor."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from scheduling.models import Instructor, Slot

NEXT_CLASSES = 10


@require_safe
def instructor_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Who somebody is, what they have learnt, and their next classes. Only of those who teach at present."""
    instructor = get_object_or_404(Instructor.objects.teaching(), pk=pk)
    slots = Slot.objects.published().upcoming().filter(instructor=instructor).with_details()
    context = {
        "instructor": instructor,
        "certificates": instructor.certificates.valid().select_related("qualification"),
        "slots": slots.order_by("starts_at", "pk")[:NEXT_CLASSES],
    }
    return render(request, "scheduling/instructor.html", context)

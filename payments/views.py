"""Where Stripe knocks."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from payments import operations, stripe
from payments.operations.events import EventNotStorable


@csrf_exempt  # Stripe proves itself by the signature
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Store a signed event, then work it in. Once it is stored the answer is 200: what fails now is retried here."""
    try:
        payload = stripe.read_webhook(request.body, request.headers.get("Stripe-Signature", ""))
        event = operations.store_event(payload)
    except (stripe.BadSignature, EventNotStorable) as error:
        return JsonResponse({"code": error.code, "detail": str(error)}, status=error.status)
    operations.process_event(event_id=event.pk)
    return HttpResponse(status=200)

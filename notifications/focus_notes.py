"""What a message says about one of the seven ways in which yoga can help a back: two modest sentences each."""

from dataclasses import dataclass
from urllib.parse import urldefrag

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from booking.models import Booking
from scheduling.focus import FocusArea

SENTENCES: dict[FocusArea, Promise] = {
    FocusArea.CORE_STRENGTH: _(
        "Slow, steady poses wake up the muscles of the belly and the back. A stronger middle can help carry the spine "
        "through the day."
    ),
    FocusArea.FLEXIBILITY_AND_MOBILITY: _(
        "Gentle stretches give hips, hamstrings and back a little more room. That can help everyday movements, such as "
        "tying a shoe, feel easier."
    ),
    FocusArea.ALIGNMENT: _(
        "On the mat you learn to notice how you stand and sit. That awareness can help you find a neutral posture, at "
        "your desk too."
    ),
    FocusArea.MUSCLE_TENSION: _(
        "Long breaths and guided rest tell tight muscles that they may let go. Many people find that their back feels "
        "softer afterwards."
    ),
    FocusArea.BLOOD_CIRCULATION: _(
        "Unhurried movement brings fresh blood to muscles that sit still for most of the day. It can help them to stay "
        "warm and supple."
    ),
    FocusArea.STRESS_AND_ANXIETY: _(
        "A calm breath can help to calm the nervous system. Less stress often means that the back is held less tightly."
    ),
    FocusArea.CUSTOMIZATION: _(
        "Every pose has an easier form, with a cushion, a strap or a chair. Tell your instructor what you need, and "
        "take only what suits you."
    ),
}


@dataclass(frozen=True)
class FocusNote:
    """One focus area in words, with the address of its section of the article."""

    title: str
    sentences: str
    url: str


def focus_note_for(booking: Booking) -> FocusNote:
    """The note for this booking: always the same one, and the next one at the patient's next booking of the type."""
    areas = [area for area in FocusArea if area in booking.slot.class_type.focus_areas] or list(FocusArea)
    earlier = Booking.objects.filter(
        patient=booking.patient_id, slot__class_type=booking.slot.class_type_id, pk__lt=booking.pk
    )
    area = areas[earlier.count() % len(areas)]
    return FocusNote(str(area.label), str(SENTENCES[area]), article_section_url(area))


def article_section_url(area: FocusArea) -> str:
    """Where the article, the clinic's own or ours, speaks of `area`."""
    article = settings.BACK_PAIN_ARTICLE_URL or settings.SITE_URL + reverse("website:article")
    return f"{urldefrag(article).url}#{area.value}"

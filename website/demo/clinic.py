"""What the demo clinic offers. All names are invented."""

from datetime import time
from typing import NamedTuple

from scheduling.focus import FocusArea
from scheduling.models import ClassType

Level = ClassType.Level


class House(NamedTuple):
    name: str
    address: str
    directions: str
    rooms: dict[str, int]  # name → mats


class Taught(NamedTuple):
    name: str
    level: Level
    focus: list[FocusArea]
    minutes: int
    capacity: int
    price: int
    description: str
    suits: str
    avoid: str
    bring: str


class Weekly(NamedTuple):
    weekday: int  # Monday is 0
    wall_time: time
    taught: str
    instructor: str
    room: str
    publishes: bool = True  # else its slots are drafts


HOUSES = [
    House(
        "House by the Park",
        "Parkweg 12, 10115 Berlin",
        "Tram stop Parkweg, two minutes on foot. Lift to the first floor.",
        {"Garden Room": 12, "Quiet Room": 8},
    ),
    House(
        "Canal House",
        "Am Kanal 3, 10999 Berlin",
        "Ground floor, no steps. Ring at “Sukha”.",
        {"Hall": 14},
    ),
]

INSTRUCTORS = {
    "Asha Lindqvist": (
        "asha",
        "Yoga therapist, 800 hours; physiotherapist",
        "Asha has worked with backs for eighteen years and likes to begin with the breath.",
    ),
    "Marco Ferreira": (
        "marco",
        "Yoga therapist, 650 hours; sports scientist",
        "Marco teaches strength in small, exact steps.",
    ),
    "Helena Brandt": (
        "helena",
        "Yoga therapist, 500 hours; nurse",
        "Helena teaches on the chair and on the mat, for people who are careful with themselves.",
    ),
}

YOGA_THERAPY, SEATED, STRENGTH, FIRST_AID = (
    "Therapeutic yoga for the back",
    "Seated practice",
    "Strength training for the back",
    "First aid",
)

QUALIFICATIONS = {
    YOGA_THERAPY: "At least 500 hours of training in yoga therapy, with a supervised practice.",
    SEATED: "Teaching on and at the chair, also for people who do not get down to the floor.",
    STRENGTH: "Building up strength around the spine, with and without pain in the past.",
    FIRST_AID: "",
}

CERTIFICATES: dict[str, dict[str, int | None]] = {  # days from today until it ends
    "Asha Lindqvist": {YOGA_THERAPY: None, SEATED: None, STRENGTH: 500, FIRST_AID: 420},
    "Marco Ferreira": {YOGA_THERAPY: None, STRENGTH: 640, FIRST_AID: 19},
    "Helena Brandt": {YOGA_THERAPY: None, SEATED: None, FIRST_AID: 300},
}

ASKED_FOR = {  # by class type; all others ask for the therapy of backs alone
    "Chair Yoga": [YOGA_THERAPY, SEATED],
    "Steady Core": [YOGA_THERAPY, STRENGTH],
    "Strong Back": [YOGA_THERAPY, STRENGTH],
}

BRING = "Comfortable clothes and warm socks. Mats, chairs and blankets are here."

CLASS_TYPES = [
    Taught(
        "Gentle Back Care",
        Level.GENTLE,
        [FocusArea.FLEXIBILITY_AND_MOBILITY, FocusArea.MUSCLE_TENSION, FocusArea.CUSTOMIZATION],
        60,
        8,
        1800,
        "Slow movement on the mat: cat and cow, gentle twists, supported rest. Each pose comes in three versions, "
        "and you choose yours.",
        "Good for a first class, and for days on which your back complains.",
        "Not in the first days after an acute injury. If pain runs down a leg, ask your doctor first.",
        BRING,
    ),
    Taught(
        "Steady Core",
        Level.STEADY,
        [FocusArea.CORE_STRENGTH, FocusArea.ALIGNMENT],
        60,
        10,
        1800,
        "Bridges, planks on the knees, balance on all fours: the muscles around the spine learn to share the work.",
        "For people without acute pain who want a back they can rely on.",
        "Not with an untreated hernia or in the first weeks after surgery.",
        BRING,
    ),
    Taught(
        "Morning Mobility",
        Level.GENTLE,
        [FocusArea.FLEXIBILITY_AND_MOBILITY, FocusArea.BLOOD_CIRCULATION],
        45,
        10,
        1400,
        "Forty-five minutes that take the night out of hips, shoulders and spine before the day begins.",
        "For stiff mornings and long days at a desk.",
        "Please tell us when you feel dizzy on getting up quickly.",
        BRING,
    ),
    Taught(
        "Breathe and Release",
        Level.GENTLE,
        [FocusArea.MUSCLE_TENSION, FocusArea.STRESS_AND_ANXIETY],
        60,
        12,
        1600,
        "Long, well-supported poses and guided breathing. Little effort, much letting go.",
        "When stress sits in neck and lower back, or sleep is short.",
        "Lying still can be hard at first; a chair is always at hand.",
        BRING,
    ),
    Taught(
        "Chair Yoga",
        Level.GENTLE,
        [FocusArea.CUSTOMIZATION, FocusArea.ALIGNMENT, FocusArea.BLOOD_CIRCULATION],
        45,
        8,
        1400,
        "Everything sitting or standing at a chair. Nobody has to get down to the floor.",
        "For everyone who is not at ease on the mat: after a long break, with stiff knees, at any age.",
        "Nothing in particular. Tell us what to mind.",
        "Shoes with a firm sole.",
    ),
    Taught(
        "Posture Practice",
        Level.STEADY,
        [FocusArea.ALIGNMENT, FocusArea.CORE_STRENGTH, FocusArea.CUSTOMIZATION],
        90,
        8,
        2800,
        "A small group, ninety minutes, a look at how you stand, sit and lift, and what to change about it.",
        "For people who sit or stand all day and want to understand their posture.",
        "Not during an acute episode of pain.",
        BRING,
    ),
    Taught(
        "Strong Back",
        Level.STRONG,
        [FocusArea.CORE_STRENGTH, FocusArea.BLOOD_CIRCULATION],
        60,
        10,
        1800,
        "Standing sequences at a brisk pace, with time to warm up and to cool down.",
        "For people who are free of pain and want to stay so.",
        "Not with acute pain, high blood pressure that is not treated, or in pregnancy.",
        BRING,
    ),
    Taught(
        "Open Relaxation",
        Level.GENTLE,
        [FocusArea.STRESS_AND_ANXIETY],
        30,
        14,
        0,
        "Half an hour of guided rest, free of charge. A good way to get to know the house.",
        "Everybody.",
        "",
        "",
    ),
]

WEEK = [
    Weekly(0, time(8, 0), "Morning Mobility", "Asha Lindqvist", "Garden Room"),
    Weekly(0, time(10, 0), "Chair Yoga", "Helena Brandt", "Quiet Room"),
    Weekly(0, time(18, 0), "Gentle Back Care", "Asha Lindqvist", "Quiet Room"),
    Weekly(0, time(19, 30), "Steady Core", "Marco Ferreira", "Hall"),
    Weekly(1, time(9, 0), "Gentle Back Care", "Helena Brandt", "Quiet Room"),
    Weekly(1, time(17, 30), "Posture Practice", "Marco Ferreira", "Hall"),
    Weekly(1, time(18, 0), "Breathe and Release", "Asha Lindqvist", "Garden Room"),
    Weekly(2, time(8, 0), "Morning Mobility", "Helena Brandt", "Garden Room"),
    Weekly(2, time(10, 30), "Chair Yoga", "Asha Lindqvist", "Quiet Room"),
    Weekly(2, time(18, 30), "Strong Back", "Marco Ferreira", "Hall"),
    Weekly(2, time(12, 0), "Posture Practice", "Asha Lindqvist", "Quiet Room", publishes=False),
    Weekly(3, time(9, 0), "Gentle Back Care", "Asha Lindqvist", "Quiet Room"),
    Weekly(3, time(17, 0), "Steady Core", "Marco Ferreira", "Garden Room"),
    Weekly(3, time(19, 0), "Breathe and Release", "Helena Brandt", "Garden Room"),
    Weekly(4, time(8, 0), "Morning Mobility", "Marco Ferreira", "Hall"),
    Weekly(4, time(10, 0), "Gentle Back Care", "Helena Brandt", "Quiet Room"),
    Weekly(4, time(16, 30), "Open Relaxation", "Asha Lindqvist", "Hall"),
    Weekly(5, time(10, 0), "Steady Core", "Marco Ferreira", "Hall"),
    Weekly(5, time(11, 30), "Breathe and Release", "Asha Lindqvist", "Garden Room"),
    Weekly(6, time(17, 0), "Gentle Back Care", "Helena Brandt", "Quiet Room"),
    Weekly(6, time(18, 30), "Open Relaxation", "Asha Lindqvist", "Garden Room"),
]

PATIENTS = [
    "Ingrid Sommer",
    "Tomas Havel",
    "Ruth Okafor",
    "Bernd Krüger",
    "Marie-Luise Adler",
    "Jonas Weidner",
    "Fatima El Amrani",
    "Peter Nowak",
    "Sabine Vogt",
    "Daniel Osei",
    "Christa Lehmann",
    "Miguel Santos",
    "Annegret Pohl",
    "Viktor Petrov",
    "Lena Hartung",
    "George Papadakis",
    "Hannelore Busch",
    "Samira Haddad",
    "Wolfgang Reuter",
    "Ewa Zielińska",
    "Karl Nilsson",
    "Gabriele Thoma",
    "Dieter Falk",
    "Nadia Benali",
]

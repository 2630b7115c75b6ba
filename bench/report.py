"""How a figure is printed."""

import json


def report(name: str, unit: str, value: float, floor: float, ratio: float) -> None:
    """Print one figure. The ratio is 1 at the floor, and less for whatever is slower."""
    figures = {"value": round(value, 1), "unit": unit, "floor": round(floor, 1), "ratio": round(ratio, 2)}
    print(json.dumps({"bench": name, **figures}), flush=True)

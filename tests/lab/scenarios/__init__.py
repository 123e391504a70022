"""Every module here declares scenarios in a tuple named SCENARIOS."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from tests.lab.model import Scenario


@cache
def catalogue() -> dict[str, Scenario]:
    """Return all scenarios by name."""
    found: dict[str, Scenario] = {}
    for module in pkgutil.iter_modules(__path__):
        for scenario in importlib.import_module(f"{__name__}.{module.name}").SCENARIOS:
            if scenario.name in found:
                raise ValueError(f"two scenarios are named {scenario.name}")
            found[scenario.name] = scenario
    return found

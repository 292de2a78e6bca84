"""What is wrong with one parameter."""

from __future__ import annotations

from geo_service.errors import FieldFault, Malformed


def malformed(name: str, detail: str) -> Malformed:
    """The answer to one faulty parameter, naming it."""
    return Malformed(f"{name}: {detail}", errors=[FieldFault(name, detail)])

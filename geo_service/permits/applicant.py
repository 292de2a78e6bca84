"""Who asks: personal data, for the applicant and the clerks of the town only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Applicant:
    """Name and ways to reach the person or firm."""

    name: str
    email: str | None = None
    phone: str | None = None
    address: str | None = None

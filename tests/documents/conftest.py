"""The application with keys and a pen, and papers to add."""

from __future__ import annotations

from tests.permits.conftest import desk, open_desk, standing_desk

__all__ = ["desk", "open_desk", "standing_desk"]

"""The application with keys and a pen, as the tests of permits use it."""

from __future__ import annotations

from tests.permits.conftest import desk, open_desk

__all__ = ["desk", "open_desk"]

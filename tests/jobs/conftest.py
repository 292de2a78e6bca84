"""The desk of the cases, and the scenery of the conflict rules."""

from tests.conflicts.conftest import scenery
from tests.permits.conftest import desk, open_desk

__all__ = ["desk", "open_desk", "scenery"]

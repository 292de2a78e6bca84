from __future__ import annotations

from tests.permits.conftest import open_desk

__all__ = ["open_desk"]

"""The scenes and databases of the rule cases."""

from tests.conflicts.conftest import databases, engines, scenery

__all__ = ["databases", "engines", "scenery"]

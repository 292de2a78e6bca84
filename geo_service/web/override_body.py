"""A finding that a supervisor sets aside, as a client states it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from geo_service.conflicts.override import Override
from geo_service.web.storable import StorableBody


class OverrideBody(StorableBody):
    """A finding that is set aside."""

    finding: Annotated[str, StringConstraints(max_length=100)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)]

    def to_override(self) -> Override:
        """The same as a value of the house."""
        return Override(finding=self.finding, reason=self.reason)


# Of a change of a site, an event or a detour; a new one has no findings yet that could be named.
StatedOverrides = Annotated[list[OverrideBody], Field(max_length=200, default_factory=list)]

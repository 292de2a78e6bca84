"""The simplified copy of a town's published data that a map on disk carries."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson
from sqlalchemy.orm import Session

from geo_service.errors import Invalid
from geo_service.mapview.standalone import fits
from geo_service.sql.loader import statements, text

# Left out, from the last, until the copy is small enough.
_KINDS = ("federal", "state", "district", "street", "pedestrian", "service", "path")
_LEAST_KINDS = 3


def embedded_data(session: Session, town: str, *, today: date) -> dict[str, Any]:
    """Streets, features by layer, the boundary (key `focus`), all CRS84. Raises Invalid if far too much."""
    named = statements("pages")
    data: dict[str, Any] = {}
    for row in session.execute(text(named["list_features_to_embed"]), {"town": town, "today": today}):
        data.setdefault(row.layer, []).append(orjson.loads(row.feature))
    boundary = session.execute(text(named["get_boundary_to_embed"]), {"town": town}).scalar_one()
    data["focus"] = orjson.loads(boundary)
    for count in range(len(_KINDS), _LEAST_KINDS - 1, -1):
        data["streets"] = _streets(session, town, _KINDS[:count])
        if fits(data):
            return data
    raise Invalid("The town has too much data for a map on disk; serve it instead.")


def _streets(session: Session, town: str, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = session.execute(
        text(statements("streets")["list_streets_to_embed"]), {"town": town, "kinds": list(kinds)}
    )
    return [{"k": row.kind, "n": row.name, "l": orjson.loads(row.line)["coordinates"]} for row in rows]

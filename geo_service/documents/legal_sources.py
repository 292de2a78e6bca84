"""Which provisions a notice names: labels as ../domain knows them; their wording is the town's affair."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from geo_service.occupations.use_types import use_types

_TRAFFIC_LAW = {
    "strassenfest": "§ 29 Abs. 2 StVO",
    "veranstaltung": "§ 29 Abs. 2 StVO",
}


def legal_sources(case: Mapping[str, Any], decision: str, road_classes: Collection[str]) -> list[str]:
    """The provisions behind a decision on `case` (permit_document.py).

    road_classes: of the streets that the area touches. On a federal road within the built-up area the town
    decides under federal law.
    """
    use = use_types()[case["use_type"]]
    found = []
    if use.led_by == "traffic_law":
        found += [
            _TRAFFIC_LAW.get(use.code, "§ 46 Abs. 1 Nr. 8 in Verbindung mit § 32 StVO"),
            "§ 8 Abs. 6 FStrG",
        ]
    if "bundesstrasse" in road_classes:
        found.append("§ 8 Abs. 1 und 2 FStrG")
    if not road_classes or set(road_classes) - {"bundesstrasse"}:
        found.append("§ 16 HStrG")
        if set(road_classes) & {"landesstrasse", "kreisstrasse"}:
            found.append("§ 17 HStrG")
    if decision == "granted" and case.get("fee"):
        found.append("§ 18 HStrG")
    if decision == "granted" and (case.get("traffic_order") or case["restriction"] != "none"):
        found += ["§ 45 Abs. 6 StVO", "RSA 21"]
    return found

"""A real server behind a proxy: who is trusted, what links say, who is counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.setup.conftest import Served

FORWARDED = {
    "X-Forwarded-Host": "geo.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/strasse",
}
CHECK = {
    "type": "Feature",
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[8.6, 49.7], [8.6001, 49.7], [8.6001, 49.7001], [8.6, 49.7]]],
    },
    "properties": {"use_type": "geruest", "from": "2027-05-01", "until": "2027-05-02"},
}


@pytest.mark.parametrize(
    ("trusted", "base"), [("127.0.0.0/8", "https://geo.example/strasse"), ("10.0.0.0/8", None)]
)
def test_forwarded_headers_count_from_trusted_proxies_only(
    home: Path, start: Callable[..., Served], trusted: str, base: str | None
) -> None:
    served = start(home, GEO_SERVICE_TRUSTED_PROXIES=trusted, GEO_SERVICE_RATE_CHECKS="1/minute")
    links = httpx.get(f"{served.address}/ogc?f=json", headers=FORWARDED, timeout=20).json()["links"]
    assert {link["href"].startswith(f"{base or served.address}/") for link in links} == {True}

    def check(client: str) -> int:
        headers = {**FORWARDED, "X-Forwarded-For": client}
        return httpx.post(
            f"{served.address}/api/v1/conflict-checks", json=CHECK, headers=headers, timeout=20
        ).status_code

    answers = [check("198.51.100.1"), check("198.51.100.2"), check("198.51.100.1, 198.51.100.2")]
    assert answers == ([200, 200, 429] if base else [200, 429, 429])

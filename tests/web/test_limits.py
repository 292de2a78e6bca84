"""Who is counted, behind which proxy, and what settings of rates are accepted."""

from __future__ import annotations

import time

import pytest
from starlette.requests import Request

from geo_service.errors import SetupError, TooMany
from geo_service.settings import Settings
from geo_service.web.limits import Rates, client_address


def asked(peer: str, forwarded: str = "") -> Request:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    return Request({"type": "http", "headers": headers, "client": (peer, 1)})


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),  # no trusted proxy: what it says is worth nothing
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "192.0.2.1, 203.0.113.9", "203.0.113.9"),  # the first one may be invented
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("testclient", "", "testclient"),
    ],
)
def test_the_client_is_found_behind_trusted_proxies_only(peer: str, forwarded: str, counted: str) -> None:
    rates = Rates(Settings(_env_file=None, trusted_proxies="10.0.0.0/8"))
    assert client_address(asked(peer, forwarded), rates.proxies) == counted


def test_each_address_and_each_kind_counts_for_itself() -> None:
    rates = Rates(Settings(_env_file=None, rate_checks="2/min", rate_filings="1/hour"))
    for client in ("a", "b"):
        rates.count("checks", rates.checks, client)
        rates.count("checks", rates.checks, client)
        rates.count("filings", rates.filings, client)
    with pytest.raises(TooMany) as refused:
        rates.count("checks", rates.checks, "a")
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    "settings", [{"rate_checks": "many"}, {"rate_filings": "5"}, {"trusted_proxies": "proxy"}]
)
def test_a_wrong_setting_stops_the_start(settings: dict[str, str]) -> None:
    with pytest.raises(SetupError, match="GEO_SERVICE_"):
        Rates(Settings(_env_file=None, **settings))  # type: ignore[arg-type]


def test_counting_starts_one_thread_a_second_and_no_more() -> None:
    rates = Rates(Settings(_env_file=None, rate_checks="1000/second"))
    first = rates.limiter.storage.timer
    for number in range(200):
        rates.count("checks", rates.checks, f"192.0.2.{number}")
        time.sleep(0.001)
    assert rates.limiter.storage.timer is first
    assert first.daemon
    first.join(5)
    rates.count("checks", rates.checks, "192.0.2.1")
    second = rates.limiter.storage.timer
    assert second is not first
    second.join(5)
    assert sum(map(len, rates.limiter.storage.events.values())) <= 1  # what has expired is gone

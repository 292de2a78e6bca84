"""Whatever is refused stands in the log with its status: one line each, without a word about a person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.permits.conftest import VIERNHEIM, Desk
from tests.permits.life import of_case
from tests.privacy.conftest import PERSON

STEPS = "/api/v1/permits/{reference}/transitions"
WHY = f"Weil {PERSON['name']} es so will"
Refused = tuple[str, str, int, dict[str, Any]]  # a name for it, the route, the status, what is sent


@pytest.fixture
def cases(desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    """One in review with a granted one in its way, and another one in review that nothing stands against."""
    first, blocked, free = (desk.file(x, 0, applicant=PERSON) for x in (0, 1, 60))
    assert desk.grant(first).status_code == 200
    for receipt in (blocked, free):
        assert desk.move(receipt["reference"], "in_review").status_code == 200
    return blocked, free


def refusals(desk: Desk, blocked: dict[str, Any], free: dict[str, Any]) -> list[Refused]:
    """What issue and table of states call bad input, as a client sends it."""
    (finding,) = [
        one["id"] for one in of_case(desk, blocked["reference"])["findings"] if one["severity"] == "block"
    ]
    leader, clerk, neighbour = desk.key("supervisor"), desk.key(), desk.key(town=VIERNHEIM)
    over = [{"finding": finding, "reason": WHY}]

    def step(receipt: dict[str, Any], headers: dict[str, str], **body: Any) -> dict[str, Any]:
        return {"url": STEPS.format(**receipt), "json": body, "headers": headers}

    liar = {
        "url": f"/api/v1/permits/{free['reference']}/documents", "headers": {"X-Permit-Token": free["token"]},
        "files": {"file": (f"{PERSON['name']}.pdf", b"MZ no paper", "application/pdf")},
    }  # fmt: skip
    lines = desk.body(120, applicant={**PERSON, "email": f"{PERSON['email']}\r\nBcc: x@y.example"})
    years = desk.body(120, applicant=PERSON, until="2090-01-01")
    filing, desk_page = "/api/v1/permits", "/towns/{slug}/desk/cases/{reference}"
    typed = {"version": of_case(desk, blocked["reference"])["version"], "to": "granted", "reason": WHY}
    at_desk = {"url": desk_page.format(slug="bensheim", **blocked), "data": typed}
    return [
        ("a blocking finding", STEPS, 409, step(blocked, clerk, to="granted", reason=WHY)),
        ("a blocking finding, at the desk", desk_page, 409, {**at_desk, "headers": clerk}),
        ("a clerk of another town", STEPS, 404, step(blocked, neighbour, to="granted", reason=WHY)),
        ("the same, at the desk", desk_page, 403, {**at_desk, "headers": neighbour}),
        ("a step of the table that is none", STEPS, 409, step(free, clerk, to="active", reason=WHY)),
        ("an override by a clerk", STEPS, 403, step(blocked, clerk, to="granted", overrides=over)),
        ("an override without reason", STEPS, 422,
         step(blocked, leader, to="granted", overrides=[{"finding": finding, "reason": " "}])),
        ("a rejection without reason", STEPS, 422, step(free, clerk, to="rejected")),
        ("the token of another case", STEPS, 404,
         step(free, {"X-Permit-Token": blocked["token"]}, to="withdrawn", reason=WHY)),
        ("a key that is none", STEPS, 401, step(free, {"Authorization": f"Bearer {PERSON['email']}"}, to="granted")),
        ("a paper that lies about its type", "/api/v1/permits/{reference}/documents", 422, liar),
        ("an address with a second line", filing, 422, {"url": filing, "json": lines}),
        ("a period of decades", filing, 422, {"url": filing, "json": years}),
    ]  # fmt: skip


def test_each_refusal_is_one_line_with_its_status(
    desk: Desk,
    served: tuple[str, Path],
    cases: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    address, log = served
    before = [of_case(desk, receipt["reference"]) for receipt in cases]
    sent: dict[str, tuple[str, str, int]] = {}
    with httpx.Client(base_url=address, timeout=20) as client:
        for number, (name, route, status, request) in enumerate(refusals(desk, *cases)):
            mark = f"refusal-{number:04}"
            request["headers"] = {**request.get("headers", {}), "X-Request-ID": mark}
            answer = client.post(**request)
            assert answer.status_code == status, (name, answer.text)
            sent[mark] = (name, route, status)
    written = log.read_text()
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    for mark, (name, route, status) in sent.items():
        (line,) = [one for one in lines if one.get("request_id") == mark]
        assert (line["event"], line["method"], line["route"], line["status"]) == (
            "request",
            "POST",
            route,
            status,
        ), name
    secrets = [receipt["token"] for receipt in cases] + [key["Authorization"][7:] for key in (desk.key(),)]
    for word in (
        *PERSON.values(),
        "Zwetschgenbaum",
        "zwetschge",
        *secrets,
        *(one["reference"] for one in cases),
    ):
        assert word not in written, f"{word!r} is in the log"
    after = [of_case(desk, receipt["reference"]) for receipt in cases]
    assert after == before  # refused, and nothing changed

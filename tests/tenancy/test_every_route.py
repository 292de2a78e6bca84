"""Every route of the application, found in its own list, as everybody whose business it is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from httpx import Response
from psycopg import sql

from geo_service.identity.secrets import csrf_token
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk
from tests.privacy.everywhere import _TABLES, superuser
from tests.tenancy.entries import Entry, entries, filled, parameters
from tests.tenancy.scene import TownScene, missing

Route = tuple[str, str]
OFFICE = "an office that was asked"
# What changes with every request, whoever asks: last uses, sign-ins, the queue's heartbeat.
_RESTLESS = {
    "api_key",
    "sign_in",
    "procrastinate_workers",
    "procrastinate_events",
    "procrastinate_jobs",
    "procrastinate_periodic_defers",
}
# These begin or end a sign-in and look after themselves (tests/identity).
_OF_SIGN_IN = {"/sign-in", "/sign-in/provider", "/sign-in/callback"}


def routes(desk: Desk) -> list[Route]:
    """Method and path of everything that is served; a mount counts as GET."""
    found = set()
    for one in iter_route_contexts(desk.app.routes):
        for method in getattr(one, "methods", None) or {"GET"}:
            if method not in ("HEAD", "OPTIONS"):
                found.add((method, str(one.path)))
    return sorted(found)


@pytest.fixture(scope="module")
def known(desk: Desk, towns: dict[str, TownScene]) -> dict[Route, Entry]:
    """The entries of Bensheim's things; fails with what is missing."""
    listed = entries(desk, towns[BENSHEIM])
    served = routes(desk)
    missing(
        "Routes that the walk does not know", [f"{method} {path}" for method, path in served if (method, path) not in listed],
        "Say in tests/tenancy/entries.py for whom each is and what has to be sent.",
    )  # fmt: skip
    missing(
        "Entries without a route", [f"{method} {path}" for method, path in listed if (method, path) not in served],
        "Take them out of tests/tenancy/entries.py.",
    )  # fmt: skip
    words = []
    for _, path in served:
        try:
            parameters(path, towns[BENSHEIM])
        except KeyError as error:
            words.append(f"{error.args[0]} in {path}")
    missing(
        "Words in braces that stand for nothing",
        words,
        "Add them to `parameters` in tests/tenancy/entries.py.",
    )
    return listed


def ask(desk: Desk, route: Route, entry: Entry, scene: TownScene, **more: Any) -> Response:
    """One request for this town's own thing."""
    method, path = route
    headers = {"If-Match": "*"} if method in ("PUT", "PATCH", "DELETE") else {}
    sends = {**entry.sends, "params": {**entry.sends.get("params", {}), **more.get("params", {})}}
    return desk.client.request(
        method,
        filled(path, scene),
        headers={**headers, **more.get("headers", {})},
        follow_redirects=False,
        **sends,
    )


def strangers(desk: Desk, towns: dict[str, TownScene]) -> dict[str, dict[str, Any]]:
    """Who asks, and how: keys of others, the token of another case in every way it can be sent."""
    token = towns[BENSHEIM].other_case["token"]
    return {
        "the public": {},
        "the other town's administration": {"headers": desk.key("admin", VIERNHEIM)},
        "a reader": {"headers": desk.key("reader", None)},
        "a reader of this town": {"headers": desk.key("reader", BENSHEIM)},
        "the operator": {"headers": desk.key("operator", None)},
        "another applicant": {"headers": {"X-Permit-Token": token}},
        "another applicant's link": {"params": {"token": token}},
        "another applicant's cookie": {
            "headers": {"Cookie": f"geo_service_case={token}; geo_service_consultation={token}"}
        },
        OFFICE: {"headers": {"X-Permit-Token": towns[BENSHEIM].office_token}},
    }


def fingerprint(desk: Desk) -> dict[str, str]:
    """Of the rows of every table, as the superuser."""
    found = {}
    with superuser(desk.database) as connection:
        for name, _ in connection.execute(_TABLES).fetchall():
            if name not in _RESTLESS:
                read = sql.SQL(
                    "SELECT md5(coalesce(string_agg(CAST(t AS text), '|' ORDER BY CAST(t AS text)), '')) FROM {} AS t"
                )
                (found[name],) = connection.execute(read.format(sql.Identifier(name))).fetchone() or ("",)
    return found


def test_a_fingerprint_sees_a_change(desk: Desk, towns: dict[str, TownScene]) -> None:
    before = fingerprint(desk)
    answer = desk.client.post(
        f"/api/v1/permits/{towns[BENSHEIM].other_case['reference']}/notes",
        json={"text": "x"},
        headers=desk.key(),
    )
    assert answer.status_code == 201
    after = fingerprint(desk)
    assert {name for name in before if before[name] != after[name]} == {"case_note"}


def said(answer: Response, scene: TownScene, asked: str) -> list[str]:
    """The secrets in an answer; what was in the question itself is no news."""
    text = answer.text + str(answer.headers)
    return [word for word in scene.secrets if word in text and word not in asked]


def is_for_every_desk(answer: Response, scene: TownScene) -> bool:
    """True for what another desk may get of its own; False as soon as something of this town is in it."""
    theirs = not any(one in answer.text for one in scene.objects.values())
    return answer.status_code in (200, 403, 422) and theirs


def test_strangers_get_nothing_and_change_nothing(
    desk: Desk, towns: dict[str, TownScene], known: dict[Route, Entry]
) -> None:
    scene, faults, before = towns[BENSHEIM], [], fingerprint(desk)
    who_asks = strangers(desk, towns)
    for route, entry in known.items():
        if entry.whose == "public":
            continue
        for who, how in who_asks.items():
            if entry.whose == "own" and "other town" in who and route[0] != "GET":
                continue  # it enters something of its own
            if entry.whose == "asked" and who == OFFICE:
                continue
            answer = ask(desk, route, entry, scene, **how)
            fits = entry.whose == "own" and "other town" in who and is_for_every_desk(answer, scene)
            if answer.status_code not in entry.shuts and not fits:
                faults.append(
                    f"{' '.join(route)}: {who} is answered {answer.status_code}: {answer.text[:200]}"
                )
            if words := said(answer, scene, filled(route[1], scene)):
                faults.append(f"{' '.join(route)}: {who} reads {words}")
    missing("Routes that answer strangers", faults, "They have to ask whose desk or case it is.")
    after = fingerprint(desk)
    assert {name for name in before if before[name] != after[name]} == set(), (
        "strangers have changed something"
    )


def test_a_clerk_is_no_administration_and_nobody_with_a_key_is_the_applicant(
    desk: Desk, towns: dict[str, TownScene], known: dict[Route, Entry]
) -> None:
    scene, faults = towns[BENSHEIM], []
    for route, entry in known.items():
        if entry.whose == "admin":
            status = ask(desk, route, entry, scene, headers=desk.key("supervisor")).status_code
            faults += [] if status == 403 else [f"{' '.join(route)}: a supervisor is answered {status}"]
        if entry.whose in ("desk", "admin"):
            mine = {
                "X-Permit-Token": scene.case["token"],
                "Cookie": f"geo_service_case={scene.case['token']}",
            }
            answer = ask(desk, route, entry, scene, headers=mine)
            if answer.status_code not in entry.shuts:
                faults.append(f"{' '.join(route)}: the applicant is answered {answer.status_code}")
    missing(
        "Routes that answer people of the town for whom they are not",
        faults,
        "Use require_desk or require_admin.",
    )


def test_what_is_public_holds_nothing_private(
    desk: Desk, towns: dict[str, TownScene], known: dict[Route, Entry]
) -> None:
    faults = []
    for route, entry in known.items():
        if entry.whose != "public":
            continue
        for who, how in strangers(desk, towns).items():
            answer = ask(desk, route, entry, towns[BENSHEIM], **how)
            if answer.status_code >= 500 and not (route[1] == "/health/ready" and answer.status_code == 503):
                faults.append(f"{' '.join(route)}: {answer.status_code} for {who}")
            if words := said(answer, towns[BENSHEIM], ""):
                faults.append(f"{' '.join(route)}: {who} reads {words}")
    missing("Public answers with something private in them", faults, "Cut it to the caller.")


def test_a_cookie_alone_never_writes(
    desk: Desk, towns: dict[str, TownScene], known: dict[Route, Entry]
) -> None:
    """The forms of a signed-in browser carry its token; those of an applicant come from our own page."""
    key = desk.key("admin")["Authorization"].removeprefix("Bearer ")
    cookie = desk.client.post("/sign-in", data={"key": key}, follow_redirects=False).cookies[
        "geo_service_sign_in"
    ]
    desk.client.cookies.clear()
    faults, before = [], fingerprint(desk)
    scene = towns[BENSHEIM]
    for route, entry in known.items():
        if route[0] == "GET" or route[1] in _OF_SIGN_IN or entry.whose == "nobody":
            continue
        signed = {"Cookie": f"geo_service_sign_in={cookie}"}
        for headers in (signed, {**signed, "X-CSRF-Token": csrf_token("another cookie")}):
            if (status := ask(desk, route, entry, scene, headers=headers).status_code) != 403:
                faults.append(f"{' '.join(route)}: {status} with a sign-in cookie alone")
        if not route[1].startswith("/api/") and entry.whose in ("applicant", "asked", "case"):
            mine = {"Cookie": f"geo_service_case={scene.case['token']}", "Sec-Fetch-Site": "cross-site"}
            if (status := ask(desk, route, entry, scene, headers=mine).status_code) != 403:
                faults.append(f"{' '.join(route)}: {status} for a form of another site")
    missing(
        "Writing routes that a page of another site could make a browser use",
        faults,
        "Use CurrentCaller or refuse_other_site.",
    )
    after = fingerprint(desk)
    assert {name for name in before if before[name] != after[name]} == set()


def owners(desk: Desk, scene: TownScene, entry: Entry) -> Iterator[dict[str, Any]]:
    """For whom it is; `public` for nobody in particular."""
    token = scene.case["token"]
    if entry.whose in ("own", "desk", "case", "asked"):
        yield {"headers": desk.key("supervisor")}
    if entry.whose == "admin":
        yield {"headers": desk.key("admin")}
    if entry.whose in ("applicant", "case"):
        yield {"headers": {"X-Permit-Token": token, "Cookie": f"geo_service_case={token}"}}
    if entry.whose in ("public", "nobody"):
        yield {}


def _gentle_first(one: tuple[Route, Entry]) -> tuple[int, bool]:
    """Reading first, removing last; a finding may go with what happens to its case."""
    return ("GET", "PATCH", "POST", "PUT", "DELETE").index(one[0][0]), "finding" not in one[0][1]


def test_the_walk_knocks_at_the_right_doors(
    desk: Desk, towns: dict[str, TownScene], known: dict[Route, Entry]
) -> None:
    """Last, for it changes things: whose it is gets further than every stranger with the same request."""
    faults = []
    for route, entry in sorted(known.items(), key=_gentle_first):
        if route[1] in _OF_SIGN_IN:
            continue
        well: tuple[int, ...] = (200, 204, 304, 307) if route[0] == "GET" else (200, 201, 204, 303, 409, 412)
        answers = [
            ask(desk, route, entry, towns[BENSHEIM], **how) for how in owners(desk, towns[BENSHEIM], entry)
        ]
        if entry.whose == "nobody":
            well = entry.shuts
        if not any(answer.status_code in well for answer in answers):
            faults.append(f"{' '.join(route)}: {[(one.status_code, one.text[:200]) for one in answers]}")
    missing(
        "Requests that are wrong, whoever sends them", faults, "Correct `sends` in tests/tenancy/entries.py."
    )

"""What an applicant states of themselves stands in one table and in no line of any log, through a whole case."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from psycopg.conninfo import conninfo_to_dict

from geo_service.db.local_cluster import LocalCluster
from tests.permits.conftest import BENSHEIM, Desk, open_desk, opened_desks  # noqa: F401
from tests.privacy.everywhere import places_that_say
from tests.setup.conftest import PATIENCE_S, environment

PERSON = {"name": "Zacharias Zwetschgenbaum", "email": "zz@zwetschge.example", "phone": "06251 987654", "address": "Pflaumengasse 7"}  # fmt: skip
WORDS = tuple(PERSON.values())
# Tables in which a copy of what the applicant stated has to be, and why; test_retention.py finds it gone with the person.
COPIES = {
    "case_words": "the name, for the desk's search: without an index of its own a search reads every case of the town",
    "message": "the address: a message is the record of what was sent to whom, also after the applicant has another one",
}


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:  # noqa: F811
    return open_desk()


@pytest.fixture
def served(cluster: LocalCluster, desk: Desk, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A real server with its worker on the same database; its address and everything it writes."""
    database = str(conninfo_to_dict(desk.database.owner)["dbname"])
    log = tmp_path / "log"
    with log.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "geo_service", "serve", "--port", "0"], cwd="/", text=True,
            stdout=subprocess.PIPE, stderr=written,
            env=environment(tmp_path, GEO_SERVICE_DATABASE_URL=cluster.conninfo(database, "postgres")),
        )  # fmt: skip
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1].rstrip("/"), log
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def cluster_log(cluster: LocalCluster) -> str:
    return "".join(path.read_text(errors="replace") for path in (cluster.data / "log").glob("*.log"))


def whole_case(desk: Desk, address: str) -> list[str]:
    """File, be asked, answer, be granted, and every way to get it wrong; the secrets that were given out."""
    with httpx.Client(base_url=address, timeout=20) as client:
        once = {"Idempotency-Key": "filing-1"}
        body = desk.body(applicant=PERSON)
        receipt = client.post("/api/v1/permits", json=body, headers=once).json()
        assert client.post("/api/v1/permits", json=body, headers=once).json() == receipt
        path, token, key = f"/api/v1/permits/{receipt['reference']}", receipt["token"], desk.key()
        page = client.get(f"/permits/{receipt['reference']}", params={"token": token}, follow_redirects=True)
        assert PERSON["name"] in page.text
        mine = client.get(f"/permits/{receipt['reference']}/my-data")
        assert (
            mine.json()["applicant"]["email"] == PERSON["email"]
            and "attachment" in mine.headers["content-disposition"]
        )

        def step(to: str, headers: dict[str, str], **more: str) -> httpx.Response:
            answer = client.post(
                f"{path}/transitions",
                json={"to": to, **more},
                headers={**headers, "Idempotency-Key": to + str(more)},
            )
            assert answer.status_code == 200, answer.text
            return answer

        assert PERSON["email"] in step("in_review", key).text  # an answer that is kept holds the person
        step("more_information_needed", key, reason="Wie hoch?")
        mine_only = {"X-Permit-Token": token}
        answer = client.put(
            path, json=desk.body(applicant=PERSON, height_to_m=8), headers={**mine_only, "If-Match": "*"}
        )
        assert answer.status_code == 200, answer.text
        step("in_review", mine_only, reason="8 m")
        step("granted", key)
        wrong: list[dict[str, Any]] = [
            desk.body(applicant={**PERSON, "email": f"{PERSON['email']}\x00"}),
            desk.body(applicant={**PERSON, "name": PERSON["name"] * 300}),
            desk.body(applicant={**PERSON, PERSON["name"]: 1}),
            desk.body(applicant=PERSON, use_type=PERSON["name"]),
        ]
        for one in wrong:
            assert client.post("/api/v1/permits", json=one).status_code == 422
        asked = {"q": PERSON["name"], "token": token}
        for address_with_words in (
            f"/api/v1/permits/{PERSON['email']}",
            f"/{PERSON['name']}",
            "/api/v1/permits",
            path,
        ):
            client.get(
                address_with_words, params=asked, headers={"Authorization": f"Bearer {PERSON['email']}"}
            )
        assert client.get("/api/v1/permits", params=asked, headers=key).json()["numberReturned"] == 1
        client.post(
            "/api/v1/permits", content=json.dumps(wrong[0])[:-3], headers={"Content-Type": "application/json"}
        )
    return [token, *(key["Authorization"].removeprefix("Bearer "),)]


def test_one_table_and_no_log_line_knows_the_person(
    desk: Desk, served: tuple[str, Path], cluster: LocalCluster
) -> None:
    address, log = served
    secrets = whole_case(desk, address)
    said = places_that_say(desk.database, (*WORDS, *secrets))
    assert said.pop("applicant") == set(WORDS)
    elsewhere = sorted(set(said) - set(COPIES))
    assert elsewhere == [], (
        f"Data about the applicant stand in {elsewhere}, not only in `applicant`: refer to it by permit_id, or keep what"
        " a client sent encrypted (web/idempotency.py). Where a copy has to be, say in COPIES why, and see that"
        " test_retention.py finds it gone with the person."
    )
    lines = log.read_text()
    assert lines.count('"event":"request"') > 15, lines
    for word in (*WORDS, *secrets):
        assert word not in lines and word not in cluster_log(cluster), f"{word!r} is in a log"


def test_the_own_data_are_for_the_applicant_only(desk: Desk) -> None:
    receipt, other = desk.file(applicant=PERSON), desk.file(100)
    path = f"/api/v1/permits/{receipt['reference']}/my-data"
    answer = desk.client.get(path, headers={"X-Permit-Token": receipt["token"]})
    found = answer.json()
    assert {name: found["applicant"][name] for name in PERSON} == PERSON
    assert found["case"]["properties"]["purpose"] == "Fassade" and found["responsible"]["town"] == BENSHEIM
    assert (found["kept"]["draft_days"], found["kept"]["retention_days"]) == (30, 3650)
    assert answer.headers["cache-control"] == "no-store"
    for headers in ({}, {"X-Permit-Token": other["token"]}, desk.key(), desk.key("reader", None)):
        assert desk.client.get(path, headers=headers).status_code == 404
    assert desk.client.get(f"/permits/{receipt['reference']}/my-data").status_code == 404

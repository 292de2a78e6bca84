"""What an applicant states of themselves stands in one table and in no line of any log, through a whole case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from geo_service.db.local_cluster import LocalCluster
from tests.documents.papers import picture
from tests.messages.conftest import Post
from tests.permits.conftest import BENSHEIM, Desk
from tests.privacy.conftest import PERSON
from tests.privacy.everywhere import places_that_say
from tests.setup.conftest import wait_until

WORDS = tuple(PERSON.values())
# Tables in which a copy of what the applicant stated has to be, and why; test_retention.py finds it gone with the person.
COPIES = {
    "case_document": "the name of a file, as whoever added it calls it",
    "case_notice": "a notice stays as it was written, with whom it was written to",
    "case_words": "the name, for the desk's search: without an index of its own a search reads every case of the town",
    "message": "the address: the record of what was sent to whom, also after the applicant has another one",
}


def mails_to_the_person(post: Post) -> list[str]:
    """What arrived there."""
    return [str(mail.get_content()) for mail in post.mails if mail["To"] == PERSON["email"]]


def cluster_log(cluster: LocalCluster) -> str:
    return "".join(path.read_text(errors="replace") for path in (cluster.data / "log").glob("*.log"))


def add_paper(client: httpx.Client, path: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
    """A file that the applicant has named after themselves."""
    file = {"file": (f"Plan {PERSON['name']}.png", content, "image/png")}
    return client.post(f"{path}/documents", files=file, headers=headers)


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

        mine_only = {"X-Permit-Token": token}
        paper = add_paper(client, path, picture(), mine_only)
        assert paper.status_code == 201, paper.text
        assert add_paper(client, path, PERSON["name"].encode(), mine_only).status_code == 422
        file = client.get(paper.json()["address"], headers=key)
        assert file.status_code == 200 and "Zwetschgenbaum" in file.headers["content-disposition"]

        assert PERSON["email"] in step("in_review", key).text  # an answer that is kept holds the person
        step("more_information_needed", key, reason="Wie hoch?")
        answer = client.put(
            path, json=desk.body(applicant=PERSON, height_to_m=8), headers={**mine_only, "If-Match": "*"}
        )
        assert answer.status_code == 200, answer.text
        step("in_review", mine_only, reason="8 m")
        step("granted", key)
        papers = client.get(f"{path}/documents", headers=mine_only).json()
        for notice in papers["notices"]:
            assert client.get(notice["address"], headers=mine_only).content.startswith(b"%PDF")
        assert client.get(f"{path}/receipt.pdf", headers=mine_only).status_code == 200
        own = client.get(f"{path}/my-data", headers=mine_only).json()
        assert (own["documents"], own["notices"]) == (papers["documents"], papers["notices"])
        assert [one["kind"] for one in own["messages"]] == ["receipt", "question", "granted"]
        assert own["fee_notice"]["cash_reference"]
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
        client.get("/towns/bensheim/desk", params=asked, headers=key)
        client.post(
            "/api/v1/permits", content=json.dumps(wrong[0])[:-3], headers={"Content-Type": "application/json"}
        )
    return [token, *(key["Authorization"].removeprefix("Bearer "),)]


def test_one_table_and_no_log_line_knows_the_person(
    desk: Desk, served: tuple[str, Path], post: Post, cluster: LocalCluster
) -> None:
    address, log = served
    secrets = whole_case(desk, address)
    wait_until(
        lambda: len(mails_to_the_person(post)) == 2
    )  # the question and the grant; the receipt was refused
    assert all(secrets[0] in mail for mail in mails_to_the_person(post))
    assert places_that_say(desk.database, secrets) == {}
    said = places_that_say(desk.database, WORDS)
    assert said.pop("applicant") == set(WORDS)
    elsewhere = sorted(set(said) - set(COPIES))
    assert elsewhere == [], (
        f"Data about the applicant stand in {elsewhere}, not only in `applicant`: refer to it by permit_id, or keep what"
        " a client sent encrypted (web/idempotency.py). Where a copy has to be, say in COPIES why, and see that"
        " test_retention.py finds it gone with the person."
    )
    lines = log.read_text()
    assert lines.count('"event":"request"') > 25 and "message not accepted" in lines, lines
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

"""Every address of a collection with `pending` in it, as everybody: a key of the town sees its requests, others nothing."""

from __future__ import annotations

from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk
from tests.tenancy.entries import filled
from tests.tenancy.scene import TownScene, missing
from tests.tenancy.test_every_route import fingerprint, routes, said, strangers

OWN, OTHER = "a reader of this town", "the other town's administration"
NOT_OFFERED = ("/export", "/tiles")


def addresses(desk: Desk, scene: TownScene) -> list[tuple[str, str, str]]:
    """Method, pattern and address of everything below a collection that is named in the address."""
    return [
        (method, path, filled(path, scene, collection="pending", feature_id=scene.case["permit_id"]))
        for method, path in routes(desk)
        if "{collection}" in path
    ]


def expected(method: str, path: str, who: str) -> int:
    """What somebody is answered; below tiles an unknown parameter (a token) is refused before the name is looked at."""
    if method != "GET":
        return 405
    if "link" in who and path.endswith(("/tiles", "/{tileMatrixSet}")):
        return 400
    if who not in (OWN, OTHER) or any(part in path for part in NOT_OFFERED):
        return 404
    return 404 if who == OTHER and "feature_id" in path else 200


def test_pending_is_there_for_a_key_of_its_town_only(desk: Desk, towns: dict[str, TownScene]) -> None:
    scene, faults, before = towns[BENSHEIM], [], fingerprint(desk)
    walked = addresses(desk, scene)
    assert len(walked) > 10
    for who, how in strangers(desk, towns).items():
        shown = {scene.case["permit_id"], scene.case["reference"]} if who == OWN else set()
        for method, path, address in [
            *walked,
            ("GET", "/ogc/collections", "/ogc/collections"),
            ("GET", "/ogc/api", "/ogc/api"),
        ]:
            answer = desk.client.request(method, address, **how)
            wanted = expected(method, path, who)
            if path in ("/ogc/collections", "/ogc/api"):
                wanted = 400 if "params" in how else 200
                if ("pending" in answer.text) is not (who in (OWN, OTHER)):
                    faults.append(
                        f"{who}: {address} {'names' if 'pending' in answer.text else 'does not name'} it"
                    )
            if answer.status_code != wanted:
                faults.append(f"{who}: {method} {address} is answered {answer.status_code}, not {wanted}")
            if words := set(said(answer, scene, address)) - shown:
                faults.append(f"{who}: {method} {address} says {words}")
    missing("Answers about pending", faults, "See docs/decisions/0023-pending-with-a-key.md.")
    after = fingerprint(desk)
    assert {name for name in before if before[name] != after[name]} == set()


def test_each_town_reads_its_own(desk: Desk, towns: dict[str, TownScene]) -> None:
    for town, other in ((BENSHEIM, VIERNHEIM), (VIERNHEIM, BENSHEIM)):
        told = desk.client.get("/ogc/collections/pending/items", headers=desk.key("reader", town))
        assert towns[town].case["reference"] in told.text
        assert not said(told, towns[other], "")

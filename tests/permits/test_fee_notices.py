"""The fee of a case: fixed by the grant, booked on, given back; who sees it; the treasury's file."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from geo_service.fees.list_notices import list_notices
from geo_service.fees.notice import find_notice
from geo_service.interval import TOWN_ZONE
from geo_service.towns.cash_reference import check_digits
from tests.permits.conftest import BENSHEIM, HEPPENHEIM, VIERNHEIM, Desk
from tests.permits.life import bounds, of_case, step, tick
from tests.permits.test_tenancy import OWN, STRANGERS, count, spoken


def today() -> date:
    return datetime.now(TOWN_ZONE).date()


def notice(desk: Desk, receipt: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    answer: Response = desk.client.get(
        f"/api/v1/permits/{receipt['reference']}/fee-notice",
        headers=desk.key() if headers is None else headers,
    )
    return answer


def book(
    desk: Desk, receipt: dict[str, Any], kind: str, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    answer: Response = desk.client.post(
        f"/api/v1/permits/{receipt['reference']}/fee-notice/entries", json={"kind": kind, **more},
        headers=desk.key() if headers is None else headers,
    )  # fmt: skip
    return answer


def set_fee(
    desk: Desk, receipt: dict[str, Any], headers: dict[str, str] | None = None, **body: Any
) -> Response:
    version = of_case(desk, receipt["reference"])["version"]
    own = desk.key() if headers is None else headers
    answer: Response = desk.client.put(
        f"/api/v1/permits/{receipt['reference']}/fee", json=body, headers={"If-Match": f'"{version}"', **own}
    )
    return answer


@pytest.fixture
def granted(desk: Desk) -> dict[str, Any]:
    receipt = desk.file()
    assert desk.grant(receipt).status_code == 200
    return receipt


def test_the_grant_fixes_the_fee_that_was_shown(desk: Desk) -> None:
    receipt = desk.file()
    assert notice(desk, receipt).status_code == 404
    assert desk.grant(receipt).status_code == 200
    found = notice(desk, receipt).json()
    assert found["amount_eur"] == receipt["fee"]["total_eur"] == "67.20"  # 12.0 m² × 14 days × 0.40
    assert (found["lines"], found["official"]) == (receipt["fee"]["lines"], False)
    assert (found["state"], found["balance_eur"], found["entries"]) == ("open", "67.20", [])
    due = date.fromisoformat(found["due_on"])
    assert today() + timedelta(days=18) <= due <= today() + timedelta(days=22) and due.weekday() < 5
    body, check = found["cash_reference"][:-1], found["cash_reference"][-1]
    assert body == f"06431002{today():%y}000001" and check == check_digits(body, "luhn")
    second = desk.file(50)
    desk.grant(second)
    assert notice(desk, second).json()["cash_reference"][10:16] == "000002"


def test_what_costs_nothing_has_no_notice(desk: Desk) -> None:
    receipt = desk.file(use_type="infostand", charitable=True)
    assert receipt["fee"]["total_eur"] == "0.00"
    assert desk.grant(receipt).status_code == 200
    assert notice(desk, receipt).status_code == 404


def test_a_clerk_sets_another_amount_with_a_reason(desk: Desk) -> None:
    receipt = desk.file()
    assert set_fee(desk, receipt, amount_eur="10.00").status_code == 422
    assert set_fee(desk, receipt, amount_eur="10.005", reason="x").status_code == 422
    assert set_fee(desk, receipt, amount_eur="-1", reason="x").status_code == 422
    assert (
        set_fee(desk, receipt, amount_eur="10.00", reason="x", headers=desk.key(town=VIERNHEIM)).status_code
        == 404
    )
    own = {"X-Permit-Token": receipt["token"]}
    assert set_fee(desk, receipt, amount_eur="0", reason="x", headers=own).status_code == 403
    assert set_fee(desk, receipt, amount_eur="40.00", reason="Ratsbeschluss").status_code == 200
    asked = {"json": {**desk.body(), "geometry": desk.draw(w=8)}, "headers": {"If-Match": "*", **desk.key()}}
    assert desk.client.put(f"/api/v1/permits/{receipt['reference']}", **asked).status_code == 200
    fee = of_case(desk, receipt["reference"])["fee"]
    assert (fee["total_eur"], fee["set"]["calculated"]["total_eur"]) == ("40.00", "134.40")
    assert fee["set"]["by"] == f"clerk {BENSHEIM}"
    seen = desk.client.get(f"/api/v1/permits/{receipt['reference']}", headers=own).json()["properties"]["fee"]
    assert seen["set"]["reason"] == "Ratsbeschluss" and "by" not in seen["set"]
    assert desk.grant(receipt).status_code == 200
    found = notice(desk, receipt).json()
    assert (found["amount_eur"], found["set_reason"]) == ("40.00", "Ratsbeschluss")
    assert set_fee(desk, receipt, amount_eur="1.00", reason="x").status_code == 409


def test_a_set_amount_goes_back_to_the_tariff(desk: Desk) -> None:
    receipt = desk.file()
    set_fee(desk, receipt, amount_eur="40.00", reason="Irrtum")
    assert set_fee(desk, receipt, amount_eur=None).json()["fee"] == receipt["fee"]


def test_paid_and_undone(desk: Desk, granted: dict[str, Any]) -> None:
    assert book(desk, granted, "paid", on=(today() + timedelta(days=1)).isoformat()).status_code == 422
    paid = book(desk, granted, "paid", on=today().isoformat())
    assert paid.status_code == 201
    assert (paid.json()["state"], paid.json()["paid_on"], paid.json()["balance_eur"]) == (
        "paid", today().isoformat(), "0.00",
    )  # fmt: skip
    assert book(desk, granted, "paid").status_code == 409
    assert book(desk, granted, "paid_undone").status_code == 422
    undone = book(desk, granted, "paid_undone", reason="Falsche Zuordnung").json()
    assert (undone["state"], undone["paid_on"], len(undone["entries"])) == ("open", None, 2)
    once = {**desk.key(), "Idempotency-Key": "buchung-1"}
    first, again = (book(desk, granted, "paid", headers=once) for _ in range(2))
    assert first.json() == again.json() and again.headers["Idempotent-Replayed"] == "true"
    assert len(notice(desk, granted).json()["entries"]) == 3


def test_a_credit_after_the_payment_is_to_be_given_back(desk: Desk, granted: dict[str, Any]) -> None:
    book(desk, granted, "paid")
    assert book(desk, granted, "credit", amount_eur="67.21", reason="x").status_code == 409
    owed = book(desk, granted, "credit", amount_eur="7.20", reason="Kulanz").json()
    assert (owed["state"], owed["balance_eur"]) == ("refund_due", "-7.20")
    back = book(desk, granted, "paid_back").json()
    assert (back["state"], back["balance_eur"]) == ("paid", "0.00")


def test_an_early_end_gives_back_what_the_tariff_says(desk: Desk) -> None:
    """Bensheim's example: unused days when revoked, calculated anew when surrendered or cleared early."""
    revoked, surrendered, cleared = desk.file(0), desk.file(50), desk.file(100)
    for receipt in (revoked, surrendered, cleared):
        assert desk.grant(receipt).status_code == 200
    start, _ = bounds(desk, revoked)
    third_day = start + timedelta(days=2, hours=10)
    step(
        desk,
        surrendered["reference"],
        "surrendered",
        at=start - timedelta(days=1),
        token=surrendered["token"],
    )
    step(
        desk, revoked["reference"], "revoked", at=start + timedelta(days=3), reason="Gefahr"
    )  # three of fourteen used
    tick(desk, start)
    step(desk, cleared["reference"], "ended", at=third_day, token=cleared["token"])
    assert [notice(desk, each).json()["balance_eur"] for each in (revoked, surrendered, cleared)] == [
        str((Decimal("67.20") * 3 / 14).quantize(Decimal("0.01"))), "0.00", "14.40",
    ]  # fmt: skip
    assert notice(desk, surrendered).json()["state"] == "cancelled"
    (entry,) = notice(desk, revoked).json()["entries"]
    assert entry["kind"] == "credit" and entry["reason"].startswith("Widerruf") and entry["by"] == "system"


def test_a_tariff_without_a_rule_gives_nothing_back(desk: Desk) -> None:
    receipt = desk.file(town=HEPPENHEIM)
    assert desk.grant(receipt, HEPPENHEIM).status_code == 200
    key = desk.key(town=HEPPENHEIM)
    assert desk.move(receipt["reference"], "revoked", key, reason="Gefahr").status_code == 200
    assert notice(desk, receipt, key).json()["entries"] == []


def test_nobody_pays_twice_for_a_change(desk: Desk, granted: dict[str, Any]) -> None:
    """The permit that is replaced before it begins is credited whole; its child has a fee of its own."""
    body = {"kind": "reduction", "geometry": desk.draw(w=2), "properties": {}}
    child = desk.client.post(
        f"/api/v1/permits/{granted['reference']}/children",
        json=body,
        headers={"X-Permit-Token": granted["token"]},
    )
    assert child.status_code == 201, child.text
    assert desk.grant(child.json()).status_code == 200
    assert notice(desk, granted).json()["state"] == "cancelled"
    assert notice(desk, child.json()).json()["amount_eur"] == "33.60"


def test_the_list_of_the_desk(desk: Desk, granted: dict[str, Any]) -> None:
    other = desk.file(50)
    desk.grant(other)
    book(desk, other, "paid")

    def listed(query: str, town: str = BENSHEIM) -> list[str]:
        answer = desk.client.get(f"/api/v1/fee-notices{query}", headers=desk.key(town=town))
        assert answer.status_code == 200, answer.text
        return [one["reference"] for one in answer.json()["fee_notices"]]

    assert listed("?state=open&state=overdue") == [granted["reference"]]
    assert listed("?state=paid") == [other["reference"]]
    assert sorted(listed("")) == [granted["reference"], other["reference"]]
    assert listed("", VIERNHEIM) == []
    cash = notice(desk, other).json()["cash_reference"]
    assert listed(f"?q={cash}") == [other["reference"]]
    page = desk.client.get("/api/v1/fee-notices?limit=1", headers=desk.key()).json()
    rest = desk.client.get(page["links"][0]["href"], headers=desk.key()).json()
    assert rest["links"] == []
    assert {page["fee_notices"][0]["reference"], rest["fee_notices"][0]["reference"]} == set(listed(""))
    for bad in ("?cursor=x", "?state=nonsense", "?limit=0", "?q=%00"):
        assert desk.client.get(f"/api/v1/fee-notices{bad}", headers=desk.key()).status_code in (400, 422), bad
    assert desk.client.get("/api/v1/fee-notices").status_code == 401
    assert desk.client.get("/api/v1/fee-notices", headers=desk.key("reader")).status_code == 403


def test_overdue_is_what_is_open_after_its_day(desk: Desk, granted: dict[str, Any]) -> None:
    due = datetime.fromisoformat(notice(desk, granted).json()["due_on"]).replace(hour=12, tzinfo=TOWN_ZONE)
    with spoken(desk, OWN) as session:
        for days, state in ((0, "open"), (1, "overdue")):
            (one,) = list_notices(session, BENSHEIM, as_of=due + timedelta(days=days)).notices
            found = find_notice(session, one.permit_id, as_of=due + timedelta(days=days))
            assert found is not None and one.state == found.state == state


def test_the_treasurys_file(desk: Desk) -> None:
    who = {"name": '=HYPERLINK("http://x")', "email": "a@example.org", "address": "Markt 1\n64625 Bensheim"}
    receipt = desk.file(applicant=who)
    desk.grant(receipt)
    book(desk, receipt, "credit", amount_eur="7.20", reason="@SUM(A1); Müller")
    query = f"?from={today()}&until={today()}"
    answer = desk.client.get(f"/api/v1/fee-notices/treasury-file{query}", headers=desk.key())
    assert answer.status_code == 200 and answer.content.startswith(
        "\ufeffBuchungsart;Kassenzeichen;".encode()
    )
    assert answer.content.count(b"\r\n") == 3 == answer.content.count(b"\n")
    charge, credit = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    assert (charge["Buchungsart"], charge["Betrag"], charge["Aktenzeichen"]) == (
        "Soll",
        "67,20",
        receipt["reference"],
    )
    assert (credit["Buchungsart"], credit["Betrag"]) == ("Absetzung", "-7,20")
    assert charge["Zahlungspflichtig"].startswith("'=HYPERLINK") and credit["Grund"] == "'@SUM(A1); Müller"
    assert charge["Anschrift"] == "Markt 1, 64625 Bensheim"
    assert charge["Buchungstag"] == f"{today():%d.%m.%Y}" and charge["Hinweis"].startswith("Beispieltarif")
    tomorrow = today() + timedelta(days=1)
    empty = desk.client.get(
        f"/api/v1/fee-notices/treasury-file?from={tomorrow}&until=9999-12-31", headers=desk.key()
    )
    assert len(empty.content.splitlines()) == 1
    other = desk.client.get(f"/api/v1/fee-notices/treasury-file{query}", headers=desk.key(town=VIERNHEIM))
    assert len(other.content.splitlines()) == 1
    assert desk.client.get(f"/api/v1/fee-notices/treasury-file{query}").status_code == 401
    turned = f"?from={tomorrow}&until={today()}"
    assert (
        desk.client.get(f"/api/v1/fee-notices/treasury-file{turned}", headers=desk.key()).status_code == 400
    )


def test_who_sees_a_notice(desk: Desk, granted: dict[str, Any]) -> None:
    book(desk, granted, "paid")
    own = notice(desk, granted, {"X-Permit-Token": granted["token"]}).json()
    assert own["state"] == "paid" and own["entries"][0]["by"] is None
    assert (
        book(desk, granted, "paid_undone", {"X-Permit-Token": granted["token"]}, reason="x").status_code
        == 403
    )
    for headers in ({}, desk.key(town=VIERNHEIM), desk.key("reader"), desk.key("operator", None)):
        assert notice(desk, granted, headers).status_code == 404
        assert book(desk, granted, "paid_undone", headers, reason="x").status_code == 404


def test_the_tables_are_closed_to_others(desk: Desk, granted: dict[str, Any]) -> None:
    book(desk, granted, "paid")
    stolen = (
        "INSERT INTO fee_entry (permit_id, town, kind, amount_eur, on_day, at, by_name) "
        f"VALUES ('{granted['permit_id']}', '{BENSHEIM}', 'paid', 1, now(), now(), 'x')",
        f"SELECT next_cash_number('{BENSHEIM}', 2026)",
        "SELECT * FROM cash_counter",
    )
    for who in STRANGERS:
        with spoken(desk, who) as session:
            assert count(session, "fee_notice") == count(session, "fee_entry") == 0
        for statement in stolen:
            closed = pytest.raises(DatabaseError, match=r"row-level security|cash office|denied")
            with spoken(desk, who) as session, closed:
                session.execute(text(statement))


def test_what_was_booked_stays(desk: Desk, granted: dict[str, Any]) -> None:
    book(desk, granted, "paid")
    for change in (
        "UPDATE fee_notice SET amount_eur = 1",
        "UPDATE fee_entry SET amount_eur = 1",
        "DELETE FROM fee_entry",
    ):
        with spoken(desk, OWN) as session, pytest.raises(DatabaseError, match="permission denied"):
            session.execute(text(change))


def test_the_pages_of_the_desk(desk: Desk, granted: dict[str, Any]) -> None:
    page = desk.client.get("/towns/bensheim/desk/fees", headers=desk.key())
    assert granted["reference"] in page.text and "67,20" in page.text
    case = f"/towns/bensheim/desk/cases/{granted['reference']}"
    sent = {"kind": "paid", "on": today().isoformat(), "back": "list"}
    done = desk.client.post(f"{case}/fee-notice", data=sent, headers=desk.key(), follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, "/towns/bensheim/desk/fees")
    assert 'data-state="paid"' in desk.client.get(case, headers=desk.key()).text
    own = desk.client.get(f"/permits/{granted['reference']}", params={"token": granted["token"]})
    assert 'data-state="paid"' in own.text and "entry-form" not in own.text
    for bad in ({"kind": "credit"}, {"kind": "paid", "amount_eur": "1,234"}, {"kind": "nonsense"}):
        assert desk.client.post(f"{case}/fee-notice", data=bad, headers=desk.key()).status_code == 422, bad
    other = desk.file(50)
    form = {"version": 1, "amount_eur": "1.040,50 €", "fee_reason": "Rat"}
    path = f"/towns/bensheim/desk/cases/{other['reference']}"
    assert desk.client.post(f"{path}/fee", data=form, headers=desk.key()).status_code == 200
    assert "1.040,50 €" in desk.client.get(path, headers=desk.key()).text
    csv_file = desk.client.get(
        f"/towns/bensheim/desk/fees/treasury.csv?from={today()}&until={today()}", headers=desk.key()
    )
    assert (
        csv_file.headers["content-disposition"].startswith("attachment")
        and len(csv_file.content.splitlines()) == 2
    )

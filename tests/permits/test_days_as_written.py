"""A day reads the same wherever a person meets it: TT.MM.JJJJ (DIN 5008)."""

from __future__ import annotations

import re
from datetime import date, timedelta

from tests.documents.papers import own
from tests.documents.readback import read_sheet
from tests.permits.conftest import Desk


def test_on_pages_in_messages_and_on_sheets(desk: Desk) -> None:
    start = date.fromisoformat(desk.body()["properties"]["from"])
    start = (start + timedelta(days=40)).replace(day=8)  # one digit where nobody pads
    receipt = desk.file(**{"from": start.isoformat(), "until": (start + timedelta(days=1)).isoformat()})
    said = f"08.{start:%m.%Y} – 09.{start:%m.%Y}"
    desk.client.post("/sign-in", data={"key": desk.key()["Authorization"].removeprefix("Bearer ")})
    at_desk = desk.client.get(f"/towns/bensheim/desk/cases/{receipt['reference']}").text
    messages = at_desk[at_desk.index('id="messages"') :].partition("</section>")[0]
    sheet = desk.client.get(f"/api/v1/permits/{receipt['reference']}/receipt.pdf", headers=own(receipt))
    for where in (at_desk, messages):
        assert said in where
    assert said.replace("–", "bis") in read_sheet(sheet.content).text
    for where in (at_desk, read_sheet(sheet.content).text):
        assert re.search(r"\b\d\.\d{1,2}\.20\d\d|\b\d{1,2}\.\d\.20\d\d", where) is None

"""The annex of a notice stays on one page: no sheet that holds a cross-section and nothing else."""

from __future__ import annotations

import io

import pypdf
import pytest

from tests.documents.papers import own, papers
from tests.documents.test_sheets import street
from tests.permits.conftest import Desk


def pages(desk: Desk, conditions: int) -> list[str]:
    """The text of each page of a notice with so many conditions."""
    receipt = desk.file(0, 1)
    headers = desk.key("supervisor")
    desk.move(receipt["reference"], "in_review", headers)
    refused = desk.move(receipt["reference"], "granted", headers)
    over = [{"finding": one["id"], "reason": "x"} for one in refused.json().get("findings", [])]
    said = [{"text": f"Auflage {number}"} for number in range(conditions)]
    granted = desk.move(receipt["reference"], "granted", headers, conditions=said, overrides=over)
    assert granted.status_code == 200, granted.text
    told = papers(desk, receipt)["notices"][-1]
    content = desk.client.get(told["address"], headers=own(receipt)).content
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


@pytest.mark.parametrize("conditions", [0, 2, 8])
def test_the_cross_section_is_beside_its_map(desk: Desk, conditions: int) -> None:
    street(desk)
    found = pages(desk, conditions)
    (plan,) = [text for text in found if "Anlage: Lageplan" in text]
    assert "Mitte der Fläche" in plan and "Querschnitt Nibelungenstraße" in plan

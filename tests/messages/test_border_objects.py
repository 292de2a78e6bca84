"""The neighbour town's office is told of what a desk draws: sites, events, detours and places with a rule of their own."""

from __future__ import annotations

from typing import Any

from tests.messages.conftest import Post, work
from tests.messages.test_border import OFFICE, border, grant_over
from tests.objects.conftest import LEAST, address
from tests.permits.at_border import Border
from tests.permits.conftest import BENSHEIM, HEPPENHEIM, Desk

__all__ = ["border"]


def draw(
    border: Border, path: str, town: str = BENSHEIM, *, over_m: float = 1, **more: Any
) -> dict[str, Any]:
    """A body of one kind at the border."""
    return {
        "type": "Feature",
        "geometry": border.area(town, over_m=over_m),
        "properties": {**LEAST[path], **more},
    }


def enter(border: Border, path: str, **more: Any) -> dict[str, Any]:
    """The stored Feature."""
    answer = border.desk.client.post(
        address(path), json=draw(border, path, **more), headers=border.desk.key()
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def mails_to_office(desk: Desk, post: Post) -> list[Any]:
    work(desk, post.server)
    return [mail for mail in post.mails if mail["To"] == OFFICE]


def test_a_site_beside_the_neighbours_permit_tells_its_office(border: Border, post: Post) -> None:
    desk = border.desk
    theirs = border.file(HEPPENHEIM)
    grant_over(desk, theirs, desk.key("supervisor", HEPPENHEIM))
    enter(border, "construction-sites", state="planned")
    (mail,) = mails_to_office(desk, post)
    said = mail.get_content()
    print(said)
    assert "eine Baustelle in Bensheim betrifft" in said
    assert "https://strassen.example.org/amt/towns/heppenheim/desk/conflicts" in said

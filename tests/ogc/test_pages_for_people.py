"""Every resource as a page that needs neither map nor script: what a screen reader and a keyboard go by."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from fastapi.testclient import TestClient

from geo_service.ogc.collection import COLLECTIONS
from geo_service.ogc.schemas import schema_document

OF_COLLECTIONS = ("", "/items", "/queryables", "/sortables", "/schema")
PATHS = (
    "", "/conformance", "/api", "/collections",
    *(f"/collections/{name}{page}" for name in COLLECTIONS for page in OF_COLLECTIONS),
)  # fmt: skip
VOID = {"meta", "link", "br", "img", "input", "hr", "path", "rect", "wbr"}
PLACES = {"header", "nav", "main", "footer"}
NAMED = {"a", "caption", "title", "h1", "h2", "th", "button"}


@dataclass
class Node:
    tag: str
    attributes: dict[str, str]
    inside: list[Node] = field(default_factory=list)
    words: str = ""

    def all(self, *tags: str) -> list[Node]:
        found = [self] if self.tag in tags else []
        return found + [node for one in self.inside for node in one.all(*tags)]

    def text(self) -> str:
        return " ".join([self.words, *(one.text() for one in self.inside)]).strip()

    def name(self) -> str:
        return self.attributes.get("aria-label", "") or self.text()


class Page(HTMLParser):
    """The tree of a page; a tag that is closed wrongly is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = Node("", {})
        self.open = [self.root]
        self.feed(text)
        assert len(self.open) == 1, [node.tag for node in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].inside.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].words += data


def faults(root: Node) -> list[str]:
    """What somebody who does not see the page would stumble over."""
    found = [f"{tag} is not there once" for tag in PLACES - {"nav"} if len(root.all(tag)) != 1]
    found += ["a nav without a name" for nav in root.all("nav") if not nav.attributes.get("aria-label")]
    found += [f"{node.tag} without words" for node in root.all(*NAMED) if not node.name()]
    ids = [node.attributes["id"] for node in everything(root) if "id" in node.attributes]
    found += [f"id {one} twice" for one in set(ids) if ids.count(one) > 1]
    first = root.all("a")[0]
    found += [] if first.attributes.get("href", "").lstrip("#") in ids else ["no way past the navigation"]
    levels = [int(node.tag[1]) for node in root.all("h1", "h2", "h3", "h4")]
    found += ["not one h1, or a level left out"] * (
        levels.count(1) != 1 or any(deeper - level > 1 for level, deeper in pairwise(levels))
    )
    found += ["a picture without a text"] * any("alt" not in node.attributes for node in root.all("img"))
    for table in root.all("table"):
        heads = table.all("th")
        found += (
            []
            if len(table.all("caption")) == 1 and table.all("thead")
            else ["a table without caption or head"]
        )
        found += (
            []
            if heads and all(th.attributes.get("scope") in ("col", "row") for th in heads)
            else ["th without scope"]
        )
        columns = len(table.all("thead")[0].all("th"))
        rows = [
            [cell for cell in row.inside if cell.tag in ("td", "th")]
            for row in table.all("tbody")[0].all("tr")
        ]
        found += ["a row of another length"] * any(len(row) != columns for row in rows)
        found += ["a row without its head"] * any(row[0].tag != "th" for row in rows)
    for region in [node for node in everything(root) if node.attributes.get("role") == "region"]:
        found += (
            []
            if region.attributes.get("aria-label") and region.attributes.get("tabindex") == "0"
            else ["a region that no key reaches"]
        )
    return found


def everything(node: Node) -> list[Node]:
    return [node, *(inner for one in node.inside for inner in everything(one))]


@pytest.mark.parametrize("path", PATHS)
def test_a_page_can_be_used_without_eyes_and_mouse(client: TestClient, path: str) -> None:
    for language in ("de", "en"):
        answer = client.get(f"/ogc{path}", params={"f": "html", "lang": language})
        assert answer.status_code == 200
        root = Page(answer.text).root
        assert root.all("html")[0].attributes["lang"] == language
        assert faults(root) == []


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_feature_has_a_page_with_all_it_says(client: TestClient, name: str) -> None:
    feature = client.get(f"/ogc/collections/{name}/items", params={"limit": 1}).json()["features"][0]
    address = f"/ogc/collections/{name}/items/{feature['id']}"
    root = Page(client.get(address, params={"f": "html"}).text).root
    assert faults(root) == []
    described = schema_document("", COLLECTIONS[name], "schema", "de")["properties"]
    shown = {row.all("th")[0].text() for row in root.all("table")[0].all("tbody")[0].all("tr")}
    codes = [one for one in feature["properties"] if not one.endswith(("_label_de", "_label_en"))]
    assert shown >= {described[one]["title"] for one in codes}


def test_pages_lead_to_each_other(client: TestClient) -> None:
    """From the start every page is found by following links alone."""
    seen: set[str] = set()
    left = ["http://testserver/ogc?f=html&lang=de"]
    while left:
        address = left.pop()
        path = address.partition("?")[0]
        if path in seen or not path.startswith("http://testserver/ogc") or path.endswith("/export"):
            continue
        answer = client.get(address)
        assert answer.status_code == 200, address
        if answer.headers["content-type"].startswith("text/html"):
            seen.add(path)
            links = Page(answer.text).root.all("a")
            left += [link.attributes["href"] for link in links if link.attributes["href"].startswith("http")]
        if len(seen) > 400:
            break
    missing = {f"http://testserver/ogc{path}" for path in PATHS} - seen
    assert missing == set()

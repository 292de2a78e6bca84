"""A PDF as a reader with a screen reader meets it: text, title, language, tags."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pypdf


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """text: of all pages, white space collapsed. tags: how often each occurs. alts: of figures."""

    text: str
    title: str
    language: str
    pages: int
    tags: Counter[str]
    alts: list[str]
    headings: list[str]


def read_sheet(content: bytes) -> Sheet:
    """Read a PDF; fails where it is not tagged, names no language or does not say that it is PDF/UA."""
    reader = pypdf.PdfReader(io.BytesIO(content), strict=True)
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    tags: Counter[str] = Counter()
    alts: list[str] = []
    headings: list[str] = []

    def walk(node: Any) -> None:
        node = node.get_object()
        if isinstance(node, list):
            for one in node:
                walk(one)
            return
        if not isinstance(node, dict):
            return
        if "/S" in node:
            tag = str(node["/S"])
            tags[tag] += 1
            if tag == "/Figure":
                alts.append(str(node["/Alt"]))  # KeyError: a picture without words
            if tag in ("/H1", "/H2", "/H3"):
                headings.append(tag)
        if "/K" in node:
            walk(node["/K"])

    walk(root["/StructTreeRoot"])
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert reader.metadata is not None
    return Sheet(
        text=text,
        title=str(reader.metadata.title),
        language=str(root["/Lang"]),
        pages=len(reader.pages),
        tags=tags,
        alts=alts,
        headings=headings,
    )

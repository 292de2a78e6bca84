"""README says what there is: every command, and nothing that does not exist."""

from __future__ import annotations

import re

import click
import pytest
import typer

from geo_service.cli import build_cli
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    "README.md",
    "CHANGELOG.md",
    *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md")),
]


def command_names() -> set[str]:
    """Every command with its group, as one types it."""

    def leaves(command: click.Command, name: str) -> list[str]:
        inner = getattr(command, "commands", None)
        return [name] if inner is None else [n for k, c in inner.items() for n in leaves(c, f"{name} {k}")]

    return {name.strip() for name in leaves(typer.main.get_command(build_cli()), "")}


def test_the_table_of_commands_is_complete_and_true() -> None:
    rows = [line.split("|")[1] for line in README.splitlines() if line.startswith("| `geo-service")]
    typed = {text for row in rows for text in re.findall(r"`geo-service ([a-z-]+(?: [a-z-]+)*)", row)}
    named = {" ".join(word for word in text.split() if not word.startswith("-")) for text in typed}
    assert named == command_names()


@pytest.mark.parametrize("page", PAGES)
def test_links_and_pictures_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)#]+)", text) if not t.startswith("http")]
    missing = [t for t in targets if not ((ROOT / page).parent / t).exists()]
    assert missing == []


def test_pictures_stay_small() -> None:
    pictures = list((ROOT / "docs" / "screenshots").glob("*.png"))
    assert len(pictures) >= 4
    assert {p.name for p in pictures if p.stat().st_size > 300_000} == set()


def test_every_room_is_in_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {p.name for p in (ROOT / "geo_service").iterdir() if p.is_dir() and (p / "__init__.py").exists()}
    assert {room for room in rooms if f"{room}/" not in text} == set()


def test_decisions_have_the_four_parts_and_numbers_of_their_own() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [r.name[:4] for r in records]
    assert len(set(numbers)) == len(numbers)
    for record in records:
        text = record.read_text(encoding="utf-8")
        for part in ("## Context", "## Decision", "## Measure", "## Consequences"):
            assert part in text, f"{record.name}: {part}"

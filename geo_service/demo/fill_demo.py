"""Fills what is missing of the demo and nothing else: a second run finds everything there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from geo_service.demo.fill_content import fill_content
from geo_service.demo.fill_streets import fill_streets, generate_towns
from geo_service.interval import TOWN_ZONE
from geo_service.packed import data_folder
from geo_service.sql.loader import statements, text

DEMO_TOWNS = ("bensheim", "viernheim")
Say = Callable[[str], None]


def town_folders() -> list[Path]:
    """The folders of all towns that come with the service."""
    return sorted(path for path in (data_folder() / "towns").iterdir() if path.is_dir())


def towns_to_load(session: Session) -> bool:
    """True if the town folders are not those that were loaded last."""
    return not _is_filled(session, "towns", _towns_fingerprint())


def note_towns(session: Session) -> None:
    """Remember that the town folders as they are now have been loaded."""
    _note(session, "towns", _towns_fingerprint(), today())


def fill_demo(session: Session, say: Say) -> None:
    """Streets, sites, event, detour and cases of the demo, in the caller's transaction.

    Periods are counted from the day of the first run, which stays: the same everywhere, and current.
    Cases are filled once: what people did with them afterwards stays.
    """
    fingerprint = _fingerprint(
        [*(data_folder() / "demo").glob("*.yaml"), *Path(__file__).parent.glob("*.py")]
    )
    if _is_filled(session, "streets", fingerprint):
        return
    towns = generate_towns(DEMO_TOWNS)
    saved = fill_streets(session, towns)
    say(f"Streets: {saved.added} new, {saved.changed} changed, {saved.gone} gone.")
    day = today()
    _note(session, "streets", fingerprint, day)
    if not _is_filled(session, "content", "once"):
        done = fill_content(session, towns, day=day)
        _note(session, "content", "once", day)
        say(
            f"{done.sites} construction sites, {done.events} event, "
            f"{done.detours} detour, {done.zones} places with rules of their own, {done.permits} cases."
        )


def today() -> date:
    """The civil day in the towns' time zone."""
    return datetime.now(TOWN_ZONE).date()


def _is_filled(session: Session, part: str, fingerprint: str) -> bool:
    row = session.execute(text(statements("demo")["find_fill"]), {"part": part}).one_or_none()
    return row is not None and row.fingerprint == fingerprint


def _note(session: Session, part: str, fingerprint: str, day: date) -> None:
    asked = {"part": part, "fingerprint": fingerprint, "demo_day": day}
    session.execute(text(statements("demo")["note_fill"]), asked)


def _towns_fingerprint() -> str:
    return _fingerprint(path for folder in town_folders() for path in folder.iterdir())


def _fingerprint(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file()):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()

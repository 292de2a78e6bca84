"""`geo-service map VIEW --town AGS --out FILE.html`: a map as one file that opens without a network."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.orm import Session

from geo_service.as_written import day_text
from geo_service.db.open_database import opened_database
from geo_service.errors import SetupError
from geo_service.interval import TOWN_ZONE
from geo_service.mapview.credits import map_credits
from geo_service.mapview.embedded import embedded_data
from geo_service.mapview.map_setting import MapSetting
from geo_service.mapview.standalone import standalone_page
from geo_service.mapview.view import get_view
from geo_service.settings import Settings
from geo_service.sql.loader import statements, text
from geo_service.towns.town import get_town
from geo_service.web.language import Language


def standalone_map(session: Session, view_name: str, ags_or_slug: str, language: str) -> str:
    """The HTML of a view of one town, with a simplified copy of its published data."""
    view = get_view(view_name)
    town = get_town(session, ags_or_slug)
    today = datetime.now(tz=TOWN_ZONE).date()
    box = session.execute(text(statements("streets")["get_street_box"]), {"town": town.ags}).one()
    setting = MapSetting(
        language=language,
        bounds=(box.west, box.south, box.east, box.north),
        focus=town.ags,
        data=embedded_data(session, town.ags, today=today),
        credits=map_credits(session, town.ags, language),
    )
    title = f"{town.name}: {view.title.en if language == 'en' else view.title.de}"
    state = f"As of {today:%Y-%m-%d}" if language == "en" else f"Stand {day_text(today, 'de')}"
    demo = (
        {"de": " · Vorführdaten – erfunden", "en": " · Demo data – invented"}[language] if town.demo else ""
    )
    return standalone_page(view, setting, title=title, note=state + demo)


def write_map(
    view: Annotated[str, typer.Argument(help="View: a file of maps/, for example public")],
    town: Annotated[str, typer.Option("--town", help="AGS or slug")],
    out: Annotated[Path, typer.Option("--out", help="HTML file to write")],
    lang: Annotated[Language, typer.Option(help="Language of the map")] = "de",
) -> None:
    """Write a map as one HTML file that opens from disk without a network."""
    with opened_database(Settings()) as database:
        engine = database.app_engine(1)
        with Session(engine) as session:
            page = standalone_map(session, view, town, lang)
        engine.dispose()
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise SetupError(f"{out} cannot be written: {error.strerror}") from error
    Console().print(f"{out}: {len(page.encode()) / 1e6:.1f} MB")


def register(app: typer.Typer) -> None:
    """Add `map` to the command line."""
    app.command("map")(write_map)

"""What `geo-service` offers, and how only that which was asked for is loaded.

The modules of all commands together take longer to load than most commands to run. So the line that a list of
commands shows stands here beside each name; a test holds it against the command's own first line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module

import typer


@dataclass(frozen=True, slots=True)
class Offer:
    """A command or a group. module: of this room, with `register(group)`; none where `offers` are loaded."""

    help: str
    module: str = ""
    offers: Mapping[str, Offer] = field(default_factory=dict)


_IMPORTS = {
    "roads": Offer(
        "Bring in a road network; of OpenStreetMap with its schools, stops, hydrants and bus routes.",
        "import_roads",
    ),
    "widths": Offer(
        "Measure carriageways across the axis in drawn areas; later imports leave what was measured.",
        "import_widths",
    ),
    "facilities": Offer(
        "Bring in schools, hospitals, fire stations, stops, hydrants and bus routes; again is an update.",
        "import_facilities",
    ),
    "sites": Offer(
        "Bring in construction sites; the same file again changes nothing, a newer one is an update.",
        "import_sites",
    ),
    "permits": Offer(
        "Bring in the cases of another system, with the state they have there; again is an update.",
        "import_deliveries",
    ),
    "events": Offer(
        "Bring in events and detours of a feed; the same again changes nothing, a newer file is an update.",
        "import_deliveries",
    ),
}
COMMANDS = {
    "serve": Offer("Serve the pages and interfaces until Ctrl-C or SIGTERM.", "serve"),
    "migrate": Offer("Bring the database to the newest revision.", "migrate"),
    "demo": Offer("Fill the demo towns; what is there already stays as it is.", "demo"),
    "export": Offer("Write a published collection to a file; what is not published is not in it.", "export"),
    "check": Offer("Check a use for conflicts; nothing is stored.", "check"),
    "screen": Offer("Find all conflicts among everything stored; nothing is changed.", "screen"),
    "map": Offer("Write a map as one HTML file that opens from disk without a network.", "map"),
    "worker": Offer(
        "Work off background jobs until Ctrl-C or SIGTERM; a service started with --no-worker needs it.",
        "worker",
    ),
    "api-keys": Offer("Keys of systems and of people at a desk", "api_keys"),
    "towns": Offer("Towns (Kommunen) as folders of data", "towns"),
    "import": Offer("Bring in data as it is; the same again is an update", offers=_IMPORTS),
}


def fill_menu(
    group: typer.Typer, words: Sequence[str] | None, offers: Mapping[str, Offer] = COMMANDS
) -> None:
    """Add `offers` to a group: the one that `words` begin with ready to run, the others to be listed.

    words: what was typed behind the group's name; None loads everything.
    """
    wanted = words[0] if words and words[0] in offers else None
    for name, offer in offers.items():
        if words is not None and name != wanted:
            if wanted is None:  # a list of commands, or a word that is none: nothing will run
                group.command(name, help=offer.help)(_listed_only)
        elif offer.offers:
            inner = typer.Typer(no_args_is_help=True, help=offer.help)
            fill_menu(inner, None if words is None else words[1:], offer.offers)
            group.add_typer(inner, name=name)
        elif name not in {known.name for known in group.registered_commands}:  # some modules add two
            import_module(f"geo_service.commands.{offer.module}").register(group)


def _listed_only() -> None:
    """Stands in a list for a command that was not asked for."""

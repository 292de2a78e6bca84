"""The command line loads what was asked for and says the same of everything."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from geo_service.cli import build_cli

HEAVY = ("pandas", "pyarrow", "alembic", "folium", "fastapi", "weasyprint", "pypdf", "procrastinate")


def loaded_by(*words: str) -> set[str]:
    """Which of the heavy libraries a call loads, in a process of its own."""
    program = (
        "import json, sys\nfrom geo_service.cli import main\nsys.argv[1:] = json.loads(sys.argv[1])\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('\\n' + ' '.join(name for name in {(*HEAVY, 'sqlalchemy')!r} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(words)], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("group", [(), ("import",)])
def test_the_list_of_commands_is_that_of_the_commands_themselves(group: tuple[str, ...]) -> None:
    words = [*group, "--help"]
    short, whole = (CliRunner().invoke(app, words) for app in (build_cli(words), build_cli()))
    assert short.exit_code == whole.exit_code == 0
    assert short.output == whole.output


@pytest.mark.parametrize("words", [("--help",), ("import", "--help"), ("nonsense",), ()])
def test_a_list_of_commands_loads_none_of_them(words: tuple[str, ...]) -> None:
    assert loaded_by(*words) == set()


def test_a_command_loads_no_library_of_the_others() -> None:
    assert loaded_by("import", "roads", "--help") == {"sqlalchemy"}
    assert loaded_by("api-keys", "list", "--help") == {"sqlalchemy"}
    assert "fastapi" in loaded_by("serve", "--help")

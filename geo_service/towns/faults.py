"""Faults of hand-written files, each with its file and line, all of them in one answer."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from geo_service.errors import BadTownFolder, FieldFault

Place = tuple[str | int, ...]

# PyYAML's own loader takes seconds for a large boundary; the one made with libyaml does not.
_YAML: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not a known key",
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "dict_type": "must be a table of keys",
    "model_type": "must be a table of keys",
    "model_attributes_type": "must be a table of keys",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Where in a document (keys and positions from its root) and what is wrong there."""

    place: Place
    detail: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content and the line (from 1) of each of its places."""

    file: Path
    content: Any
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """Line of `place`, or of the nearest place above it that is in the file."""
        wanted = tuple(str(part) for part in place)
        while wanted and wanted not in self.lines:
            wanted = wanted[:-1]
        return self.lines.get(wanted, 1)

    def refuse(self, faults: Iterable[Fault]) -> BadTownFolder:
        """The error that names every fault with file and line, in the order of the file."""
        placed = sorted({(self.line(fault.place), fault.detail) for fault in faults})
        return refusal([FieldFault(f"{self.file}:{line}", detail) for line, detail in placed])


def refusal(faults: list[FieldFault]) -> BadTownFolder:
    """One error of all `faults` (at least one); the first is the message, the others follow."""
    first, others = faults[0], faults[1:]
    return BadTownFolder(f"{first.pointer}: {first.detail}", errors=others)


def read_text(file: Path) -> str:
    """The file's text. Raises BadTownFolder when it is missing or not UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadTownFolder(f"{file}: the file is missing.") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadTownFolder(f"{file}:{line}: not UTF-8; save the file as UTF-8.") from None
    except OSError as error:
        raise BadTownFolder(f"{file}: cannot be read ({error.strerror}).") from None


def read_toml(file: Path) -> Document:
    """A TOML file with the lines of its keys."""
    text = read_text(file)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column \d+\)|\(at end of document\)", str(error))
        line = int(at[1]) if at and at[1] else text.count("\n") + 1
        detail = str(error)[: at.start()].strip() if at else str(error)
        raise BadTownFolder(f"{file}:{line}: not valid TOML: {detail}") from None
    return Document(file, content, _toml_lines(text))


def _toml_lines(text: str) -> dict[Place, int]:
    """Lines of tables and keys; the text is valid TOML, so a plain scan is enough."""
    found: dict[Place, int] = {}
    table: tuple[str, ...] = ()
    inside: str | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if inside is not None:
            inside = None if inside in line else inside
            continue
        header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line)
        key = re.match(r"\s*([A-Za-z0-9_\-.\"']+)\s*=\s*(.*)", line)
        if header and not key:
            table = _toml_keys(header[1])
            found.setdefault(table, number)
        elif key:
            found.setdefault(table + _toml_keys(key[1]), number)
            quotes = key[2][:3]
            if quotes in ('"""', "'''") and quotes not in key[2][3:]:
                inside = quotes
    return found


def _toml_keys(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def read_yaml(file: Path) -> Document:
    """A YAML file with the lines of its places. Raises BadTownFolder, also for a key given twice."""
    text = read_text(file)
    try:
        root = yaml.compose(text, Loader=_YAML)
        content = yaml.load(text, Loader=_YAML)  # noqa: S506  a safe loader, made with libyaml
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise BadTownFolder(f"{file}:{line}: not valid YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise BadTownFolder(f"{file}:1: not valid YAML: {error}") from None
    lines: dict[Place, int] = {}
    twice: list[Fault] = []
    if root is not None:
        _yaml_lines(root, (), lines, twice)
    document = Document(file, content, lines)
    if twice:
        raise document.refuse(twice)
    return document


def _yaml_lines(node: yaml.Node, place: Place, lines: dict[Place, int], twice: list[Fault]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*place, str(key.value))
            if below in lines:
                twice.append(
                    Fault(below, f"{key.value} is given a second time in line {key.start_mark.line + 1}")
                )
            lines[below] = key.start_mark.line + 1
            _yaml_lines(value, below, lines, twice)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            below = (*place, str(position))
            lines[below] = value.start_mark.line + 1
            _yaml_lines(value, below, lines, twice)


def json_lines(text: str) -> Mapping[Place, int]:
    """Lines of the places of a JSON text, for a fault that has been found; empty where it cannot be told."""
    lines: dict[Place, int] = {}
    try:
        root = yaml.compose(text.replace("\t", " "), Loader=_YAML)  # JSON is YAML but for tabs
    except yaml.YAMLError:
        return lines
    if root is not None:
        _yaml_lines(root, (), lines, [])
    return lines


def faults_of(error: ValidationError, model: type[BaseModel] | None = None) -> list[Fault]:
    """Pydantic's complaints as sentences, each at its place; `model` names the known keys."""
    faults: list[Fault] = []
    for complaint in sorted(error.errors(), key=lambda each: -len(each["loc"])):
        place = tuple(part for part in complaint["loc"] if part != "[key]")
        if any(fault.place[: len(place)] == place for fault in faults):
            continue  # a list is called too short because of the faulty entry that has been named already
        message = complaint["msg"].removeprefix("Value error, ")
        detail = _SENTENCES.get(complaint["type"], message[:1].lower() + message[1:])
        if complaint["type"] == "extra_forbidden" and model is not None and len(place) == 1:
            detail += f"; known are {', '.join(sorted(model.model_fields))}"
        name = ".".join(str(part) for part in place)
        faults.append(Fault(place, f"{name}: {detail}" if name else detail))
    return faults

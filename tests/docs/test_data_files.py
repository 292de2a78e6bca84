"""What stands in a data file is read: of a key that stands there twice YAML keeps the last one, without a word."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

DATA = Path(__file__).resolve().parents[2] / "data"
FILES = sorted(str(path.relative_to(DATA)) for path in DATA.rglob("*.yaml"))


def keys_twice(node: yaml.Node) -> list[str]:
    """Line and name of each key that stands a second time in the same table, at any depth."""
    if isinstance(node, yaml.SequenceNode):
        return [found for each in node.value for found in keys_twice(each)]
    if not isinstance(node, yaml.MappingNode):
        return []
    seen: set[str] = set()
    found = []
    for key, value in node.value:
        if key.value in seen:
            found.append(f"{key.start_mark.line + 1}: {key.value}")
        seen.add(key.value)
        found += keys_twice(value)
    return found


@pytest.mark.parametrize("file", FILES)
def test_no_key_hides_another_one(file: str) -> None:
    node = yaml.compose((DATA / file).read_text(encoding="utf-8"))
    assert node is not None
    assert keys_twice(node) == []

"""How many years a street is not dug up after resurfacing: `no_dig_period_years` in data/parameters.yaml."""

from __future__ import annotations

from datetime import date
from functools import cache

import yaml

from geo_service.errors import SetupError
from geo_service.packed import data_folder

NAME = "no_dig_period_years"


@cache
def no_dig_years() -> int:
    """The newest value of the file. Raises SetupError when the file lacks it."""
    path = data_folder() / "parameters.yaml"
    try:
        values: dict[date, int] = yaml.safe_load(path.read_text(encoding="utf-8"))[NAME]["values"]
        return int(values[max(values)])
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise SetupError(f"{path}: {NAME} is missing or faulty: {error}") from error

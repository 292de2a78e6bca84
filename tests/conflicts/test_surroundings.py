"""A check cut to what lies near finds what the whole statement finds, and asks no more than it needs."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import catalogue_of, make_rulebook, rulebook
from geo_service.conflicts.check import CheckQuestion, check_binds, check_with
from geo_service.conflicts.rule_file import RuleFile
from geo_service.conflicts.surroundings import check_near, look_around
from geo_service.db.prepared import prepared_rows
from geo_service.occupations.locate import NOWHERE, locate
from geo_service.occupations.match_detour import match_detour
from geo_service.occupations.parameters import parameters

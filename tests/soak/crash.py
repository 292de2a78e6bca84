"""Crash rounds: people file and decide while the server, the worker and PostgreSQL are killed at random moments."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from tests.soak.crash_checks import CHECKS, await_mails, no_mail_twice
from tests.soak.crash_load import Ledger, Load
from tests.soak.crash_world import TOWN, World, running_world

VICTIMS = ("server", "worker", "postgres", "session")


@dataclass(frozen=True)
class Survived:
    rounds: int
    filed: int
    granted: int
    active: int
    repeated: int
    kills: dict[str, int]
    wrong: list[str]
    worst_gap_s: float
    mails: dict[str, int]


def crash_round(
    world: World, ledger: Ledger, victims: Sequence[str], *, after_s: float, again_s: float
) -> tuple[list[str], float]:
    """One round; what is wrong afterwards, and how long nobody was answered."""
    load = Load(world, ledger)
    load.start()
    time.sleep(after_s)
    began = time.monotonic()
    for victim in victims:
        world.kill(victim)
    world.await_ready()
    gap_s = time.monotonic() - began
    time.sleep(again_s)  # it goes on working, not only answering
    load.stop()
    return [words for check in CHECKS for words in check(world, ledger)], gap_s


def survive(
    world: World, rounds: Sequence[Sequence[str]], *, seed: int = 1, patient: bool = False
) -> Survived:
    """So many rounds on one service; the first one that leaves something wrong is the last.

    patient: wait at the end until every mail has been sent.
    """
    dice, ledger, wrong, gaps = random.Random(seed), Ledger(), [], [0.0]
    done = 0
    for victims in rounds:
        before = len(ledger.filed)
        wrong, gap_s = crash_round(
            world, ledger, victims, after_s=dice.uniform(0.2, 1.5), again_s=dice.uniform(0.3, 0.8)
        )
        gaps.append(gap_s)
        done += 1
        if len(ledger.filed) == before:
            wrong.append(f"round {done}: nobody got anything done")
        if wrong:
            break
    mails = await_mails(world) if patient and not wrong else {}
    wrong += [] if wrong else no_mail_twice(world, ledger)
    wrong += [
        f"{number} mails {state}" for state, number in mails.items() if state not in ("sent", "unknown")
    ]
    return Survived(
        done, len(ledger.filed), len(ledger.granted), _active(world), ledger.repeated, world.kills, wrong,
        max(gaps), mails,
    )  # fmt: skip


def _active(world: World) -> int:
    """How many the worker's clock has moved on."""
    engine = world.engine()
    with Session(engine) as session:
        speak_as(session, actor="clerk", town=TOWN)
        found = session.execute(text("SELECT count(*) FROM permit WHERE status = 'active'")).scalar_one()
    engine.dispose()
    return int(found)


def random_rounds(number: int, *, seed: int = 1) -> list[list[str]]:
    """Mostly one victim, sometimes two at the same moment."""
    dice = random.Random(seed)
    return [dice.sample(VICTIMS, 2 if dice.random() < 0.25 else 1) for _ in range(number)]


def measure_crashes(rounds: int = 50) -> Survived:
    """For `make soak`."""
    with running_world() as world:
        return survive(world, random_rounds(rounds), patient=True)

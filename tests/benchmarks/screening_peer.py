"""What geopandas does for a screening: read the table, join it with itself by distance, filter, write.

A process of its own: `python -m tests.benchmarks.screening_peer CONNINFO OUT.csv`. Prints the pairs by rule.
"""

from __future__ import annotations

import sys

import geopandas
import pandas as pd
import psycopg
from sqlalchemy import create_engine

REACH_M = 10.0
NOISE_M2 = 0.25
READ = """
SELECT occupation_id, reference, town, lower(period) AS start, upper(period) AS until, area
FROM occupation WHERE counts"""


def screened(conninfo: str) -> pd.DataFrame:
    """Pairs that overlap (K01) or are neighbours in place and time (K02), each once."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo))
    frame = geopandas.read_postgis(READ, engine, geom_col="area")
    pairs = geopandas.sjoin(frame, frame, predicate="dwithin", distance=REACH_M)
    a_day_between = pd.Timedelta(days=1)
    pairs = pairs[
        (pairs["occupation_id_left"] < pairs["occupation_id_right"])
        & (pairs["start_left"] <= pairs["until_right"] + a_day_between)
        & (pairs["start_right"] <= pairs["until_left"] + a_day_between)
    ]
    others = frame["area"].loc[pairs["index_right"]]
    shared_m2 = pairs["area"].reset_index(drop=True).intersection(others.reset_index(drop=True)).area
    together = (pairs["start_left"] < pairs["until_right"]) & (pairs["start_right"] < pairs["until_left"])
    pairs["rule"] = [
        "K01" if m2 >= NOISE_M2 and at_once else "K02"
        for m2, at_once in zip(shared_m2, together, strict=True)
    ]
    return pd.DataFrame(pairs)


def main(conninfo: str, out: str) -> None:
    """Screen, write, count."""
    pairs = screened(conninfo)
    pairs.to_csv(out, index=False)
    print(*(f"{rule}={number}" for rule, number in sorted(pairs["rule"].value_counts().items())))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

"""Runs in the peers' own environment: `python road_peers.py pyrosm|osmnx FILE REPEATS` prints the median seconds.

Reading and splitting, as far as each goes: a network of edges between junctions with their geometry.
"""

import statistics
import sys
import time
import warnings

warnings.simplefilter("ignore")


def with_pyrosm(file: str) -> int:
    from pyrosm import OSM

    _, edges = OSM(file).get_network(network_type="all", nodes=True)
    return len(edges)


def with_osmnx(file: str) -> int:
    import osmnx

    graph = osmnx.graph_from_xml(file, retain_all=True, simplify=True)
    return len(osmnx.graph_to_gdfs(graph, nodes=False))


if __name__ == "__main__":
    work = {"pyrosm": with_pyrosm, "osmnx": with_osmnx}[sys.argv[1]]
    taken = []
    for _ in range(int(sys.argv[3])):
        begin = time.perf_counter()
        edges = work(sys.argv[2])
        taken.append(time.perf_counter() - begin)
    print(statistics.median(taken), edges)

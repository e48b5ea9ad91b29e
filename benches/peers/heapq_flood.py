"""One message flooded over a random graph by a plain event loop on heapq: the peer of the simulator's speed benchmark.

heapq_flood.py NODES DEGREE [EDGES]: every delay is 20 ms, and each node forwards on its first receipt to all neighbours but
the sender. EDGES is a file with two node numbers from 0 on a line. Without it the graph is DEGREE / 2 random cycles through all
nodes laid over each other, repeated edges once, so that nearly every node has DEGREE neighbours and the graph is connected.
Prints the wall seconds of the flood alone, the events (all deliveries, duplicates among them), the nodes reached, and the time of
the last event in ms. Standard library only.
"""

import heapq
import random
import sys
import time

DELAY_NS = 20_000_000


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    nodes, degree = int(sys.argv[1]), int(sys.argv[2])
    edges = read(sys.argv[3]) if len(sys.argv) == 4 else cycles(nodes, degree)
    neighbours = [[] for _ in range(nodes)]
    for one, other in edges:
        neighbours[one].append(other)
        neighbours[other].append(one)
    begun = time.perf_counter()
    events, reached, last_ns = flood(neighbours)
    wall_s = time.perf_counter() - begun
    print(f"wall_s={wall_s:.3f} events={events} reached={reached} last_ms={last_ns / 1e6:g} events_per_s={events / wall_s:.0f}")


def read(path):
    with open(path) as lines:
        return sorted({tuple(sorted(map(int, line.split()[:2]))) for line in lines if line.strip()})


def cycles(nodes, degree):
    if degree % 2 or degree < 2 or nodes < 3:
        sys.exit("heapq_flood.py: DEGREE must be even and at least 2, and NODES at least 3")
    draw = random.Random(1)
    order = list(range(nodes))
    edges = set()
    for _ in range(degree // 2):
        draw.shuffle(order)
        for one, other in zip(order, order[1:] + order[:1]):
            edges.add((min(one, other), max(one, other)))
    return sorted(edges)


def flood(neighbours):
    """Events are (time, destination, source, hop): the order in which they happen is total."""
    reached = bytearray(len(neighbours))
    reached[0] = 1
    pending = [(DELAY_NS, neighbour, 0, 1) for neighbour in neighbours[0]]
    heapq.heapify(pending)
    events = now = 0
    while pending:
        now, node, sender, hop = heapq.heappop(pending)
        events += 1
        if reached[node]:
            continue
        reached[node] = 1
        for neighbour in neighbours[node]:
            if neighbour != sender:
                heapq.heappush(pending, (now + DELAY_NS, neighbour, node, hop + 1))
    return events, sum(reached), now


if __name__ == "__main__":
    main()

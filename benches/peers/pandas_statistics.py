"""The statistics of a report by pandas and SciPy: pandas_statistics.py EVENTS.parquet...

Prints time and peak memory too. `t100_ms` and the like are cnsim's columns of the same name.
"""

import resource
import sys
import time

import numpy as np
import pandas as pd
from scipy import stats

COLUMNS = "condition run_id round nodes event_type sender_id receiver_id received_ns sent_ns".split()
COLUMNS += ["propagation_time", "hop"]
ROUND = ["condition", "run_id", "round"]
PERCENTS = [50, 90, 95, 99, 100]
LEVEL = 0.95


def rounds_of(events):
    """One line for each round, with times from both origins, copies and duplicates; and the first deliveries."""
    events["number"] = events.groupby(ROUND, observed=True).ngroup()
    columns = {"condition": "first", "round": "first", "nodes": "max"}
    rounds = events.groupby("number").agg(columns)
    initiates = events[events.event_type == "initiate"].set_index("number")
    copies = events[events.event_type != "initiate"]
    of_initiator = copies[copies.sender_id.to_numpy() == initiates.sender_id.to_numpy()[copies.number]]
    first_send_ns = of_initiator.groupby("number").sent_ns.min()
    firsts = copies[copies.event_type == "received"].sort_values(["number", "received_ns"])
    firsts = firsts.drop_duplicates(["number", "receiver_id"])
    place = firsts.groupby("number").cumcount() + 1
    for percent in PERCENTS:
        rank = np.ceil((rounds.nodes.astype("int64") - 1) * percent / 100)
        at_ns = firsts[place == rank.to_numpy()[firsts.number]].set_index("number").received_ns
        rounds[f"t{percent}_ms"] = (at_ns - initiates.received_ns) / 1e6
        rounds[f"t{percent}_first_send_ms"] = (at_ns - first_send_ns) / 1e6
    rounds["sends"] = copies.groupby("number").size()
    rounds["duplicates"] = copies[copies.event_type == "duplicate"].groupby("number").size()
    return rounds[rounds["round"] > 0], firsts[firsts["round"] > 0]


def order_interval(values, share):
    """The interval of a quantile by order statistics."""
    count, tail = len(values), (1 - LEVEL) / 2
    low, high = int(stats.binom.ppf(tail, count, share)), int(stats.binom.ppf(1 - tail, count, share)) + 1
    return (values[low - 1], values[high - 1]) if low >= 1 and high <= count else (None, None)


def print_condition(condition, rounds):
    for column in ["t100_ms", "t100_first_send_ms"]:
        times = rounds[column].to_numpy()
        print(condition, column, len(times), "mean", times.mean(), "std", times.std(ddof=1))
        ordered = np.sort(times)
        for share in [0.5, 0.9, 0.95, 0.99]:
            print("  quantile", share, np.quantile(ordered, share), *order_interval(ordered, share))
        bca = stats.bootstrap((times,), np.mean, n_resamples=9999, confidence_level=LEVEL, method="BCa", rng=1)
        print("  mean, BCa", bca.confidence_interval.low, bca.confidence_interval.high)
        print("  DKW half width", np.sqrt(np.log(2 / (1 - LEVEL)) / (2 * len(times))))
        print("  drift, Spearman", *stats.spearmanr(np.arange(len(times)), times))
    print("  duplicates", rounds.duplicates.min(), rounds.duplicates.mean(), rounds.duplicates.max())


begun = time.perf_counter()
events = pd.concat([pd.read_parquet(path, columns=COLUMNS) for path in sys.argv[1:]], ignore_index=True)
for column in ["condition", "run_id", "event_type"]:
    events[column] = events[column].astype("category")
rows = len(events)
rounds, firsts = rounds_of(events)
groups = [(condition, group) for condition, group in rounds.groupby("condition", observed=True)]
for condition, group in groups:
    print_condition(condition, group)
latencies = firsts.groupby(["condition", "hop"], observed=True).propagation_time
with pd.option_context("display.width", 120, "display.max_columns", None):
    print(latencies.quantile([0, 0.25, 0.5, 0.75, 0.9, 0.99, 1]).unstack())
if len(groups) > 1:
    first, second = groups[0][1].t100_ms, groups[1][1].t100_ms
    print("Mann-Whitney", stats.mannwhitneyu(first, second))
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
print(f"{rows} rows: {time.perf_counter() - begun:.1f} s, {peak_mb:.0f} MB")

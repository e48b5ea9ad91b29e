"""The metrics of every round and the tables of them by Polars: polars_metrics.py FILE [T.csv]

FILE is a CSV of the published form or an events.parquet. Columns are named as in tables/rounds.csv, latency.csv and load.csv;
with T.csv, one line for each round goes there. Repeated rows are not looked for, and nothing is resampled or audited.
"""

import sys

import polars as pl

PERCENTS = [50, 90, 95, 99, 100]
ROUND = ["run_id", "round"]


def events_of(path):
    """The records under the names of events.parquet; hops that are not known are null."""
    if path.endswith(".parquet"):
        frame = pl.scan_parquet(path)
        columns = "run_id round nodes event_type sender_id receiver_id received_ns sent_ns send_id hop".split()
        hop = pl.when(pl.col("hop") >= 0).then(pl.col("hop"))
        return frame.select(columns).with_columns(hop, latency_ns=pl.col("received_ns") - pl.col("sent_ns"))
    frame = pl.scan_csv(path, schema_overrides={"received_timestamp": pl.Float64, "propagation_time": pl.Float64})
    parts = pl.col("message").str.extract_groups(r"^(.*)-(\d+)$")
    latency_ns = (pl.col("propagation_time") * 1e6).round().cast(pl.Int64)
    received_ns = pl.col("received_timestamp").cast(pl.Int64)
    frame = frame.select(
        run_id=parts.struct[0], round=parts.struct[1].cast(pl.UInt32),
        nodes=pl.col("message").str.extract(r"cubaan(\d+)").cast(pl.UInt32),
        event_type="event_type", sender_id="sender_id", receiver_id="receiver_id",
        received_ns=received_ns, sent_ns=received_ns - latency_ns, latency_ns=latency_ns,
        send_id=pl.lit(None, pl.String), hop=pl.lit(None, pl.Int32),
    )  # fmt: skip
    return frame


def first_deliveries(events):
    """The first receipt of each node that did not initiate, in the order of time."""
    initiators = events.filter(pl.col("event_type") == "initiate").select(*ROUND, initiator="sender_id")
    firsts = events.filter(pl.col("event_type") == "received").sort([*ROUND, "received_ns"])
    firsts = firsts.unique([*ROUND, "receiver_id"], keep="first", maintain_order=True)
    firsts = firsts.join(initiators, on=ROUND, how="left")
    return firsts.filter(pl.col("receiver_id").ne_missing(pl.col("initiator")))


def with_hops(firsts):
    """Hops as logged; of rounds where none is, those of the tree of first deliveries."""
    unknown = firsts.filter(pl.col("hop").is_null().all().over(ROUND))
    reached = unknown.filter(pl.col("sender_id").eq_missing(pl.col("initiator"))).with_columns(hop=pl.lit(1, pl.Int32))
    waiting = unknown.filter(pl.col("sender_id").ne_missing(pl.col("initiator")))
    levels = [firsts.filter(pl.col("hop").is_not_null().any().over(ROUND))]
    while reached.height > 0:
        levels.append(reached)
        parents = reached.select(*ROUND, "hop", sender_id="receiver_id")
        reached = waiting.drop("hop").join(parents, on=[*ROUND, "sender_id"]).with_columns(pl.col("hop") + 1)
        reached = reached.select(waiting.columns)
        waiting = waiting.join(parents, on=[*ROUND, "sender_id"], how="anti")
    return pl.concat([*levels, waiting])


def sends_of(events):
    """Copies that were sent: received, duplicates, and failed ones that no delivery belongs to."""
    delivered = events.filter(pl.col("event_type").is_in(["received", "duplicate"]))
    failed = events.filter(pl.col("event_type") == "failed")
    failed = failed.join(delivered.select(*ROUND, "send_id"), on=[*ROUND, "send_id"], how="anti")
    return pl.concat([delivered, failed])


def gini(sent):
    """The Gini coefficient of the copies that each node sent, from those that sent any; the others sent none."""
    n, ranks = pl.col("nodes").first().cast(pl.Float64), pl.col(sent).rank("ordinal").cast(pl.Float64)
    rank = ranks + n - pl.len()
    return 2 * (rank * pl.col(sent)).sum() / (n * pl.col(sent).sum()) - (n + 1) / n


def rounds_of(events, firsts, sends):
    """One line for each round."""
    initiates = events.filter(pl.col("event_type") == "initiate")
    rounds = events.group_by(ROUND).agg(
        pl.col("nodes").max(), duplicates=(pl.col("event_type") == "duplicate").sum(),
        failed=(pl.col("event_type") == "failed").sum(),
    )  # fmt: skip
    begun = initiates.group_by(ROUND).agg(
        initiate_ns=pl.col("received_ns").min(), initiator=pl.col("sender_id").first())  # fmt: skip
    rounds = rounds.join(begun, on=ROUND, how="left")
    of_initiator = sends.join(begun.select(*ROUND, sender_id="initiator"), on=[*ROUND, "sender_id"])
    rounds = rounds.join(of_initiator.group_by(ROUND).agg(first_send_ns=pl.col("sent_ns").min()), on=ROUND, how="left")
    reached = firsts.group_by(ROUND).agg(
        delivered=pl.len(), reached_ns=pl.col("received_ns").sort(),
        hops_max=pl.col("hop").max(), hops_mean=pl.col("hop").mean(),
        latency_median_ms=pl.col("latency_ns").median() / 1e6,
    )  # fmt: skip
    rounds = rounds.join(reached, on=ROUND, how="left").with_columns(pl.col("delivered").fill_null(0))
    rounds = rounds.join(sends.group_by(ROUND).agg(sends=pl.len()), on=ROUND, how="left")
    of_nodes = sends.group_by([*ROUND, "sender_id"]).agg(pl.col("nodes").max(), sent=pl.len())
    rounds = rounds.join(of_nodes.group_by(ROUND).agg(load_gini=gini("sent")), on=ROUND, how="left")
    expected = pl.col("nodes").cast(pl.Int64) - 1
    times = {}
    for percent in PERCENTS:
        # The k-th smallest, k = ceil(percent (N - 1) / 100) in whole numbers; none where fewer were reached.
        place = (expected * percent + 99) // 100 - 1
        at_ns = pl.col("reached_ns").list.get(place, null_on_oob=True)
        times[f"t{percent}_ms"] = (at_ns - pl.col("initiate_ns")) / 1e6
        times[f"t{percent}_first_send_ms"] = (at_ns - pl.col("first_send_ns")) / 1e6
    return rounds.with_columns(
        **times, coverage=pl.col("delivered") / expected, rmr=pl.col("sends") / (pl.col("delivered") + 1) - 1,
        setup_ms=(pl.col("first_send_ns") - pl.col("initiate_ns")) / 1e6,
    ).drop("reached_ns").sort(ROUND)  # fmt: skip


def main():
    events = events_of(sys.argv[1]).collect()
    firsts, sends = with_hops(first_deliveries(events)), sends_of(events)
    rounds = rounds_of(events, firsts, sends)
    if len(sys.argv) > 2:
        rounds.write_csv(sys.argv[2])
    scored = pl.col("round") > 0
    t100 = [pl.col("t100_ms").mean().alias("mean_ms"), pl.col("t100_ms").median().alias("median_ms")]
    print(rounds.filter(scored).group_by("nodes").agg(
        pl.len().alias("rounds"), *t100, pl.col("coverage").mean(), pl.col("duplicates").mean(), pl.col("rmr").mean(),
        sent_mean=(pl.col("sends") / pl.col("nodes")).mean(), gini_round_median=pl.col("load_gini").median(),
    ).sort("nodes"))  # fmt: skip
    quantiles = [pl.col("latency_ns").quantile(q / 100, "linear").alias(f"p{q}_ns") for q in (25, 50, 75, 90, 99)]
    latencies = firsts.filter(scored).group_by("nodes", "hop").agg(pl.len(), *quantiles).sort("nodes", "hop")
    print(latencies)
    print(len(rounds), "rounds of", len(events), "rows")


if __name__ == "__main__":
    main()

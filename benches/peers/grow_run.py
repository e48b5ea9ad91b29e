"""Grows a run of two processes into many runs, or a long one: grow_run.py RUN EVENTS.parquet COPIES many|one OUT.

RUN is the folder that `cnsim run` made, EVENTS.parquet what `cnsim-analyze fetch` made of its events.jsonl. Writes
OUT/RUN_ID.parquet for `cnsim-analyze fetch`, and OUT/RUN_ID/ with manifest and topology for the run folder. Each
process becomes a host; every round of every copy is stretched by a factor of its own.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

run, events_file, copies, mode, out = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4], Path(sys.argv[5])
PAUSE_NS = 2_000_000_000
manifest = json.loads((run / "manifest.json").read_text())
table = pq.read_table(events_file)
columns = {}
for name in set(table.column_names) - {"float_timestamp", "format"}:
    column = table[name].combine_chunks()
    is_text = pa.types.is_dictionary(column.type) or pa.types.is_string_view(column.type)
    columns[name] = column.cast(pa.string()) if is_text else column
number = columns["round"].to_numpy()
received = columns["received_ns"].to_numpy()
unsent = columns["sent_ns"].is_null().to_numpy(zero_copy_only=False)
sent = columns["sent_ns"].fill_null(0).to_numpy()
processes = sorted(manifest["last_seqs"])
process = columns["process"].to_numpy(zero_copy_only=False)
last = np.array([manifest["last_seqs"][name] for name in processes], dtype=np.uint64)
place = np.searchsorted(processes, process.astype(str))
rounds = int(number.max()) + 1
start = np.array([min(received[number == r].min(), sent[(number == r) & ~unsent].min()) for r in range(rounds)])
span = int(received.max() - start[0]) + rounds * PAUSE_NS
random = np.random.default_rng(1)
for node in manifest["roster"]:
    node["host"] = f"h{processes.index(node['process'])}"


def save(run_id, condition, told):
    folder = out / run_id
    folder.mkdir(parents=True, exist_ok=True)
    options = manifest["options"] | {"condition": condition}
    (folder / "manifest.json").write_text(json.dumps(manifest | {"run_id": run_id, "options": options} | told))
    shutil.copy(run / "topology.json", folder)


def copied(copy, run_id, condition, first_round, first_seq):
    factor = random.lognormal(0, 0.2, rounds) * (1.1 if condition == "slow" else 1)
    begin = start[number] + copy * 2 * span + number.astype(np.int64) * PAUSE_NS
    received_ns, sent_ns = [
        begin + ((ns - start[number]) * factor[number]).astype(np.int64) for ns in [received, sent]
    ]
    renumbered = number + first_round
    messages = pa.array([f"{run_id}-{first_round + r}" for r in range(rounds)]).take(pa.array(number))
    return pa.table(columns | {
        "message": messages, "run_id": pa.repeat(run_id, len(number)),
        "condition": pa.repeat(condition, len(number)),
        "round": pa.array(renumbered.astype(np.uint32)), "seq": pa.array(columns["seq"].to_numpy() + first_seq[place]),
        "received_ns": pa.array(received_ns), "received_timestamp": pa.array(received_ns),
        "sent_ns": pa.array(sent_ns, mask=unsent), "host": pa.array(["h0", "h1"]).take(pa.array(place)),
        "propagation_time": pa.array((received_ns - sent_ns) / 1e6, mask=unsent),
    })  # fmt: skip


out.mkdir(parents=True, exist_ok=True)
if mode == "many":
    for copy in range(copies):
        run_id, condition = f"run{copy:02}", ["flood", "slow"][copy % 2]
        pq.write_table(copied(copy, run_id, condition, 0, 0 * last), out / f"{run_id}.parquet")
        save(run_id, condition, {})
else:
    told, writer = [], None
    for copy in range(copies):
        part = copied(copy, "one", "flood", copy * rounds, np.uint64(copy) * last)
        writer = writer or pq.ParquetWriter(out / "one.parquet", part.schema)
        writer.write_table(part)
        for one in manifest["rounds"]:
            seqs = {name: seq + copy * manifest["last_seqs"][name] for name, seq in one["last_seqs"].items()}
            told.append(one | {"round": one["round"] + copy * rounds, "last_seqs": seqs})
    writer.close()
    seqs = {name: copies * seq for name, seq in manifest["last_seqs"].items()}
    save("one", "flood", {"rounds": told, "last_seqs": seqs})

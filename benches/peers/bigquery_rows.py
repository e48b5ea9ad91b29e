"""A run's rows from a server of BigQuery's interfaces: cnsim by both ways, and Google's Python client by Storage Read.

bigquery_rows.py SERVER CNSIM_ANALYZE [ROWS]

SERVER is given a REST port, a gRPC port and a folder. Needs PyPI's google-cloud-bigquery, google-cloud-bigquery-storage and
pyarrow. Everything is measured in one run, one after the other: the query alone, what `fetch` asks before it spends (the tables,
their columns, a dry run), then each way with its query; what is told of a way is what remains behind these. A reader that drops
every byte of Storage Read tells what the server needs for it. The fastest of three counts. Memory is the peak of the way's own
process."""

import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve()
STATEMENT = HERE.parents[2] / "queries" / "records.sql"
PROJECT, DATASET, TABLE, RUN = "study", "gke_logs", "stdout", "aaaa0000-cubaan100"
BEGIN_NS = 1_742_869_853_000_000_000
ROUND_ROWS = 10_000
REPEATS = 3


def client(rest):
    from google.api_core.client_options import ClientOptions
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    options = ClientOptions(api_endpoint=rest)
    return bigquery.Client(project=PROJECT, credentials=AnonymousCredentials(), client_options=options)


def records(first, count):
    """Rows of the sink's table, as a flood's nodes write them."""
    import pyarrow as pa

    def payload(row):
        round_, at = divmod(row, ROUND_ROWS)
        sender, receiver = at % 100, at // 100
        received = BEGIN_NS + round_ * 2_000_000_000 + at * 7_919 % 90_000_000
        return {
            "message": f"{RUN}-{round_}", "sender_id": f"n{sender}", "receiver_id": f"n{receiver}",
            "received_timestamp": float(received), "propagation_time": (at % 900) / 100,
            "event_type": "received" if at < 100 else "duplicate", "detail": None, "run_id": RUN,
            "round": float(round_), "nodes": 100.0, "protocol": "flood", "condition": "none", "hop": float(1 + at % 3),
            "sent_ns": str(received - at % 900 * 10_000), "received_ns": str(received),
            "send_id": f"n{sender}-1742869850000-{row}", "seq": float(row // 100 + 1),
            "process": f"gossip-{receiver}-1742869850000", "host": f"gke-node-{receiver % 9}", "bytes": 62.0, "format": 1.0,
        }

    rows = range(first, first + count)
    times = pa.array([BEGIN_NS // 1000 + row * 1000 for row in rows], pa.timestamp("us", "UTC"))
    return pa.table({
        "logName": [f"projects/{PROJECT}/logs/stdout"] * count, "insertId": [f"i{row}" for row in rows],
        "timestamp": times, "receiveTimestamp": times, "jsonPayload": [payload(row) for row in rows]})


def fill(rest, count):
    import pyarrow.parquet as pq
    from google.cloud import bigquery

    bq, rows = client(rest), int(count)
    bq.create_dataset(DATASET)
    for first in range(0, rows, 100_000):
        with tempfile.TemporaryFile() as file:
            pq.write_table(records(first, min(100_000, rows - first)), file)
            file.seek(0)
            config = bigquery.LoadJobConfig(source_format="PARQUET")
            bq.load_table_from_file(file, f"{PROJECT}.{DATASET}.{TABLE}", job_config=config).result()


def query(rest):
    from google.cloud import bigquery

    parameters = [
        bigquery.ArrayQueryParameter("run_ids", "STRING", [RUN]), bigquery.ArrayQueryParameter("prefixes", "STRING", []),
        bigquery.ScalarQueryParameter("since", "TIMESTAMP", "2025-03-01T00:00:00Z"),
        bigquery.ScalarQueryParameter("until", "TIMESTAMP", "2026-01-01T00:00:00Z")]
    config = bigquery.QueryJobConfig(query_parameters=parameters)
    job = client(rest).query(STATEMENT.read_text().replace("{table}", f"{PROJECT}.{DATASET}.{TABLE}"), job_config=config)
    job.result(max_results=1)
    return job


def reader(storage):
    import grpc
    from google.cloud import bigquery_storage
    from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

    channel = grpc.insecure_channel(storage.removeprefix("http://"), options=[("grpc.max_receive_message_length", -1)])
    return bigquery_storage.BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=channel))


def to_arrow(rest, storage):
    """The Python client's way, in a process of its own."""
    print(query(rest).result().to_arrow(bqstorage_client=reader(storage)).num_rows)


def drop(rest, storage):
    """All streams at once, every byte dropped."""
    from concurrent.futures import ThreadPoolExecutor

    from google.cloud.bigquery_storage_v1 import types

    table, client = query(rest).destination, reader(storage)
    name = f"projects/{table.project}/datasets/{table.dataset_id}/tables/{table.table_id}"
    session = types.ReadSession(table=name, data_format=types.DataFormat.ARROW)
    session = client.create_read_session(parent=f"projects/{PROJECT}", read_session=session, max_stream_count=20)
    with ThreadPoolExecutor(20) as threads:
        counts = threads.map(lambda stream: sum(part.row_count for part in client.read_rows(stream.name)), session.streams)
        print(sum(counts))


def measured(command):
    """Seconds and peak MB of a command."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed")
    return time.monotonic() - begun, usage.ru_maxrss / 1024


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait(port):
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.2)


def time_query(rest):
    query(rest)
    times = []
    for _ in range(REPEATS):
        begun = time.monotonic()
        query(rest)
        times.append(time.monotonic() - begun)
    print(min(times))


def measure(rest, storage, program, rows):
    this = [sys.executable, str(HERE)]
    subprocess.run([*this, "--fill", rest, str(rows)], check=True)
    query_s = float(subprocess.run([*this, "--time-query", rest], check=True, stdout=subprocess.PIPE).stdout)
    print(f"query alone: {query_s:.1f} s; {rows} rows")
    with tempfile.TemporaryDirectory() as home:
        fetch = [program, "fetch", "--run-id", RUN, "--project", PROJECT, "--dataset", DATASET, "--scan-all",
                 "--endpoint", rest, "--storage-endpoint", storage]
        plan_s = min(measured([*fetch, "--dry-run"])[0] for _ in range(REPEATS))
        print(f"what fetch asks before it spends: {plan_s:.1f} s")
        ways = {
            "a reader of Storage Read that drops every byte": (0, [*this, "--drop", rest, storage]),
            "google-cloud-bigquery to_arrow by Storage Read": (0, [*this, "--to-arrow", rest, storage]),
            "fetch --method storage, to events.parquet": (plan_s, [*fetch, "--method", "storage", "-o", f"{home}/storage"]),
            "fetch --method rest, to events.parquet": (plan_s, [*fetch, "--method", "rest", "-o", f"{home}/rest"]),
        }
        for way, (before_s, command) in ways.items():
            runs = [measured(command) for _ in range(REPEATS)]
            seconds, peak_mb = min(seconds for seconds, _ in runs), max(peak_mb for _, peak_mb in runs)
            behind = seconds - before_s - query_s
            print(f"{way}: {seconds:.1f} s, {behind:.1f} s of it for rows, {rows / behind:.0f} rows/s, {peak_mb:.0f} MB")
        files = [pathlib.Path(home, method, RUN, "events.parquet") for method in ("storage", "rest")]
        if files[0].read_bytes() != files[1].read_bytes():
            sys.exit("the two ways gave different files")
        print(f"both ways gave the same {files[0].stat().st_size} bytes")


def main():
    # A process begins with its parent's memory as its peak, so this one loads nothing.
    if sys.argv[1].startswith("--"):
        {"--fill": fill, "--time-query": time_query, "--to-arrow": to_arrow, "--drop": drop}[sys.argv[1]](*sys.argv[2:])
        return
    server, program, rows = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000
    ports = [free_port(), free_port()]
    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen([server, *map(str, ports), f"{data}/data"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait(ports[0])
            measure(*(f"http://127.0.0.1:{port}" for port in ports), program, rows)
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()

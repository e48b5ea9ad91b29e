"""T per message in one DuckDB query: duckdb_t.py FILE, a CSV of the published form or an events.parquet."""

import sys

import duckdb

path = sys.argv[1]
reader, at_ns, message = ("read_csv", "received_timestamp", "message")
if path.endswith(".parquet"):
    reader, at_ns, message = ("read_parquet", "received_ns", "run_id, round")
query = f"""
select count(*), avg(t_ms) from (
  select (max({at_ns}) filter (event_type = 'received')
        - min({at_ns}) filter (event_type = 'initiate')) / 1e6 as t_ms
  from {reader}(?) group by {message})
"""
print(*duckdb.execute(query, [path]).fetchone())

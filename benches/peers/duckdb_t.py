"""T per message in one DuckDB query: duckdb_t.py FILE."""

import sys

import duckdb

query = """
select count(*), avg(t_ms) from (
  select (max(received_timestamp) filter (event_type = 'received')
        - min(received_timestamp) filter (event_type = 'initiate')) / 1e6 as t_ms
  from read_csv(?) group by message)
"""
print(*duckdb.execute(query, [sys.argv[1]]).fetchone())

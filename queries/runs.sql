-- The runs in one table, each in a row.
--
-- Table
--   {table}: one that a log sink fills: divided by its column timestamp, or the shard of a day
-- Parameters
--   since     TIMESTAMP  the first instant of logging
--   until     TIMESTAMP  the instant behind the last one
-- Columns
--   run_id    STRING     the run
--   first_us  INT64      when its first entry was logged, in microseconds since 1970
--   last_us   INT64      when its last one was
--   nodes     INT64      nodes that received a message or began one
--   rounds    INT64      messages that were begun
--   entries   INT64      entries of the log, repeats of the export included
--   delivered INT64      first receipts, repeats of the export left out
SELECT
  REGEXP_REPLACE(jsonPayload.message, r'-[0-9]+$', '') AS run_id,
  UNIX_MICROS(MIN(timestamp)) AS first_us,
  UNIX_MICROS(MAX(timestamp)) AS last_us,
  COUNT(DISTINCT IF(jsonPayload.event_type IN ('initiate', 'received'), jsonPayload.receiver_id, NULL)) AS nodes,
  COUNT(DISTINCT IF(jsonPayload.event_type = 'initiate', jsonPayload.message, NULL)) AS rounds,
  COUNT(*) AS entries,
  COUNT(
    DISTINCT IF(jsonPayload.event_type = 'received', CONCAT(jsonPayload.message, ' ', jsonPayload.receiver_id), NULL)
  ) AS delivered
FROM `{table}`
WHERE timestamp >= @since
  AND timestamp < @until
  AND jsonPayload.event_type IN ('initiate', 'received', 'duplicate', 'failed')
GROUP BY run_id
ORDER BY first_us, run_id

-- What arrives in one table: each kind of event in a row.
--
-- Table
--   {table}: one that a log sink fills: divided by its column timestamp, or the shard of a day
-- Parameters
--   since       TIMESTAMP  the first instant of logging
--   until       TIMESTAMP  the instant behind the last one
-- Columns
--   event_type  STRING     the kind
--   entries     INT64      entries of the log, repeats of the export included
--   last_us     INT64      when the last one was logged, in microseconds since 1970
--   lag_s       INT64      the longest that one took from the node's output to Cloud Logging, in seconds
SELECT
  jsonPayload.event_type AS event_type,
  COUNT(*) AS entries,
  UNIX_MICROS(MAX(timestamp)) AS last_us,
  MAX(TIMESTAMP_DIFF(receiveTimestamp, timestamp, SECOND)) AS lag_s
FROM `{table}`
WHERE timestamp >= @since
  AND timestamp < @until
  AND jsonPayload.event_type IN ('initiate', 'received', 'duplicate', 'failed')
GROUP BY event_type
ORDER BY event_type

-- The records of some runs in one table divided by when entries came in, each entry of the log once.
--
-- Table
--   {table}: one that an old log sink fills, divided by the day of ingestion
-- Parameters
--   run_ids   ARRAY<STRING>  runs; a message's name is its run's, a hyphen and the round
--   prefixes  ARRAY<STRING>  beginnings of runs' names
--   since     TIMESTAMP      the first instant of logging
--   until     TIMESTAMP      the instant behind the last one
-- Columns
--   record    STRING         the entry's payload as JSON: every field that the table has for it
--   received  INT64          received_timestamp, which loses nothing as a number of its own
--   copies    INT64          how often the export wrote the entry
SELECT
  TO_JSON_STRING(jsonPayload) AS record,
  SAFE_CAST(jsonPayload.received_timestamp AS INT64) AS received,
  COUNT(*) OVER (PARTITION BY logName, timestamp, IFNULL(insertId, TO_JSON_STRING(jsonPayload))) AS copies
FROM `{table}`
WHERE (
    _PARTITIONTIME IS NULL
    OR (
      _PARTITIONTIME >= TIMESTAMP_SUB(@since, INTERVAL 2 DAY)
      AND _PARTITIONTIME < TIMESTAMP_ADD(@until, INTERVAL 2 DAY)
    )
  )
  AND timestamp >= @since
  AND timestamp < @until
  AND jsonPayload.event_type IS NOT NULL
  AND (
    REGEXP_REPLACE(jsonPayload.message, r'-[0-9]+$', '') IN UNNEST(@run_ids)
    OR EXISTS (
      SELECT 1 FROM UNNEST(@prefixes) AS prefix
      WHERE STARTS_WITH(REGEXP_REPLACE(jsonPayload.message, r'-[0-9]+$', ''), prefix)
    )
  )
QUALIFY
  ROW_NUMBER() OVER (
    PARTITION BY logName, timestamp, IFNULL(insertId, TO_JSON_STRING(jsonPayload))
    ORDER BY receiveTimestamp
  ) = 1

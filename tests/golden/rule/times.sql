-- A time is compared with times, with milliseconds and with texts of ISO 8601.
SELECT id, at > 1577872800000 AS after_ms, at = '2020-01-01T10:00:00Z' AS same, at < other AS before,
  CAST(at AS BIGINT) AS ms, CAST(at AS STRING) AS text, at IN ('2020-01-01T10:00:00Z') AS listed
FROM demo WHERE at >= '2020-01-01T00:00:00Z'

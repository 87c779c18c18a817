CREATE STREAM types (
  a BIGINT, b float, c String, d DATETIME, e BOOLEAN, f BYTEA,
  g ARRAY(BIGINT),
  h ARRAY(ARRAY(ARRAY(STRING))),
  i STRUCT(x FLOAT, y FLOAT,),
  j ARRAY(STRUCT(name STRING, `at` ARRAY(DATETIME), inner STRUCT(deep STRUCT(z BYTEA)))),
) WITH ();

-- Words of the language are names where a name stands.
CREATE STREAM stream (
  create BIGINT, stream STRING, array ARRAY(BIGINT), struct STRUCT(struct STRING), with FLOAT,
  key STRING, timestamp DATETIME, default BIGINT DEFAULT 1, bigint BIGINT, `温度` FLOAT, Id BIGINT, ID BIGINT
) WITH (KEY="key", TIMESTAMP="timestamp");

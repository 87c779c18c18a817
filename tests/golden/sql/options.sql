CREATE STREAM all_of_them (
  id BIGINT,
  ts STRING,
) WITH (
  DATASOURCE = "a/#,b/+", FORMAT = 'DELIMITED', KEY = "id", TYPE = "mySource", StrictValidation = "True",
  CONF_KEY = "demo conf", TIMESTAMP = "ts", TIMESTAMP_FORMAT = "yyyy-MM-dd''T''HH:mm:ssX'", SHARED = TRUE,
  DELIMITER = "\t", EXTRA = "{\"qos\": 1, \"tags\": [\"a\", null], \"deep\": {\"on\": true}}",
);
CREATE STREAM binary_one (image BYTEA) WITH (format="BINARY");
CREATE STREAM binary_none () WITH (FORMAT="binary", shared=FALSE, strict_validation="false");
CREATE STREAM schemaless () WITH (KEY="any", TIMESTAMP="any", DELIMITER="||");
CREATE STREAM strings () WITH (
  DATASOURCE="say ""hi"" it''s \"x\" \\ \/ \n \u00e9 \ud83d\ude00", CONF_KEY='it''s', EXTRA='{
    "over": "several lines", "path": "C:\\\\data"
  }'
);

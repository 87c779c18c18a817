CREATE STREAM demo () WITH (FORMT="json")
=====
CREATE STREAM demo () WITH (sources="users")
=====
CREATE STREAM demo () WITH (SCHEMAID="a.B")
=====
CREATE STREAM demo () WITH ("FORMAT"="json")
=====
CREATE STREAM demo () WITH (FORMAT)
=====
CREATE STREAM demo () WITH (FORMAT:"json")
=====
CREATE STREAM demo () WITH (FORMAT=json)
=====
CREATE STREAM demo () WITH (FORMAT="jsno")
=====
CREATE STREAM demo () WITH (FORMAT="protobuf")
=====
CREATE STREAM demo () WITH (DATASOURCE="a" FORMAT="json")
=====
CREATE STREAM demo () WITH (DATASOURCE="a", DataSource="b")
=====
CREATE STREAM demo () WITH (STRICT_VALIDATION=TRUE, StrictValidation=TRUE)
=====
CREATE STREAM demo () WITH (DATASOURCE="a", FORMAT="json"
=====
CREATE STREAM demo () WITH DATASOURCE="a"
=====
CREATE STREAM demo () WITH (SHARED=1)
=====
CREATE STREAM demo () WITH (STRICT_VALIDATION="true1")
=====
CREATE STREAM demo () WITH (CONF_KEY="")
=====
CREATE STREAM demo () WITH (DELIMITER="")
=====
CREATE STREAM demo () WITH (TYPE="../evil")
=====
CREATE STREAM demo () WITH (DATASOURCE=TRUE)
=====
CREATE STREAM demo () WITH (DATASOURCE=-1)
=====
CREATE STREAM demo () WITH (EXTRA="USERID")
=====
CREATE STREAM demo () WITH (EXTRA="[1]")
=====
CREATE STREAM demo () WITH (EXTRA='{"id": 12345678901234567890}')
=====
CREATE STREAM demo () WITH (EXTRA='{"password": "hunter2", }')
=====
CREATE STREAM demo () WITH (EXTRA="{\"sasl_password\":\"hunter\\\"2\", \"x\":1}", SHARD=TRUE)
=====
CREATE STREAM demo (id BIGINT) WITH (KEY="ID")
=====
CREATE STREAM demo (id BIGINT) WITH (TIMESTAMP="when")
=====
CREATE STREAM demo (at ARRAY(DATETIME)) WITH (TIMESTAMP="at")
=====
CREATE STREAM demo (a BYTEA, b BYTEA) WITH (FORMAT="binary")
=====
CREATE STREAM demo (a STRING) WITH (FORMAT="binary")

CREATE STREAM demo () WITH (DATASOURCE="topic)
=====
CREATE STREAM demo () WITH (DATASOURCE='topic"
)
=====
CREATE STREAM `demo () WITH ()
=====
CREATE STREAM demo () /* WITH ()
=====
CREATE STREAM demo () WITH (DATASOURCE="C:\data")
=====
CREATE STREAM demo () WITH (DATASOURCE="\u12g4")
=====
CREATE STREAM demo () WITH (DATASOURCE="\ud83d")
=====
CREATE STREAM demo () WITH (DATASOURCE="a\
=====
CREATE STREAM 温度 () WITH ()
=====
CREATE STREAM 1st () WITH ()
=====
CREATE STREAM demo （） WITH ()
=====
CREATE STREAM demo () WITH (DATASOURCE=“topic”)
=====
CREATE STREAM demo (a BIGINT, € BIGINT) WITH ()

-- nothing but a comment in a list is no error, so this one has something
CREAT STREAM demo () WITH ()
=====
42
=====
"CREATE STREAM demo () WITH ()"
=====
CREATE
=====
CREATE STRAEM demo () WITH ()
=====
CREATE TABLE demo () WITH ()
=====
SHOW TABLES
=====
DESCRIBE TABLE demo
=====
drop table demo
=====
SELECT * FROM demo
=====
EXPLAIN SELECT * FROM demo
=====
CREATE STREAM IF NOT EXISTS demo () WITH ()
=====
CREATE STREAM
=====
CREATE STREAM () WITH ()
=====
CREATE STREAM "demo" () WITH ()
=====
CREATE STREAM `` () WITH ()
=====
CREATE STREAM my-stream () WITH ()
=====
CREATE STREAM a.b () WITH ()
=====
CREATE STREAM demo WITH ()
=====
CREATE STREAM demo ()
=====
CREATE STREAM demo () WHIT ()
=====
CREATE STREAM demo () WITH
=====
CREATE STREAM demo () WITH ())
=====
CREATE STREAM demo () WITH () SHOW STREAMS
=====
SHOW STREAM
=====
SHOW STREAMS demo
=====
DESCRIBE demo
=====
DESCRIBE STREAM
=====
DROP STREAM my/stream
=====
`a b` WITH ()
=====
SHOW STREAMS;
  DROP STRAM demo;

SELECT nme FROM demo
=====
SELECT id + name FROM demo
=====
SELECT name || "x" FROM demo
=====
SELECT id s FROM demo
=====
SELECT a AS b, b AS a FROM open
=====
SELECT count(*) FROM demo
=====
SELECT lag(id) FROM demo
=====
SELECT abz(1) FROM demo
=====
SELECT abs() FROM demo
=====
SELECT abs(name) FROM demo
=====
SELECT id FROM demo GROUP BY TUMBLINGWINDOW(ss, 10)
=====
SELECT id FROM demo HAVING id > 1
=====
SELECT DISTINCT id FROM demo
=====
SELECT id FROM demo INNER JOIN open ON demo.id = open.id
=====
SELECT id FROM demo, open
=====
SELECT id FROM demo UNION SELECT id FROM demo
=====
SELECT id FROM demo LIMIT 3 OFFSET 2
=====
SELECT id FROM (SELECT id FROM demo)
=====
SELECT id FROM demo WHERE id IN (SELECT id FROM demo)
=====
SELECT abs(id) OVER (PARTITION BY id) FROM demo
=====
SELECT id name FROM demo
=====
SELECT id FROM dem
=====
SELECT id FROM demo WHERE id
=====
SELECT id FROM demo WHERE name = 3
=====
SELECT id FROM demo WHERE id == 3
=====
SELECT id, id FROM demo
=====
SELECT *, * FROM demo
=====
SELECT other.* FROM demo
=====
SELECT place->sit FROM demo
=====
SELECT id[0] FROM demo
=====
SELECT tags['a'] FROM demo
=====
SELECT NOT id FROM demo
=====
SELECT id INVISIBLE FROM demo
=====
SELECT id AS `__proto__` FROM demo
=====
SELECT cast(id, "bigger") FROM demo
=====
SELECT CAST(id AS INT) FROM demo
=====
SELECT 99999999999999999999 FROM demo
=====
SELECT CASE id END FROM demo
=====
SELECT id FROM demo WHERE
=====
SELECT FROM demo
=====
SELEC id FROM demo
=====
SELECT id FRM demo
=====
SELECT id FROM demo WHERE (id > 1
=====
SELECT * EXCEPT(nme) FROM demo
=====
SELECT id FROM demo; SELECT id FROM demo
=====
SELECT id FROM demo WERE id > 1
=====
WITH x AS (SELECT 1) SELECT id FROM demo
=====
SELECT id FROM demo WINDOW w AS (1)
=====
SELECT * EXCEPT(id) REPLACE(id AS id) FROM demo
=====
SELECT temperature AS t, demo.* EXCEPT(id, `nme`) FROM demo
=====
SELECT * REPLACE(id AS id, 1 AS nme) FROM demo
=====
SELECT * REPLACE(id AS id, 1 AS id) FROM demo

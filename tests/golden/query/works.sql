SELECT * FROM demo WHERE temperature > 50
=====
select id, temperature*1.8+32 as f, f - 1 as g from demo where f > 100 and id in (1,2,3) and not name like 'a%'
=====
SELECT * EXCEPT(id) REPLACE(abs(id) AS temperature) FROM demo AS d WHERE d.place.site = 'x' AND tags[-1] = "b"
=====
SELECT geo(geo(name)) AS h, meta(topic), tags[1:], CASE WHEN id > 1 THEN 'a' ELSE 'b' END FROM demo WHERE h > 3 AND id <> 2
=====
EXPLAIN SELECT a.b->c, cast(x, "bigint") AS x FROM open WHERE x IS NOT NULL AND now() > 3;
=====
-- alias semantics: its own expression sees the column, the others see the alias
SELECT id + 1 AS id, id * 2 AS twice FROM demo WHERE id > 1
=====
SELECT id AS hidden INVISIBLE, hidden * hidden AS square FROM demo /* INVISIBLE is computed and not emitted */
=====
SELECT demo.*, meta(demo.topic) AS t FROM demo ORDER BY id DESC, name LIMIT 5
=====
SELECT id FROM demo LIMIT 0
=====
SELECT CASE id WHEN 1 THEN 'one' WHEN 2 THEN 'two' END AS word FROM demo WHERE id BETWEEN 1 AND 2 OR name NOT IN ('x') AND id NOT BETWEEN -1 AND 0
=====
SELECT `from`, a[i][-1], a[:2], a[1:n], -(-b), - b, 1 - -1, NOT (x OR y) AND z FROM `plant/#`
=====
SELECT a & b | c ^ 1, (a + b) * c - d / e % 2, a = b = TRUE, x IN list, 9007199254740993, 1.0, 1e3, NULL FROM open
=====
SELECT * FROM shared WHERE a > 1 AND newuuid() != "x"
=====
SELECT geo(name) AS h, geo(h) AS k FROM demo
=====
SELECT geo(name) AS h FROM demo WHERE geo(h) > 3
=====
SELECT newuuid() AS u, geo(u) AS k, concat2 AS m, u AS v FROM open
=====
SELECT abs(id) AS h, geo(h) AS k, h + 1 AS m FROM demo WHERE m > 1

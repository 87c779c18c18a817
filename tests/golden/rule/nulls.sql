-- What null does: to comparison, logic, arithmetic, CASE and the functions that pass it.
SELECT id, a = a AS same, a != 1 AS other, a > 1 OR b AS either, NOT b AS not_b, a + 1 AS plus, -a AS minus,
  a & 1 AS bit, a BETWEEN 0 AND 9 AS between_, a NOT BETWEEN 0 AND 9 AS not_between, a IN (1, NULL) AS in_,
  a NOT IN (1, NULL) AS not_in, s LIKE '%' AS like_, s NOT LIKE '%' AS not_like, a IS NULL AS is_null,
  CASE a WHEN 1 THEN 'one' ELSE 'else' END AS simple, CASE WHEN b THEN 'b' END AS searched, coalesce(a, -1) AS c,
  isnull(s) AS n, upper(s) AS u, o->x AS x, l[0] AS first, l[a:] AS tail, CAST(a AS STRING) AS cast_
FROM demo

-- Each row but the first and the last fails, each at another place.
SELECT id, a + 1 AS plus, a > 0 AS more, s LIKE '_%' AS like_, l[1] AS second, o->x AS x, 10 / d AS quotient,
  CAST(c AS BIGINT) AS number, NOT b AS not_b, a IN l AS in_, f * f AS square
FROM demo

-- BIGINT keeps every digit and has 64 bits, FLOAT does not; whole numbers divide by their declared types.
SELECT i + 1 AS plus, i - 1 AS minus, i % 4 * i AS times, i / 2 AS half, i % 10 AS last, -i AS negative, i & 255 AS low,
  i | 1 AS odd, i ^ i AS zero, f + 1 AS f_plus, f / 2 AS f_half, i = f AS equal, i > f AS more, i IN (1, 9007199254740993) AS listed
FROM demo

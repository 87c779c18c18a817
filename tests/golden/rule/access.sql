-- Into arrays and structs, by name, place and slice; names that every object inherits.
SELECT a->b->c AS deep, a.b.c AS dotted, l[-1] AS last, l[0:2] AS two, l[:-1] AS front, l[1:] AS rest, l[5:9] AS beyond,
  l[n] AS nth, a->constructor AS inherited, constructor AS own, `__proto__` AS proto
FROM demo

-- Every statement, in any case, with comments between.
;;
create stream a () with (); /* one
of two lines */ Show Streams;
DESCRIBE /* here */ STREAM a;
drop stream `a b` -- the last one has no semicolon
;
`a b` (id BIGINT) WITH (DATASOURCE="topic/#");
c(id BIGINT) WITH (TYPE="random");
SHOW STREAMS

import { layers } from "./_layers.ts";

layers("process");

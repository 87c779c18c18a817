/** Megabytes that this process holds now. */
export function rssMb(): number {
  return Deno.memoryUsage().rss / 1e6;
}

/** Megabytes that it held at the highest; where the system does not tell, what it holds now. */
export function peakMb(): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024 / 1e6;
  } catch {
    // No Linux.
  }
  return rssMb();
}

/** Blocks gathered into equal spans of time, for the chart of the overview. */

import { formatMs, formatSpan } from "./format";

/** What the chart needs to know of a block. */
export interface Timed {
  readonly height: number;
  readonly time_ms: number;
  readonly transactions: number;
}


const SPANS_MS = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000];
const BUCKETS_MAX = 60;

/** One span of time. */
export interface Bucket {
  readonly startMs: number;
  readonly perMinute: number;
  readonly latencyMs: number | null;
}

/** All spans, and how long one is. */
export interface Buckets {
  readonly spanMs: number;
  readonly buckets: readonly Bucket[];
}

/** Put blocks that were listed (newest first) and blocks that came since (newest last) together. */
export function mergeBlocks(listed: readonly Timed[], since: readonly Timed[]): readonly Timed[] {
  const head = listed[0]?.height ?? 0;
  const newer = since.filter((block) => block.height > head).reverse();
  return [...newer, ...listed];
}

/**
 * Sort blocks (newest first) and samples of the commit latency into at most 60 spans.
 *
 * The oldest span is left out, since its blocks may not all be known.
 */
export function makeBuckets(
  blocks: readonly Timed[],
  samples: readonly (readonly [number, number])[],
): Buckets {
  const newest = blocks[0]?.time_ms;
  const oldest = blocks.at(-1)?.time_ms;
  if (newest === undefined || oldest === undefined) return { spanMs: 0, buckets: [] };
  const spanMs =
    SPANS_MS.find((span) => (newest - oldest) / span <= BUCKETS_MAX) ?? SPANS_MS.at(-1) ?? 1;
  const end = Math.floor(newest / spanMs);
  const start = Math.max(Math.floor(oldest / spanMs) + 1, end - BUCKETS_MAX + 1);
  const counts = new Map<number, number>();
  for (const block of blocks) {
    const at = Math.floor(block.time_ms / spanMs);
    counts.set(at, (counts.get(at) ?? 0) + block.transactions);
  }
  const latency = new Map<number, number>();
  for (const [ms, value] of samples) latency.set(Math.floor(ms / spanMs), value);
  const buckets: Bucket[] = [];
  for (let at = start; at <= end; at++) {
    buckets.push({
      startMs: at * spanMs,
      perMinute: ((counts.get(at) ?? 0) * 60_000) / spanMs,
      latencyMs: latency.get(at) ?? null,
    });
  }
  return { spanMs, buckets };
}

/** How long all spans are together, in words. */
export function bucketSpan({ spanMs, buckets }: Buckets): string {
  const total = spanMs * buckets.length;
  return total < 120_000 ? formatMs(total) : formatSpan(total);
}

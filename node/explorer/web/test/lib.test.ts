import { expect, test } from "vitest";

import { compareTwin } from "../src/lib/compare";
import {
  formatExact, formatMs, formatRelative, formatSpan, formatUtc, formatValue, qualityName, shortId,
  shortenHashes, unitSymbol,
} from "../src/lib/format";
import { describeHealth, describeTransaction } from "../src/lib/sentences";
import { bucketSpan, makeBuckets, mergeBlocks } from "../src/lib/throughput";
import { makeTree } from "../src/lib/tree";
import type { Status, Transaction, Twin, TwinItem } from "../src/lib/types";
import type { TwinVerdict } from "../src/verify";

test.each([
  [1_000, "just now"], [0, "1 s ago"], [-119_000, "2 min ago"], [-86_400_000, "1 d ago"],
  [-63_115_200_000, "2 years ago"], [-31_557_600_000, "1 year ago"], [7_201_000, "in 2 h"],
])("a time %d ms from the second is %s", (offset, words) => {
  expect(formatRelative(offset, 1_000)).toBe(words);
});

test("numbers, units and ids are written for people", () => {
  expect(formatValue("71.5", "KWT")).toBe("71.5 kW");
  expect(formatValue("89", "DD")).toBe("89°");
  expect(formatValue("", "KWT")).toBe("–");
  expect(formatValue("3.8199998999999996", "CEL")).toBe("3.82 °C");
  expect(formatExact("3.8199998999999996", "CEL")).toBe("3.8199998999999996 °C");
  expect(shortenHashes(`action ${"ab".repeat(32)} done`)).toBe("action abababab…ababab done");
  expect(unitSymbol("XYZ")).toBe("XYZ");
  expect(formatMs(0)).toBe("0 ms");
  expect(formatMs(1_234)).toBe("1.2 s");
  expect(formatSpan(40 * 3_600_000)).toBe("40 h");
  expect(formatSpan(75 * 3_600_000)).toBe("3 d 3 h");
  expect(formatUtc(1_423_306_800_000)).toBe("2015-02-07 11:00:00 UTC");
  expect(shortId("a".repeat(64))).toBe("aaaaaaaa…aaaaaa");
  expect(shortId("R80790")).toBe("R80790");
  expect([0, 0x40000000, 0x809b0000].map(qualityName)).toEqual(["Good", "Uncertain", "Bad"]);
});

test("blocks fall into equal spans, and those of the stream are not counted twice", () => {
  const listed = [3, 2, 1].map((height) => ({ height, time_ms: height * 1_000, transactions: 2 }));
  const merged = mergeBlocks(listed, [3, 4].map((height) => ({ height, time_ms: height * 1_000, transactions: 5 })));
  expect(merged.map((block) => block.height)).toEqual([4, 3, 2, 1]);
  const made = makeBuckets(merged, [[3_500, 31]]);
  expect(made.buckets).toEqual([
    { startMs: 2_000, perMinute: 120, latencyMs: null },
    { startMs: 3_000, perMinute: 120, latencyMs: 31 },
    { startMs: 4_000, perMinute: 300, latencyMs: null },
  ]);
  expect(bucketSpan(made)).toBe("3.0 s");
  expect(makeBuckets([], []).buckets).toEqual([]);
});

test("a chart has at most sixty spans, whatever the time", () => {
  const blocks = Array.from({ length: 500 }, (_, i) => ({ height: 500 - i, time_ms: (500 - i) * 77_000, transactions: 1 }));
  const { buckets, spanMs } = makeBuckets(blocks, []);
  expect(buckets.length).toBeLessThanOrEqual(60);
  expect(spanMs).toBe(900_000);
});

const twin = (id: string, parent: string | null): TwinItem => ({
  id, parent, kind: "system", model: "m", owner: "o", description: "", status: "normal",
  open_actions: 0, updated_height: 1, updated_time_ms: 0, updates: 0,
});

test("twins stand below their parents; one whose parent is not listed stands at the top", () => {
  const tree = makeTree([twin("c", "b"), twin("b", "a"), twin("a", null), twin("x", "gone")]);
  expect(tree.map((branch) => branch.twin.id)).toEqual(["a", "x"]);
  expect(tree[0]?.parts[0]?.parts[0]?.twin.id).toBe("c");
});

test("a twin that is its own ancestor does not hang the page", () => {
  expect(makeTree([twin("a", "b"), twin("b", "a")])).toEqual([]);
});

test("health says who is missing, and gives the node's reasons when nothing is decided", () => {
  const peer = (connected: boolean) => ({
    node: "n", organisation: "o", connected, height: 1, last_seen_ms: null, address: "",
  });
  const base = { validators: 4, quorum: 3, ready: true, reasons: [] } as unknown as Status;
  expect(describeHealth({ ...base, peers: [peer(true), peer(true), peer(true)] })).toBe("All 4 members take part.");
  expect(describeHealth({ ...base, peers: [peer(true), peer(true), peer(false)] })).toBe("3 of 4 members take part; 3 are needed to decide.");
  expect(describeHealth({ ...base, peers: [], ready: false, reasons: ["Too few."] })).toBe("Too few.");
});

test("a transaction is told in one sentence, also before it is in a block", () => {
  const reading = { property: "active_power", value: "71.5", unit: "KWT", time_ms: 0, quality: 0, sequence: 0 };
  const one = {
    operation: "telemetry", organisation: "borne-energie",
    body: { batches: [{ twin: "R80790", readings: [reading] }] },
  } as unknown as Transaction;
  expect(describeTransaction(one)).toBe(
    "borne-energie recorded active power 71.5 kW of R80790, measured 1970-01-01 00:00:00 UTC.",
  );
  expect(describeTransaction({ ...one, operation: null, body: null })).toContain("as soon as");
});

test("a twin that is not the one of its proof is named", () => {
  const property = { value: "1", timeMs: 5, unit: "KWT", quality: 0, transaction: "ab" };
  const proven = {
    id: "t", kind: "system", model: "m", owner: "o", parent: null, description: "",
    properties: new Map([["p", property], ["q", null]]),
  };
  const verdict: TwinVerdict = { isOk: true, steps: [], summary: "", broken: null, twin: proven, height: 7 };
  const empty = { value: null, time: null, time_ms: null, unit: "", quality: null, transaction: null, semantic: "" };
  const shown = {
    ...proven, height: 7,
    properties: { p: { value: "1", time: "", time_ms: 5, unit: "KWT", quality: 0, transaction: "ab", semantic: "" }, q: empty },
  } as unknown as Twin;
  expect(compareTwin(shown, verdict).isOk).toBe(true);
  const changes: readonly [Partial<Twin>, string][] = [
    [{ height: 8 }, "The proof is of block 7, the page of block 8."],
    [{ owner: "else" }, "The owner is another one in the proof."],
    [{ properties: { ...shown.properties, p: { ...empty, value: "2" } } }, "The property p is another one in the proof."],
    [{ properties: { q: empty } }, "The property p is not in both."],
  ];
  for (const [change, sentence] of changes) {
    const compared = compareTwin({ ...shown, ...change }, verdict);
    expect(compared.isOk).toBe(false);
    expect(compared.broken?.sentence).toBe(sentence);
  }
});

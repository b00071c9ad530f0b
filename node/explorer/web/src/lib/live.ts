/**
 * What the node tells us by itself: one event stream for all pages.
 *
 * The browser resumes a broken stream with Last-Event-ID; when the node refuses the stream, it is
 * opened anew from the last event seen. Pages read the signals here and fetch what they show.
 */

import { batch, signal } from "@preact/signals";

import { getJson } from "./api";
import type { BlockEvent, Status } from "./types";

export type Connection = "connecting" | "live" | "waiting" | "offline";

const STATUS_EVERY_MS = 5_000;
const RETRY_MS = 2_000;
const RETRY_MS_MAX = 30_000;
const HIDDEN_MS = 60_000;
const LATENCIES_MAX = 720;
const BLOCKS_MAX = 500;

/** State of the event stream. */
export const connection = signal<Connection>("connecting");
/** The node's last word about itself; kept while it does not answer. */
export const status = signal<Status | null>(null);
/** When `status` was received, in Unix ms; 0 before. */
export const statusAtMs = signal(0);
/** The highest block that is known, 0 before any. */
export const headHeight = signal(0);
/** Blocks that came by the stream, newest last. */
export const liveBlocks = signal<readonly BlockEvent[]>([]);
/** Median commit latency over time: [Unix ms, ms]. */
export const latencies = signal<readonly (readonly [number, number])[]>([]);
/** Counts up with every event of its kind, so that a page knows when to fetch again. */
export const versions = { block: signal(0), action: signal(0), attestation: signal(0) };

export type Topic = keyof typeof versions;

let source: EventSource | null = null;
let lastEventId = "";
let retryMs = RETRY_MS;
let retryTimer = 0;
let hiddenTimer = 0;

/** Start the stream and the status poll; called once. */
export function startLive(): void {
  open();
  void pollStatus();
  setInterval(() => void pollStatus(), STATUS_EVERY_MS);
  document.addEventListener("visibilitychange", () => {
    window.clearTimeout(hiddenTimer);
    if (document.hidden) hiddenTimer = window.setTimeout(close, HIDDEN_MS);
    else {
      if (source === null) open();
      void pollStatus();
    }
  });
  window.addEventListener("online", () => {
    if (source === null) open();
  });
}

function open(): void {
  window.clearTimeout(retryTimer);
  const from = lastEventId === "" ? "" : `&from=${encodeURIComponent(lastEventId)}`;
  source = new EventSource(`/v1/events?topics=block,action,attestation${from}`);
  source.addEventListener("open", () => {
    retryMs = RETRY_MS;
    connection.value = "live";
  });
  source.addEventListener("block", (event) => takeBlock(event as MessageEvent<string>));
  source.addEventListener("action", (event) => takeOther(event as MessageEvent<string>, "action"));
  source.addEventListener("attestation", (event) =>
    takeOther(event as MessageEvent<string>, "attestation"),
  );
  source.addEventListener("error", () => {
    connection.value = navigator.onLine ? "waiting" : "offline";
    if (source?.readyState !== EventSource.CLOSED) return;
    close();
    retryTimer = window.setTimeout(open, retryMs);
    retryMs = Math.min(2 * retryMs, RETRY_MS_MAX);
  });
}

function close(): void {
  source?.close();
  source = null;
}

function takeBlock(event: MessageEvent<string>): void {
  // A stream that is opened again begins with the last event that was seen.
  if (event.lastEventId === lastEventId) return;
  lastEventId = event.lastEventId;
  const block = JSON.parse(event.data) as BlockEvent;
  batch(() => {
    headHeight.value = Math.max(headHeight.value, block.height);
    liveBlocks.value = [...liveBlocks.value, block].slice(-BLOCKS_MAX);
    versions.block.value += 1;
  });
}

function takeOther(event: MessageEvent<string>, topic: Topic): void {
  if (event.lastEventId === lastEventId) return;
  lastEventId = event.lastEventId;
  versions[topic].value += 1;
}

async function pollStatus(): Promise<void> {
  if (document.hidden) return;
  try {
    const answer = await getJson<Status>("/v1/status");
    batch(() => {
      status.value = answer;
      statusAtMs.value = Date.now();
      headHeight.value = Math.max(headHeight.value, answer.height);
      if (answer.commit_latency_ms !== null) {
        const sample = [Date.now(), answer.commit_latency_ms] as const;
        latencies.value = [...latencies.value, sample].slice(-LATENCIES_MAX);
      }
      if (connection.value === "offline") connection.value = "waiting";
    });
  } catch {
    connection.value = "offline";
  }
}

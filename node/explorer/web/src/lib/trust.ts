/**
 * Which chain this browser trusts.
 *
 * The genesis hash is pinned at the first visit and kept in localStorage. Everything is checked
 * against the pinned hash, so a node that later presents another genesis is noticed.
 */

import { signal } from "@preact/signals";

import { type Genesis, readGenesis } from "../verify";
import { toHex } from "../verify";
import { getText } from "./api";

const STORE = "veritwin.genesis";
const HASH = /^[0-9a-f]{64}$/;

/** A pinned genesis hash, and how it came to be trusted. */
export interface Pin {
  readonly hash: string;
  readonly pinnedMs: number;
  readonly how: "first visit" | "entered by you";
}

/** The genesis that the node presents, compared with the pinned one. */
export type Trust =
  | { readonly state: "loading" }
  | { readonly state: "unknown"; readonly pin: Pin | null; readonly reason: string }
  | { readonly state: "trusted"; readonly pin: Pin; readonly genesis: Genesis; readonly text: string }
  | { readonly state: "mismatch"; readonly pin: Pin; readonly presented: string };

/** What this page trusts at present. */
export const trust = signal<Trust>({ state: "loading" });

/** Load the node's genesis, compute its hash and compare it with the pin; pin it when none is. */
export async function loadTrust(): Promise<void> {
  const pin = readPin();
  let text: string;
  let genesis: Genesis;
  try {
    text = await getText("/v1/genesis");
    genesis = readGenesis(text);
  } catch (error) {
    trust.value = { state: "unknown", pin, reason: (error as Error).message };
    return;
  }
  const presented = toHex(genesis.hash);
  const kept = pin ?? writePin(presented, "first visit");
  trust.value =
    kept.hash === presented
      ? { state: "trusted", pin: kept, genesis, text }
      : { state: "mismatch", pin: kept, presented };
}

/** Trust the genesis hash that a person entered, and compare again. Gives false for no hash. */
export async function pinGenesis(hash: string): Promise<boolean> {
  const clean = hash.trim().toLowerCase();
  if (!HASH.test(clean)) return false;
  writePin(clean, "entered by you");
  await loadTrust();
  return true;
}

function readPin(): Pin | null {
  try {
    const plain = JSON.parse(localStorage.getItem(STORE) ?? "null") as Partial<Pin> | null;
    if (plain === null || typeof plain.hash !== "string" || !HASH.test(plain.hash)) return null;
    const how = plain.how === "entered by you" ? plain.how : "first visit";
    return { hash: plain.hash, pinnedMs: Number(plain.pinnedMs) || 0, how };
  } catch {
    return null;
  }
}

function writePin(hash: string, how: Pin["how"]): Pin {
  const pin: Pin = { hash, pinnedMs: Date.now(), how };
  try {
    localStorage.setItem(STORE, JSON.stringify(pin));
  } catch {
    // Storage is switched off: the pin then lasts as long as the page.
  }
  return pin;
}

/** A contract's life in words. */

import { formatCount } from "./format";
import type { Proposal, Version } from "./types";

type Tone = "good" | "warn" | "bad" | "plain";

const CHANGES = ["install_contract", "pause_contract", "resume_contract", "roll_back_contract"];
const TONES: Readonly<Record<Version["status"], Tone>> = {
  planned: "warn", active: "good", replaced: "plain", failed: "bad",
};

/** A function of a source with where it stands; `line` is its first, from 1. */
export interface Excerpt {
  readonly line: number;
  readonly text: string;
}

/** Where a contract's own page is. */
export function contractPath(name: string): string {
  return `/contracts/${encodeURIComponent(name)}`;
}

/** Whether a change is one of a contract. */
export function isContractChange({ type }: Readonly<Record<string, unknown>>): boolean {
  return typeof type === "string" && CHANGES.includes(type);
}

/** The contract that a proposal is about; null when it is about something else. */
export function contractOf({ change }: Proposal): string | null {
  const { name } = change;
  return isContractChange(change) && typeof name === "string" ? name : null;
}

/** What proposals that wait would put in force for the first time, by name. */
export function proposedContracts(proposals: readonly Proposal[], known: readonly string[]): readonly Proposal[] {
  return proposals.filter((one) => {
    const name = one.change["type"] === "install_contract" && one.status === "open" && !one.expired ? contractOf(one) : null;
    return name !== null && !known.includes(name);
  });
}

/** Say how a version came to be. */
export function describeCause({ cause, number, like, replaces }: Version): string {
  switch (cause) {
    case "deployed":
      return `Version ${number}: deployed`;
    case "upgraded":
      return `Version ${number}: upgrade of version ${replaces}`;
    case "rolled_back":
      return `Version ${number}: rolled back to version ${like}`;
  }
}

/** The tone of a version's status. */
export function toneOf({ status }: Version): Tone {
  return TONES[status];
}

/** Say from when until when a version is in force. */
export function describeForce({ status, active_height, ended_height }: Version): string {
  const from = formatCount(active_height);
  switch (status) {
    case "planned":
      return `It comes into force at block ${from}.`;
    case "failed":
      return `It was to come into force at block ${from}, but could not start.`;
    case "active":
      return `It is in force since block ${from}.`;
    case "replaced":
      return `It was in force from block ${from} to block ${formatCount((ended_height ?? active_height) - 1)}.`;
  }
}

/** The version that a height ran with a source; undefined when none of these. */
export function findVersion(versions: readonly Version[], source: string | null, height: number): Version | undefined {
  return versions.find((one) =>
    one.source_hash === source && one.status !== "failed" && one.active_height <= height &&
    (one.ended_height === null || height <= one.ended_height));
}

/** Find a handler in a source, with its decorators; null when there is none of this name. */
export function findHandler(source: string, name: string): Excerpt | null {
  const lines = source.split("\n");
  const head = lines.findIndex((line) => line.startsWith(`def ${name}(`));
  if (head < 0) return null;
  let first = head;
  while (lines[first - 1]?.startsWith("@") === true) first--;
  let end = head + 1;
  while (end < lines.length && !/^[^\s)]/.test(lines[end] as string)) end++;
  return { line: first + 1, text: lines.slice(first, end).join("\n").trimEnd() };
}

/** What happened, in one plain sentence. */

import { formatUtc, formatValue, humanise, plural, shortId } from "./format";
import { asPlain, asText, asTexts, describeChange } from "./governance";
import type { Action, Status, Transaction } from "./types";

type Plain = Readonly<Record<string, unknown>>;

const STATES: Readonly<Record<string, string>> = {
  received: "It was received by this node and waits for its place in a block.",
  ordered: "It has its place in a block that is being decided.",
  final: "It is final: nothing can change it any more.",
  rejected: "It was refused and changed nothing.",
  expired: "No block took it in time, so it can never take effect.",
};

/** Say how the chain is doing. */
export function describeHealth(status: Status): string {
  const connected = status.peers.filter((peer) => peer.connected).length + 1;
  const members = `${connected} of ${status.validators} members`;
  if (!status.ready) {
    const why = status.reasons.join(" ");
    return why === "" ? `${members} are connected, but no blocks are being decided.` : why;
  }
  if (connected === status.validators) return `All ${status.validators} members take part.`;
  return `${members} take part; ${status.quorum} are needed to decide.`;
}

/** Explain a transaction's state word. */
export function describeState(state: string): string {
  return STATES[state] ?? "";
}

/** Say what a transaction asked for. */
export function describeTransaction(transaction: Transaction): string {
  const { body, operation } = transaction;
  if (body === null || operation === null) return "What it asks for is shown as soon as it is in a block.";
  const who = transaction.organisation ?? "A key that no organisation registered";
  const text = (name: string): string => asText(body[name]);
  switch (operation) {
    case "telemetry":
      return describeTelemetry(who, body);
    case "register_twin":
      return `${who} registered the twin ${text("twin")}, a ${text("kind")} of model ${text("model")}.`;
    case "update_twin":
      return `${who} changed what is on record about the twin ${text("twin")}.`;
    case "register_key":
      return `${who} registered the key “${text("label")}” for the roles ${asTexts(body["roles"]).join(", ")}.`;
    case "revoke_key":
      return `${who} revoked a key: ${text("reason")}`;
    case "attest":
      return `${who} put a signed statement about the twin ${text("twin")} on record.`;
    case "deploy_contract":
      return `${who} deployed the contract ${text("name")}.`;
    case "call":
      return `${who} called ${text("method")} of the contract ${text("contract")}.`;
    case "acknowledge":
      return `${who} answered an action: ${text("outcome")}.`;
    case "run_timers":
      return `${who} let happen what was due.`;
    case "consent":
      return `${who} ${body["is_given"] === true ? "consents" : "no longer consents"} that the contract ${text("contract")} acts on its twins.`;
    default:
      return describeGovernance(operation, who, body);
  }
}

function describeGovernance(operation: string, who: string, body: Plain): string {
  const evidence = asPlain(body["evidence"]);
  switch (operation) {
    case "propose_change":
      return `${who} proposed to ${describeChange(asPlain(body["change"]))}.`;
    case "propose_contract": {
      const what = body["replaces"] === 0 ? "deploy" : "upgrade";
      return `${who} proposed to ${what} the contract ${asText(asPlain(body["package"])["name"])}.`;
    }
    case "approve_change":
      return `${who} approved the proposal ${shortId(asText(body["proposal"]))}.`;
    case "withdraw_change":
      return `${who} took the proposal ${shortId(asText(body["proposal"]))} back.`;
    case "rotate_vote_key":
      return `${who} gave the node ${asText(body["node"])} a new vote key.`;
    case "report_evidence":
      return `A node reported that one key signed two different ${asText(evidence["kind"])}s at height ` +
        `${String(evidence["height"])}, round ${String(evidence["round"])}.`;
    default:
      return `${who} sent “${humanise(operation)}”.`;
  }
}

/** One reading of a telemetry transaction, as its body shows it. */
export interface ShownReading {
  readonly twin: string;
  readonly property: string;
  readonly value: string;
  readonly unit: string;
  readonly time_ms: number;
  readonly quality: number;
  readonly sequence: number;
}

/** Give all readings of a telemetry body, in order. */
export function readingsOf(body: Plain): readonly ShownReading[] {
  return asList(body["batches"]).flatMap((batch) =>
    asList(batch["readings"]).map((reading) => ({
      twin: asText(batch["twin"]),
      property: asText(reading["property"]),
      value: asText(reading["value"]),
      unit: asText(reading["unit"]),
      time_ms: Number(reading["time_ms"]),
      quality: Number(reading["quality"]),
      sequence: Number(reading["sequence"]),
    })),
  );
}

/** Say what an action is about and where it stands. */
export function describeAction(action: Action): string {
  const last = action.acknowledgements.at(-1);
  const opened = `${action.contract} asked ${action.addressee} to look after ${action.twin}.`;
  if (last === undefined) return `${opened} Nobody has answered yet.`;
  return `${opened} ${last.organisation} answered: ${last.outcome}.`;
}

function describeTelemetry(who: string, body: Plain): string {
  const readings = readingsOf(body);
  const first = readings[0];
  if (first === undefined) return `${who} sent an empty batch of readings.`;
  const twins = [...new Set(readings.map((reading) => reading.twin))];
  const at = formatUtc(first.time_ms);
  if (readings.length === 1) {
    const value = formatValue(first.value, first.unit);
    return `${who} recorded ${humanise(first.property).toLowerCase()} ${value} of ${first.twin}, measured ${at}.`;
  }
  const whose = twins.length === 1 ? first.twin : plural(twins.length, "twin");
  return `${who} recorded ${plural(readings.length, "reading")} of ${whose}, the first measured ${at}.`;
}

function asList(value: unknown): readonly Plain[] {
  return Array.isArray(value) ? (value as Plain[]) : [];
}

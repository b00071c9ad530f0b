/** Does the page show what was proved? */

import type { ReceiptVerdict, Step, TwinVerdict, Verdict } from "../verify";
import type { Transaction, Twin } from "./types";

/** Add a last link to a verdict: that the twin shown here is the twin of the proof. */
export function compareTwin(shown: Twin, verdict: TwinVerdict): Verdict {
  if (verdict.twin === null) return verdict;
  return addLink(verdict, "state shown", "The values shown here", findTwinDifference(shown, verdict));
}

/** Add a last link to a verdict: that the transaction shown here is the one of the proof. */
export function compareTransaction(shown: Transaction, verdict: ReceiptVerdict): ReceiptVerdict {
  const { proven } = verdict;
  if (proven === null) return verdict;
  const difference = findTransactionDifference(shown, proven);
  const compared = addLink(verdict, "transaction shown", "The transaction shown here", difference);
  return { ...compared, proven: difference === null ? proven : null };
}

function addLink(verdict: Verdict, link: string, title: string, difference: string | null): Verdict {
  if (difference === null) {
    const step: Step = { link, title, state: "ok", sentence: "The page shows what the proof holds." };
    return { ...verdict, steps: [...verdict.steps, step] };
  }
  const broken: Step = { link, title, state: "failed", sentence: difference };
  const summary = `Check failed at “${title}”: ${difference}`;
  return { steps: [...verdict.steps, broken], isOk: false, broken, summary };
}

function findTransactionDifference(
  shown: Transaction, proven: NonNullable<ReceiptVerdict["proven"]>,
): string | null {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ["id", shown.id, proven.transaction],
    ["operation", shown.operation, proven.operation],
    ["sender", shown.sender, proven.sender],
    ["signature", shown.signature, proven.signature],
    ["expiry", shown.expiry_height, proven.expiryHeight],
    ["block", shown.height, proven.height],
    ["block time", shown.time_ms, proven.timeMs],
    ["position", shown.position, proven.position],
    ["state", shown.state, proven.code === "ok" ? "final" : "rejected"],
    ["code", shown.code ?? "ok", proven.code],
    ["explanation", shown.detail ?? "", proven.message],
  ];
  const other = pairs.find(([, left, right]) => left !== right);
  if (other !== undefined) return `The ${other[0]} is another one in the proof.`;
  const body: Record<string, unknown> = { ...shown.body };
  delete body["type"];
  const name = Object.keys({ ...proven.body, ...body }).find(
    (field) => !isSame(body[field], proven.body[field]),
  );
  return name === undefined ? null : `The operation's field “${name}” is another one in the proof.`;
}

/** Whether two values of JSON are the same; the order of an object's fields does not count. */
function isSame(left: unknown, right: unknown): boolean {
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) {
    return left === right;
  }
  const [a, b] = [Object.entries(left), Object.entries(right)];
  return (
    Array.isArray(left) === Array.isArray(right) && a.length === b.length &&
    a.every(([name, value]) => isSame(value, (right as Record<string, unknown>)[name]))
  );
}

function findTwinDifference(shown: Twin, { twin, height }: TwinVerdict): string | null {
  if (twin === null) return "Nothing was proved.";
  if (height !== shown.height) return `The proof is of block ${height}, the page of block ${shown.height}.`;
  for (const name of ["kind", "model", "owner", "parent", "description"] as const) {
    if (twin[name] !== shown[name]) return `The ${name} is another one in the proof.`;
  }
  const names = new Set([...twin.properties.keys(), ...Object.keys(shown.properties)]);
  for (const name of names) {
    const proven = twin.properties.get(name);
    const property = shown.properties[name];
    if (proven === undefined || property === undefined) return `The property ${name} is not in both.`;
    const isSame = proven === null
      ? property.transaction === null
      : (proven.value || null) === property.value && proven.timeMs === property.time_ms &&
        proven.unit === property.unit && proven.quality === property.quality &&
        proven.transaction === property.transaction;
    if (!isSame) return `The property ${name} is another one in the proof.`;
  }
  return null;
}

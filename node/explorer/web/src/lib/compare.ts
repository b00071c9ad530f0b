/** Does the page show what was proved? */

import type { Step, TwinVerdict, Verdict } from "../verify";
import type { Twin } from "./types";

/** Add a last link to a verdict: that the twin shown here is the twin of the proof. */
export function compareTwin(shown: Twin, verdict: TwinVerdict): Verdict {
  if (verdict.twin === null) return verdict;
  const difference = findDifference(shown, verdict);
  const title = "The values shown here";
  const step: Step = difference === null
    ? { link: "state shown", title, state: "ok", sentence: "The table shows what the proof holds." }
    : { link: "state shown", title, state: "failed", sentence: difference };
  return {
    ...verdict,
    steps: [...verdict.steps, step],
    isOk: difference === null,
    broken: difference === null ? null : step,
    summary: difference === null ? verdict.summary : `Check failed at “${title}”: ${difference}`,
  };
}

function findDifference(shown: Twin, { twin, height }: TwinVerdict): string | null {
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

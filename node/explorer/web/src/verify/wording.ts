/** Operations in a few words, in exactly those of chain/wording.py and chain/changes.py. */

import { Malformed } from "./bytes";

/** Values by the names of their fields. */
export type Plain = Readonly<Record<string, unknown>>;

const NAMES_SHOWN_MAX = 4;

/** Say what a batch of readings holds. */
export function describeReadings(readings: number, twins: readonly string[]): string {
  const more = twins.length - NAMES_SHOWN_MAX;
  const shown = twins.slice(0, NAMES_SHOWN_MAX).join(", ") + (more > 0 ? ` and ${more} more` : "");
  return `${readings} reading${readings === 1 ? "" : "s"} of ${shown}`;
}

/** What each change does, by its type. */
const CHANGES: Readonly<Record<string, (change: Plain) => string>> = {
  add_organisation: (f) => `add organisation ${text(plain(f["organisation"])["id"])}`,
  add_validator: (f) => describeValidator(plain(f["validator"])),
  remove_validator: (f) => `remove node ${text(f["node"])}`,
  set_weight: (f) => `set the weight of node ${text(f["node"])} to ${count(f["weight"])}`,
  set_engine: (f) => `agree by ${text(f["engine"])}`,
  install_contract: describeInstall,
  pause_contract: (f) => `pause contract ${text(f["name"])}`,
  resume_contract: (f) => `resume contract ${text(f["name"])}`,
  roll_back_contract: (f) =>
    `roll contract ${text(f["name"])} back from version ${count(f["replaces"])} to version ${count(f["version"])}`,
  set_contract_policy: (f) => `contracts need ${describePolicy(plain(f["policy"]))}`,
};

/** Say what a change does. */
export function describeChange(change: Plain): string {
  const describe = CHANGES[text(change["type"])];
  if (describe === undefined) throw new Malformed("the change is of an unknown kind");
  return describe(change);
}

function describeValidator(one: Plain): string {
  return `add node ${text(one["node"])} of ${text(one["organisation"])} with weight ${count(one["weight"])}`;
}

function describeInstall(change: Plain): string {
  const name = text(change["name"]);
  const [replaces, notBefore] = [count(change["replaces"]), count(change["not_before"])];
  const start = notBefore === 0 ? "" : ` from height ${notBefore} on`;
  return replaces === 0
    ? `deploy contract ${name}${start}`
    : `upgrade contract ${name} from version ${replaces}${start}`;
}

function describePolicy(policy: Plain): string {
  const [among, required] = [texts(policy["among"]), texts(policy["required"])];
  const approvals = count(policy["approvals"]);
  const many = approvals === 0 ? "more than two thirds" : String(approvals);
  const who = among.length === 0 ? "all organisations" : among.join(", ");
  const must = required.length === 0 ? "" : `, ${required.join(", ")} among them`;
  return `approvals by ${many} of ${who}${must}`;
}

/** Say what evidence shows. */
export function describeEvidence(evidence: Plain): string {
  const [height, round] = [count(evidence["height"]), count(evidence["round"])];
  return `two ${text(evidence["kind"])}s of key ${text(evidence["key"])} at height ${height} round ${round}`;
}

/** Take a value as a text. Throws Malformed. */
export function text(value: unknown): string {
  if (typeof value !== "string") throw new Malformed("a field of the operation is not a text");
  return value;
}

/** Take a value as a list of texts. Throws Malformed. */
export function texts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new Malformed("a field of the operation is not a list");
  return value.map(text);
}

/** Take a value as a part with named fields. Throws Malformed. */
export function plain(value: unknown): Plain {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Malformed("a field of the operation has no parts");
  }
  return value as Plain;
}

function count(value: unknown): number {
  if (typeof value !== "number") throw new Malformed("a field of the operation is not a number");
  return value;
}

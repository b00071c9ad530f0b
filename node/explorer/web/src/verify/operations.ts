/** What a transaction can ask for: every operation with its fields and its words, one entry for each. */

import { type Bytes, Malformed } from "./bytes";
import { CHANGE, DEFINITION, EVIDENCE, type Fields, PACKAGE, READING, nameFields } from "./forms";
import { type Packed, Reader } from "./msgpack";
import { type Plain, describeChange, describeEvidence, plain, text, texts } from "./wording";

/** An operation's name, its fields in order, and what it asks for in the words of chain/wording.py. */
type Kind = readonly [name: string, fields: Fields, describe: (fields: Plain) => string];

/** By the tag of chain/operations.py; the words for readings are made where they are counted. */
const OPERATIONS: Readonly<Record<number, Kind>> = {
  1: [
    "register_twin", [
      ["twin", "plain"], ["kind", "plain"], ["model", "plain"], ["parent", "plain"],
      ["properties", { each: DEFINITION }], ["description", "plain"],
    ],
    (f) => `register twin ${text(f["twin"])}, a ${text(f["kind"])} of model ${text(f["model"])}`,
  ],
  2: ["telemetry", [["batches", { each: [["twin", "plain"], ["readings", { each: READING }]] }]], () => ""],
  3: [
    "update_twin", [
      ["twin", "plain"], ["description", "plain"], ["parent", "plain"],
      ["add_properties", { each: DEFINITION }], ["attributes", "plain"],
    ],
    (f) => `update twin ${text(f["twin"])}`,
  ],
  4: [
    "register_key", [["key", "hex"], ["label", "plain"], ["roles", "plain"]],
    (f) => `register key ${text(f["label"])} as ${texts(f["roles"]).join(", ")}`,
  ],
  5: ["revoke_key", [["key", "hex"], ["reason", "plain"]], (f) => `revoke key ${text(f["key"])}`],
  6: [
    "attest", [["twin", "plain"], ["envelope", "base64"]],
    (f) => `attestation about twin ${text(f["twin"])}`,
  ],
  7: [
    "deploy_contract", [["name", "plain"], ["source", "plain"], ["parameters", "base64"]],
    (f) => `deploy contract ${text(f["name"])}`,
  ],
  8: [
    "call", [["contract", "plain"], ["method", "plain"], ["arguments", "base64"]],
    (f) => `call ${text(f["method"])} of contract ${text(f["contract"])}`,
  ],
  9: [
    "acknowledge", [["action", "hex"], ["outcome", "plain"], ["note", "plain"]],
    (f) => `action ${text(f["action"])} ${text(f["outcome"])}`,
  ],
  10: [
    "propose_change", [["change", CHANGE], ["note", "plain"]],
    (f) => `propose: ${describeChange(plain(f["change"]))}`,
  ],
  11: ["approve_change", [["proposal", "hex"]], (f) => `approve proposal ${text(f["proposal"])}`],
  12: ["withdraw_change", [["proposal", "hex"]], (f) => `withdraw proposal ${text(f["proposal"])}`],
  13: [
    "rotate_vote_key", [["node", "plain"], ["new_key", "hex"], ["proof", "hex"]],
    (f) => `change the vote key of node ${text(f["node"])} to ${text(f["new_key"])}`,
  ],
  14: ["report_evidence", [["evidence", { part: EVIDENCE }]], (f) => describeEvidence(plain(f["evidence"]))],
  15: [
    "propose_contract", [
      ["package", { part: PACKAGE }], ["parameters", "base64"], ["replaces", "plain"], ["not_before", "plain"],
      ["note", "plain"],
    ],
    (f) => `propose: ${f["replaces"] === 0 ? "deploy" : "upgrade"} contract ${text(plain(f["package"])["name"])}`,
  ],
  20: ["run_timers", [], () => "run what is due"],
  21: [
    "consent", [["contract", "plain"], ["source_hash", "hex"], ["is_given", "plain"]],
    (f) => `${f["is_given"] === true ? "consent" : "no more consent"} to contract ${text(f["contract"])} on the own twins`,
  ],
};

/** An operation of a known kind, as it is encoded; `view` and `about` are made when asked for. */
export interface Known {
  readonly name: string;
  /** The values with the tag in front. */
  readonly fields: readonly Packed[];
  readonly view: () => Plain;
  readonly about: () => string;
}

/** Read an encoded operation. Throws Malformed when its tag or number of fields is unknown. */
export function asKnown(data: Bytes): Known {
  const reader = new Reader(data, "the operation");
  const values = reader.value();
  reader.end();
  if (!Array.isArray(values)) throw new Malformed("the operation is not an array");
  const fields = values as readonly Packed[];
  const kind = typeof fields[0] === "number" ? OPERATIONS[fields[0]] : undefined;
  if (kind === undefined) throw new Malformed(`the operation has the unknown tag ${String(fields[0])}`);
  const [name, named, describe] = kind;
  if (fields.length !== named.length + 1) {
    throw new Malformed(`a ${name} operation has ${named.length + 1} fields, not ${fields.length}`);
  }
  const view = (): Plain => nameFields(named, fields.slice(1));
  return { name, fields, view, about: () => describe(view()) };
}

/** Give the fields of an encoded operation by name, without its type, as the node's JSON view does. */
export function viewOperation(data: Bytes): Plain {
  return asKnown(data).view();
}

/** An operation with the names of its fields, as the node's JSON view writes it. */

import { Malformed, toBase64, toHex } from "./bytes";
import { type Packed, Reader } from "./msgpack";

/**
 * How a field is written: as it is, hex, base64, a list of parts with names of their own, one part
 * with names of its own, or one of several such parts, told apart by a number in front.
 */
type Form =
  | "plain" | "hex" | "base64"
  | { readonly each: Fields }
  | { readonly part: Fields }
  | { readonly oneOf: Readonly<Record<number, readonly [string, Fields]>> };
type Fields = readonly (readonly [string, Form])[];

const DEFINITION: Fields = [["name", "plain"], ["unit", "plain"], ["semantic", "plain"]];
const READING: Fields = [
  ["property", "plain"], ["value", "plain"], ["time_ms", "plain"], ["unit", "plain"],
  ["quality", "plain"], ["sequence", "plain"],
];
const ORGANISATION: Fields = [
  ["id", "plain"], ["name", "plain"], ["administrator", "hex"], ["certificate", "base64"],
];
const VALIDATOR: Fields = [
  ["node", "plain"], ["organisation", "plain"], ["vote_key", "hex"], ["weight", "plain"],
  ["tls_issuer", "hex"], ["tls_key", "hex"],
];
const CHANGE: Form = {
  oneOf: {
    1: ["add_organisation", [["organisation", { part: ORGANISATION }]]],
    2: ["add_validator", [["validator", { part: VALIDATOR }], ["host", "plain"], ["port", "plain"]]],
    3: ["remove_validator", [["node", "plain"]]],
    4: ["set_weight", [["node", "plain"], ["weight", "plain"]]],
    5: ["set_engine", [["engine", "plain"]]],
  },
};
const SIGNED: Form = {
  oneOf: {
    1: ["vote_signed", [["block", "hex"], ["time_ms", "plain"], ["signature", "hex"]]],
    2: ["proposal_signed", [
      ["block", "hex"], ["valid_round", "plain"], ["value_digest", "hex"], ["signature", "hex"],
    ]],
  },
};
const EVIDENCE: Fields = [
  ["key", "hex"], ["height", "plain"], ["round", "plain"], ["kind", "plain"],
  ["first", SIGNED], ["second", SIGNED],
];

const FIELDS: Readonly<Record<string, Fields>> = {
  register_twin: [
    ["twin", "plain"], ["kind", "plain"], ["model", "plain"], ["parent", "plain"],
    ["properties", { each: DEFINITION }], ["description", "plain"],
  ],
  telemetry: [["batches", { each: [["twin", "plain"], ["readings", { each: READING }]] }]],
  update_twin: [
    ["twin", "plain"], ["description", "plain"], ["parent", "plain"],
    ["add_properties", { each: DEFINITION }], ["attributes", "plain"],
  ],
  register_key: [["key", "hex"], ["label", "plain"], ["roles", "plain"]],
  revoke_key: [["key", "hex"], ["reason", "plain"]],
  attest: [["twin", "plain"], ["envelope", "base64"]],
  deploy_contract: [["name", "plain"], ["source", "plain"], ["parameters", "base64"]],
  call: [["contract", "plain"], ["method", "plain"], ["arguments", "base64"]],
  acknowledge: [["action", "hex"], ["outcome", "plain"], ["note", "plain"]],
  propose_change: [["change", CHANGE], ["note", "plain"]],
  approve_change: [["proposal", "hex"]],
  withdraw_change: [["proposal", "hex"]],
  rotate_vote_key: [["node", "plain"], ["new_key", "hex"], ["proof", "hex"]],
  report_evidence: [["evidence", { part: EVIDENCE }]],
  run_timers: [],
  consent: [["contract", "plain"], ["source_hash", "hex"], ["is_given", "plain"]],
};

/** Give the fields of an encoded operation by name, without its type. Throws Malformed. */
export function viewOperation(name: string, data: Uint8Array): Readonly<Record<string, unknown>> {
  const fields = FIELDS[name];
  const reader = new Reader(data, "the operation");
  const values = reader.value();
  reader.end();
  if (fields === undefined || !Array.isArray(values)) throw new Malformed("the operation is unknown");
  return nameFields(fields, (values as readonly Packed[]).slice(1));
}

function nameFields(fields: Fields, values: readonly Packed[]): Readonly<Record<string, unknown>> {
  if (values.length !== fields.length) throw new Malformed("the operation has another form");
  return Object.fromEntries(fields.map(([name, form], i) => [name, write(form, values[i] as Packed)]));
}

function write(form: Form, value: Packed): unknown {
  if (form === "plain") return value;
  if (typeof form !== "string") return writeParts(form, value);
  if (value === null) return null;
  if (!(value instanceof Uint8Array)) throw new Malformed("a field of the operation is not bytes");
  return form === "hex" ? toHex(value) : toBase64(value);
}

function writeParts(form: Exclude<Form, string>, value: Packed): unknown {
  if (!Array.isArray(value)) throw new Malformed("a field of the operation is not a list");
  const parts = value as readonly Packed[];
  if ("each" in form) return parts.map((one) => nameFields(form.each, one as readonly Packed[]));
  if ("part" in form) return nameFields(form.part, parts);
  const found = typeof parts[0] === "number" ? form.oneOf[parts[0]] : undefined;
  if (found === undefined) throw new Malformed("a field of the operation is of an unknown kind");
  return { type: found[0], ...nameFields(found[1], parts.slice(1)) };
}

/** How the fields of operations and of their parts are named and written, as in the node's JSON view. */

import { Malformed, toBase64, toHex } from "./bytes";
import type { Packed } from "./msgpack";

/**
 * How a field is written: as it is, hex, base64, a list of parts with names of their own, one part
 * with names of its own, or one of several such parts, told apart by a number in front.
 */
export type Form =
  | "plain" | "hex" | "base64"
  | { readonly each: Fields }
  | { readonly part: Fields }
  | { readonly oneOf: Readonly<Record<number, readonly [string, Fields]>> };
export type Fields = readonly (readonly [string, Form])[];

export const DEFINITION: Fields = [["name", "plain"], ["unit", "plain"], ["semantic", "plain"]];
export const READING: Fields = [
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
const POLICY: Fields = [["approvals", "plain"], ["among", "plain"], ["required", "plain"]];
/** A change that members propose; adding one is a line here and one in wording.ts. */
export const CHANGE: Form = {
  oneOf: {
    1: ["add_organisation", [["organisation", { part: ORGANISATION }]]],
    2: ["add_validator", [["validator", { part: VALIDATOR }], ["host", "plain"], ["port", "plain"]]],
    3: ["remove_validator", [["node", "plain"]]],
    4: ["set_weight", [["node", "plain"], ["weight", "plain"]]],
    5: ["set_engine", [["engine", "plain"]]],
    6: ["install_contract", [
      ["name", "plain"], ["package", "hex"], ["parameters", "base64"], ["replaces", "plain"], ["not_before", "plain"],
    ]],
    7: ["pause_contract", [["name", "plain"]]],
    8: ["resume_contract", [["name", "plain"]]],
    9: ["roll_back_contract", [["name", "plain"], ["version", "plain"], ["replaces", "plain"]]],
    10: ["set_contract_policy", [["policy", { part: POLICY }]]],
  },
};
/** What a contract's author hands in; see chain/package.py. */
export const PACKAGE: Fields = [
  ["name", "plain"], ["engine", "plain"], ["source", "plain"], ["tests", "plain"], ["stubs", "plain"],
  ["check", "plain"], ["report", "plain"], ["build", "hex"],
];
const SIGNED: Form = {
  oneOf: {
    1: ["vote_signed", [["block", "hex"], ["time_ms", "plain"], ["signature", "hex"]]],
    2: ["proposal_signed", [
      ["block", "hex"], ["valid_round", "plain"], ["value_digest", "hex"], ["signature", "hex"],
    ]],
  },
};
export const EVIDENCE: Fields = [
  ["key", "hex"], ["height", "plain"], ["round", "plain"], ["kind", "plain"],
  ["first", SIGNED], ["second", SIGNED],
];

/** Give values by the names of their fields, each as its form says. Throws Malformed. */
export function nameFields(fields: Fields, values: readonly Packed[]): Readonly<Record<string, unknown>> {
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

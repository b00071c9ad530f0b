/** An operation with the names of its fields, as the node's JSON view writes it. */

import { Malformed, toBase64, toHex } from "./bytes";
import { type Packed, Reader } from "./msgpack";

/** How a field is written: as it is, hex, base64, or a list of parts with names of their own. */
type Form = "plain" | "hex" | "base64" | { readonly each: Fields };
type Fields = readonly (readonly [string, Form])[];

const DEFINITION: Fields = [["name", "plain"], ["unit", "plain"], ["semantic", "plain"]];
const READING: Fields = [
  ["property", "plain"], ["value", "plain"], ["time_ms", "plain"], ["unit", "plain"],
  ["quality", "plain"], ["sequence", "plain"],
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
  if (typeof form !== "string") {
    if (!Array.isArray(value)) throw new Malformed("a field of the operation is not a list");
    return (value as readonly Packed[]).map((one) => nameFields(form.each, one as readonly Packed[]));
  }
  if (!(value instanceof Uint8Array)) throw new Malformed("a field of the operation is not bytes");
  return form === "hex" ? toHex(value) : toBase64(value);
}

/** The genesis file: who the members are, and the hash that names the chain. */

import { type Bytes, Malformed, fromBase64, fromHex } from "./bytes";
import type { Committee, Validator } from "./committee";
import { hashTagged } from "./hashing";
import { type Packed, pack } from "./msgpack";

/** What a verifier needs to know of a genesis file. */
export interface Genesis {
  readonly hash: Bytes;
  readonly chainId: string;
  readonly committee: Committee;
  readonly organisations: readonly { readonly id: string; readonly name: string }[];
}

type Plain = Readonly<Record<string, unknown>>;

const LIMITS: readonly (readonly [string, number])[] = [
  ["block_size_bytes_max", 4 << 20],
  ["block_transactions_max", 10_000],
  ["transaction_size_bytes_max", 256 << 10],
  ["expiry_window_blocks", 1_000],
  ["reading_future_ms_max", 120_000],
  ["gas_per_transaction_max", 5_000_000],
  ["gas_per_block_max", 20_000_000],
];

const TIMING: readonly (readonly [string, number])[] = [
  ["propose_ms", 1_000],
  ["propose_step_ms", 500],
  ["vote_ms", 500],
  ["vote_step_ms", 250],
  ["round_ms_max", 10_000],
  ["heartbeat_ms", 10_000],
];

/**
 * Read a genesis file and compute its hash from its content, never from a hash written beside it.
 *
 * Throws Malformed when a field is missing, unknown or of the wrong shape.
 */
export function readGenesis(text: string): Genesis {
  const root = asObject(parseJson(text, "the genesis file"), "the genesis file");
  refuseUnknown(root, [
    "version", "chain_id", "created_ms", "organisations", "validators", "limits", "timing",
    "governance", "contract_engine",
  ]);
  const organisations = asList(root["organisations"], "organisations").map(readOrganisation);
  const committee = asObject(root["validators"], "validators");
  refuseUnknown(committee, ["members", "engine"]);
  const read = asList(committee["members"], "members").map(readValidator);
  const engine = asText(committee["engine"] ?? "bft", "engine");
  const packedValidators: Packed = [read.map((member) => member.packed), engine];
  const contracts = root["contract_engine"] ?? null;
  const packed: Packed = [
    asCount(root["version"], "version"),
    asText(root["chain_id"], "chain_id"),
    asCount(root["created_ms"], "created_ms"),
    organisations.map((organisation) => organisation.packed),
    packedValidators,
    readNumbers(root["limits"], LIMITS, "limits"),
    readNumbers(root["timing"], TIMING, "timing"),
    readGovernance(root["governance"]),
    contracts === null ? null : fromHex(contracts, "contract_engine", 32),
  ];
  return {
    hash: hashTagged("genesis", pack(packed)),
    chainId: asText(root["chain_id"], "chain_id"),
    committee: {
      members: read.map((member) => member.validator),
      engine,
      root: hashTagged("validators", pack(packedValidators)),
    },
    organisations: organisations.map(({ id, name }) => ({ id, name })),
  };
}

/** Parse JSON and say what it was meant to be when it is not. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Malformed(`${what} is not JSON`);
  }
}

/** Take a value as a JSON object. */
export function asObject(value: unknown, what: string): Plain {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Malformed(`${what} is not a JSON object`);
  }
  return value as Plain;
}

/** Take a value as a JSON list. */
export function asList(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed(`${what} is not a list`);
  return value;
}

/** Take a value as a text. */
export function asText(value: unknown, what: string): string {
  if (typeof value !== "string") throw new Malformed(`${what} is not a text`);
  return value;
}

/** Take a value as a whole number from 0 to 2^53-1. */
export function asCount(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new Malformed(`${what} is not a whole number`);
  }
  return value;
}

/** Refuse fields that the format does not have. */
export function refuseUnknown(value: Plain, names: readonly string[]): void {
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Malformed(`the field "${unknown}" is not part of the format`);
}

function readOrganisation(value: unknown): { id: string; name: string; packed: Packed } {
  const plain = asObject(value, "an organisation");
  refuseUnknown(plain, ["id", "name", "administrator", "certificate"]);
  const id = asText(plain["id"], "an organisation's id");
  const name = asText(plain["name"], "an organisation's name");
  const administrator = fromHex(plain["administrator"], "an administrator key", 32);
  return { id, name, packed: [id, name, administrator, fromBase64(plain["certificate"], "a certificate")] };
}

function readValidator(value: unknown): { validator: Validator; packed: Packed } {
  const plain = asObject(value, "a validator");
  refuseUnknown(plain, ["node", "organisation", "vote_key", "weight", "tls_issuer", "tls_key"]);
  const validator = {
    node: asText(plain["node"], "a validator's node"),
    organisation: asText(plain["organisation"], "a validator's organisation"),
    voteKey: fromHex(plain["vote_key"], "a vote key", 32),
    weight: asCount(plain["weight"], "a validator's weight"),
  };
  const issuer = fromHex(plain["tls_issuer"], "a TLS issuer", 32);
  const key = fromHex(plain["tls_key"], "a TLS key", 32);
  const { node, organisation, voteKey, weight } = validator;
  return { validator, packed: [node, organisation, voteKey, weight, issuer, key] };
}

function readGovernance(value: unknown): Packed {
  const plain = value === undefined ? {} : asObject(value, "governance");
  refuseUnknown(plain, ["on_equivocation", "contracts"]);
  return [
    asText(plain["on_equivocation"] ?? "suspend", "governance.on_equivocation"),
    readPolicy(plain["contracts"]),
  ];
}

function readPolicy(value: unknown): Packed {
  const plain = value === undefined ? {} : asObject(value, "governance.contracts");
  refuseUnknown(plain, ["approvals", "among", "required"]);
  const names = (name: string): Packed =>
    asList(plain[name] ?? [], `governance.contracts.${name}`).map((one) => asText(one, "an organisation"));
  return [asCount(plain["approvals"] ?? 0, "governance.contracts.approvals"), names("among"), names("required")];
}

function readNumbers(
  value: unknown,
  fields: readonly (readonly [string, number])[],
  what: string,
): Packed {
  const plain = value === undefined ? {} : asObject(value, what);
  refuseUnknown(plain, fields.map(([name]) => name));
  return fields.map(([name, standard]) => asCount(plain[name] ?? standard, `${what}.${name}`));
}

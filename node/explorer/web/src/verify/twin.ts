/** A twin's record in the state, as far as the pages show it. Counterpart of contracts/records.py. */

import { Malformed, toHex } from "./bytes";
import { Reader } from "./msgpack";

const RECORD_FIELDS = 14;
const LAST_FIELDS = 7;

/** The newest reading of a property. */
export interface ProvenProperty {
  readonly value: string;
  readonly timeMs: number;
  readonly unit: string;
  readonly quality: number;
  readonly transaction: string;
}

/** What the state holds about a twin. */
export interface ProvenTwin {
  readonly id: string;
  readonly kind: string;
  readonly model: string;
  readonly owner: string;
  readonly parent: string | null;
  readonly description: string;
  /** A property without a reading is null. */
  readonly properties: ReadonlyMap<string, ProvenProperty | null>;
}

/** Read an encoded TwinRecord. */
export function readTwin(data: Uint8Array): ProvenTwin {
  const reader = new Reader(data, "the twin's record");
  const fields = reader.array();
  if (fields < RECORD_FIELDS) throw new Malformed(`the twin's record has only ${fields} fields`);
  const id = reader.text();
  const kind = reader.text();
  const model = reader.text();
  const owner = reader.text();
  const parent = reader.nil() ? null : reader.text();
  const description = reader.text();
  reader.value();
  const properties = new Map<string, ProvenProperty | null>();
  for (let left = reader.array(); left > 0; left--) {
    reader.array(2);
    reader.array(3);
    const name = reader.text();
    const unit = reader.text();
    reader.text();
    properties.set(name, reader.nil() ? null : readLast(reader, unit));
  }
  return { id, kind, model, owner, parent, description, properties };
}

function readLast(reader: Reader, unit: string): ProvenProperty {
  reader.array(LAST_FIELDS);
  const value = reader.text();
  const timeMs = reader.count();
  const quality = reader.count();
  reader.count();
  const transaction = toHex(reader.bytes(32));
  reader.count();
  reader.count();
  return { value, timeMs, unit, quality, transaction };
}

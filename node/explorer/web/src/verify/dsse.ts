/** The DSSE envelope of an attestation, with the in-toto Statement inside. */

import { type Bytes, Malformed, concat, fromBase64, fromUtf8, toUtf8 } from "./bytes";
import { verifySignature } from "./ed25519";
import { asList, asObject, asText, parseJson } from "./genesis";

const STATEMENT = "https://in-toto.io/Statement/v1";
const PAYLOAD_TYPE = "application/vnd.in-toto+json";

/** What an attestation says. */
export interface Statement {
  readonly predicateType: string;
  readonly subjects: readonly {
    readonly name: string;
    readonly sha256: string;
    /** In bytes; null when the statement does not record it. */
    readonly size: number | null;
  }[];
}

/** DSSE's pre-authentication encoding, version 1: the bytes that are signed. */
export function encodePae(payloadType: string, payload: Uint8Array): Bytes {
  const type = toUtf8(payloadType);
  return concat(
    toUtf8(`DSSEv1 ${type.length} `), type, toUtf8(` ${payload.length} `), payload,
  );
}

/**
 * Check that `key` signed the envelope, and read the Statement.
 *
 * Throws Malformed when it is no envelope around an in-toto Statement, or no signature fits.
 */
export async function checkEnvelope(envelope: Uint8Array, key: Bytes): Promise<Statement> {
  const text = fromUtf8(envelope, "the envelope");
  const plain = asObject(parseJson(text, "the envelope"), "the envelope");
  const payloadType = asText(plain["payloadType"], "payloadType");
  if (payloadType !== PAYLOAD_TYPE) throw new Malformed(`the payload is ${payloadType}, not in-toto`);
  const payload = fromDsseBase64(plain["payload"], "the payload");
  const message = encodePae(payloadType, payload);
  const signatures = asList(plain["signatures"], "signatures").map((item) =>
    fromDsseBase64(asObject(item, "a signature")["sig"], "a signature"),
  );
  let isSigned = false;
  for (const signature of signatures) {
    if (await verifySignature(key, message, signature)) isSigned = true;
  }
  if (!isSigned) throw new Malformed("no signature of the envelope fits the sender's key");
  return readStatement(payload);
}

/** Decode base64; DSSE allows the standard and the URL-safe alphabet. */
function fromDsseBase64(value: unknown, what: string): Bytes {
  const text = asText(value, what).replaceAll("-", "+").replaceAll("_", "/");
  return fromBase64(text, what, { isCanonical: false });
}

function readStatement(payload: Uint8Array): Statement {
  const text = fromUtf8(payload, "the statement");
  const plain = asObject(parseJson(text, "the statement"), "the statement");
  if (plain["_type"] !== STATEMENT) throw new Malformed("the payload is not an in-toto Statement v1");
  const subjects = asList(plain["subject"], "subject").map((item) => {
    const subject = asObject(item, "a subject");
    const digest = asObject(subject["digest"], "a subject's digest");
    const notes = asObject(subject["annotations"] ?? {}, "a subject's annotations");
    return {
      name: typeof subject["name"] === "string" ? subject["name"] : "",
      sha256: typeof digest["sha256"] === "string" ? digest["sha256"].toLowerCase() : "",
      size: typeof notes["size"] === "number" ? notes["size"] : null,
    };
  });
  return { predicateType: asText(plain["predicateType"], "predicateType"), subjects };
}

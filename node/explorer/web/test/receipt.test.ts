import { expect, test } from "vitest";

import { fromHex, toHex } from "../src/verify/bytes";
import { type Engine, getEngine, verifySignature } from "../src/verify/ed25519";
import { readGenesis, verifyReceipt } from "../src/verify";
import { loadJson, loadText } from "./vectors";

const genesis = readGenesis(loadText("genesis.json"));
const good = loadText("sample.receipt.json");

test.each(["sample.receipt.json", "telemetry.receipt.json", "failed.receipt.json", "changed.receipt.json"])(
  "%s holds from genesis to the result",
  async (name) => {
    const verdict = await verifyReceipt(loadText(name), genesis);
    expect(verdict.broken).toBeNull();
    expect(verdict.isOk).toBe(true);
    const { summary } = JSON.parse(loadText(name)) as { summary: Record<string, unknown> };
    expect(verdict.proven).toMatchObject({
      transaction: summary["transaction"],
      about: summary["about"],
      height: summary["height"],
      code: summary["result"],
    });
  },
);

interface Wanted { transaction: string; height: number; time_ms: number; code: string; sentences: string[] }

test.each(["sample", "changed"])("the verdict on %s is the one that Python gives", async (name) => {
  const wanted = loadJson<Wanted>(`${name}.verdict.json`);
  const { proven, steps } = await verifyReceipt(loadText(`${name}.receipt.json`), genesis);
  expect(proven).toMatchObject({
    transaction: wanted.transaction, height: wanted.height, timeMs: wanted.time_ms, code: wanted.code,
  });
  const said = /by (\d+) of (\d+) validators: (.+) \(weight (\d+) of/.exec(wanted.sentences.join(" "))!;
  const [, signed, voters, names, weight] = said;
  const sentences = steps.map((step) => step.sentence).join(" ");
  expect(sentences).toContain(`Signed by ${signed} of ${voters} validators (${names}): weight ${weight}, `);
  expect(sentences).toContain(`The ${voters} validators are those that decide this height.`);
});

interface Refused { about: string; link: string; genesis: string; text: string }
const { refused } = loadJson<{ refused: Refused[] }>("receipt-refused.json");

test.each(refused.map((one) => [one.link, one.about, one] as const))(
  "link “%s” breaks: %s",
  async (link, _, vector) => {
    const verdict = await verifyReceipt(vector.text, readGenesis(loadText(vector.genesis)));
    expect(verdict.isOk).toBe(false);
    expect(verdict.broken?.link).toBe(link);
    expect(verdict.summary).toContain("Check failed at");
    const after = verdict.steps.slice(verdict.steps.findIndex((step) => step.state === "failed") + 1);
    expect(after.every((step) => step.state === "skipped")).toBe(true);
  },
);

test("any one byte changed is refused", async () => {
  for (let at = 0; at < good.length; at++) {
    const old = good[at] as string;
    const changed = good.slice(0, at) + (old === "1" ? "2" : "1") + good.slice(at + 1);
    const verdict = await verifyReceipt(changed, genesis);
    expect(verdict.isOk, `byte ${at} (${old})`).toBe(false);
  }
}, 60_000);

test("every genesis field counts in its hash", () => {
  const text = loadText("genesis.json").replace('"heartbeat_ms": 10000', '"heartbeat_ms": 10001');
  expect(text).not.toBe(loadText("genesis.json"));
  expect(toHex(readGenesis(text).hash)).not.toBe(toHex(genesis.hash));
});

test.each<Engine>(["WebCrypto", "noble"])("%s agrees on good and bad signatures", async (engine) => {
  // RFC 8032, section 7.1, test 2.
  const key = fromHex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "key");
  const signature = fromHex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    "signature",
  );
  const message = fromHex("72", "message");
  expect(await verifySignature(key, message, signature, engine)).toBe(true);
  expect(await verifySignature(key, fromHex("73", "message"), signature, engine)).toBe(false);
  expect(await verifySignature(key, message, signature.slice(1), engine)).toBe(false);
});

test("the engine is chosen once and named", async () => {
  expect(["WebCrypto", "noble"]).toContain(await getEngine());
});

/** What a text in the search box means. */

import { Problem, getJson, withQuery } from "./api";
import { headHeight } from "./live";
import type { Page, TwinItem } from "./types";

const HEIGHT = /^\d{1,16}$/;
const HASH = /^[0-9a-f]{64}$/i;
const SUGGESTIONS = 6;

/** Where a search leads. */
export interface Hit {
  readonly href: string;
  readonly kind: string;
  readonly label: string;
}

/** Find the one page that a text means: a height, a hash, a twin's or contract's name; null when there is none. */
export async function findExact(text: string, signal?: AbortSignal): Promise<Hit | null> {
  const clean = text.trim().replaceAll(",", "");
  if (isHeight(clean)) {
    return { href: `/blocks/${clean}`, kind: "Block", label: clean };
  }
  if (HASH.test(clean)) return findHash(clean.toLowerCase(), signal);
  const id = encodeURIComponent(clean);
  if (await exists(`/v1/twins/${id}`, signal)) return { href: `/twins/${id}`, kind: "Twin", label: clean };
  return (await exists(`/v1/contracts/${id}`, signal))
    ? { href: `/contracts/${id}`, kind: "Contract", label: clean }
    : null;
}

/** Give twins whose name holds the text, for the list under the search box. */
export async function suggest(text: string, signal: AbortSignal): Promise<readonly Hit[]> {
  const clean = text.trim();
  if (clean === "" || HASH.test(clean)) return [];
  const path = withQuery("/v1/twins", { q: clean, limit: SUGGESTIONS });
  const page = await getJson<Page<TwinItem>>(path, signal);
  const hits: Hit[] = page.items.map((twin) => ({
    href: `/twins/${encodeURIComponent(twin.id)}`, kind: "Twin", label: twin.id,
  }));
  if (isHeight(clean)) hits.unshift({ href: `/blocks/${clean}`, kind: "Block", label: clean });
  return hits;
}

/** Whether a text is the height of a block that there is; other numbers can be names of twins. */
function isHeight(text: string): boolean {
  return HEIGHT.test(text) && Number(text) >= 1 && Number(text) <= headHeight.value;
}

async function findHash(hash: string, signal?: AbortSignal): Promise<Hit | null> {
  const kinds = [
    ["Transaction", `/v1/transactions/${hash}`, `/tx/${hash}`],
    ["Action", `/v1/actions/${hash}`, `/actions/${hash}`],
    ["Block", `/v1/blocks/${hash}`, `/blocks/${hash}`],
    ["Evidence", `/v1/evidence/${hash}`, `/evidence/${hash}`],
  ] as const;
  for (const [kind, path, href] of kinds) {
    if (await exists(path, signal)) return { href, kind, label: hash };
  }
  return null;
}

async function exists(path: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await getJson(path, signal);
    return true;
  } catch (error) {
    if (error instanceof Problem && error.status >= 400 && error.status < 500) return false;
    throw error;
  }
}

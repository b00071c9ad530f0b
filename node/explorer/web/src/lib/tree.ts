/** Twins by the parts they are made of. */

import type { TwinItem } from "./types";

/** A twin with its parts below it. */
export interface Branch {
  readonly twin: TwinItem;
  readonly parts: readonly Branch[];
}

/** Put twins below their parents; one whose parent is not in the list stands at the top. */
export function makeTree(items: readonly TwinItem[]): readonly Branch[] {
  const ids = new Set(items.map((twin) => twin.id));
  const parts = new Map<string | null, TwinItem[]>();
  for (const twin of [...items].sort((a, b) => a.id.localeCompare(b.id))) {
    const parent = twin.parent !== null && ids.has(twin.parent) ? twin.parent : null;
    parts.set(parent, [...(parts.get(parent) ?? []), twin]);
  }
  const build = (twin: TwinItem, above: ReadonlySet<string>): Branch => {
    const path = new Set([...above, twin.id]);
    const below = (parts.get(twin.id) ?? []).filter((part) => !path.has(part.id));
    return { twin, parts: below.map((part) => build(part, path)) };
  };
  return (parts.get(null) ?? []).map((twin) => build(twin, new Set()));
}

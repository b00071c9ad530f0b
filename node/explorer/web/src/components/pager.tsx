/** Links to older entries; the place in the list stands in the URL. */

import type { JSX } from "preact";
import { useLocation } from "preact-iso";

/** "Newest" and "Older" below a list; nothing when all of it is shown. */
export function Pager({ next, noun }: { next: string | null; noun: string }): JSX.Element | null {
  const { path, query } = useLocation();
  const link = (cursor: string | null): string => {
    const search = new URLSearchParams(query);
    search.delete("cursor");
    if (cursor !== null) search.set("cursor", cursor);
    const text = search.toString();
    return text === "" ? path : `${path}?${text}`;
  };
  const isFirst = query["cursor"] === undefined;
  if (isFirst && next === null) return null;
  return (
    <nav class="pager" aria-label={`More ${noun}`}>
      {!isFirst && <a class="button" href={link(null)}>Start of the list</a>}
      {next !== null && <a class="button" href={link(next)}>More {noun}</a>}
    </nav>
  );
}

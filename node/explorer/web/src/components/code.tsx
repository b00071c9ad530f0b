/** Sources with their line numbers, and what differs between two of them. */

import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";

import { type DiffRow, diffLines, foldDiff, splitLines } from "../lib/diff";
import { plural } from "../lib/format";
import { Empty } from "./states";

/**
 * A text with line numbers, which copying leaves out.
 *
 * Args: first: the number of its first line; hasAnchors: whether "#L12" leads to a line of it,
 * which only one text of a page can have.
 */
export function Code({ text, label, first = 1, hasAnchors = false }: {
  text: string;
  label: string;
  first?: number;
  hasAnchors?: boolean;
}): JSX.Element {
  const wanted = hasAnchors ? location.hash.slice(1) : "";
  useEffect(() => {
    if (wanted !== "") document.getElementById(wanted)?.scrollIntoView({ block: "center" });
  }, [text, wanted]);
  return (
    <div class="scroller" role="region" aria-label={label} tabIndex={0}>
      <pre class="code">
        <code>
          {splitLines(text).map((line, i) => {
            const name = `L${first + i}`;
            const anchor = hasAnchors ? { id: name } : {};
            return <span key={i} class={name === wanted ? "line wanted" : "line"} data-line={first + i} {...anchor}>{`${line}\n`}</span>;
          })}
        </code>
      </pre>
    </div>
  );
}

/** What differs between two texts, with both line numbers. */
export function Diff({ before, after, label }: { before: string; after: string; label: string }): JSX.Element {
  const rows = useMemo(() => foldDiff(diffLines(before, after)), [before, after]);
  if (before === after) return <Empty title="Nothing differs." />;
  const count = (kind: string): number => rows.filter((row) => typeof row !== "number" && row.kind === kind).length;
  return (
    <>
      <p class="muted small">{plural(count("new"), "line")} more, {plural(count("old"), "line")} less</p>
      <div class="scroller" role="region" aria-label={label} tabIndex={0}>
        <pre class="code diff"><code>{rows.map((row, i) => <DiffLine key={i} row={row} />)}</code></pre>
      </div>
    </>
  );
}

function DiffLine({ row }: { row: DiffRow }): JSX.Element {
  if (typeof row === "number") return <span class="line gap">{`${plural(row, "equal line")}\n`}</span>;
  const numbers = { "data-old": padNumber(row.oldLine), "data-line": padNumber(row.newLine) };
  switch (row.kind) {
    case "same":
      return <span class="line" {...numbers}>{`  ${row.text}\n`}</span>;
    case "old":
      return <del class="line" {...numbers}>{`- ${row.text}\n`}</del>;
    case "new":
      return <ins class="line" {...numbers}>{`+ ${row.text}\n`}</ins>;
  }
}

function padNumber(line: number | null): string {
  return String(line ?? "").padStart(4);
}

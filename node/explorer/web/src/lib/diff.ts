/** What differs between two texts, line by line. */

const CONTEXT = 3;
const CELLS_MAX = 16_000_000;

/** A line of either text or of both, with its number in each; null where it is not in that one. */
export interface DiffLine {
  readonly kind: "same" | "old" | "new";
  readonly text: string;
  readonly oldLine: number | null;
  readonly newLine: number | null;
}

/** A line, or the number of equal lines that are left out here. */
export type DiffRow = DiffLine | number;

/** Split a text into lines; a line end at the end of it begins no further line. */
export function splitLines(text: string): readonly string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/**
 * Give all lines of two texts in order, those in both once.
 *
 * The longest common row of lines is kept. Where that would take too long, all of the differing
 * middle counts as replaced.
 */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [left, right] = [splitLines(before), splitLines(after)];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start++;
  let end = 0;
  const room = Math.min(left.length, right.length) - start;
  while (end < room && left[left.length - 1 - end] === right[right.length - 1 - end]) end++;
  const lines: DiffLine[] = [];
  const add = (kind: DiffLine["kind"], i: number, j: number): void => {
    const text = (kind === "new" ? right[j] : left[i]) as string;
    lines.push({ kind, text, oldLine: kind === "new" ? null : i + 1, newLine: kind === "old" ? null : j + 1 });
  };
  for (let i = 0; i < start; i++) add("same", i, i);
  const [leftEnd, rightEnd] = [left.length - end, right.length - end];
  const lengths = countCommon(left.slice(start, leftEnd), right.slice(start, rightEnd));
  let [i, j] = [start, start];
  while (i < leftEnd || j < rightEnd) {
    if (lengths !== null && i < leftEnd && j < rightEnd && left[i] === right[j]) add("same", i++, j++);
    else if (i < leftEnd && (j === rightEnd || isLeftFirst(lengths, i - start, j - start))) add("old", i++, j);
    else add("new", i, j++);
  }
  for (; i < left.length; i++, j++) add("same", i, j);
  return lines;
}

function isLeftFirst(lengths: readonly Uint16Array[] | null, i: number, j: number): boolean {
  return lengths === null || (lengths[i + 1]?.[j] ?? 0) >= (lengths[i]?.[j + 1] ?? 0);
}

/** How many lines the ends of two lists have in common, from each place on; null when too long. */
function countCommon(left: readonly string[], right: readonly string[]): readonly Uint16Array[] | null {
  if ((left.length + 1) * (right.length + 1) > CELLS_MAX) return null;
  const lengths = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--) {
    const [row, below] = [lengths[i] as Uint16Array, lengths[i + 1] as Uint16Array];
    for (let j = right.length - 1; j >= 0; j--) {
      row[j] = left[i] === right[j]
        ? (below[j + 1] as number) + 1
        : Math.max(below[j] as number, row[j + 1] as number);
    }
  }
  return lengths;
}

/** Leave out equal lines that are not beside a difference; a number says how many. */
export function foldDiff(lines: readonly DiffLine[]): readonly DiffRow[] {
  const isNear = new Array<boolean>(lines.length).fill(false);
  lines.forEach((line, i) => {
    if (line.kind !== "same") isNear.fill(true, Math.max(0, i - CONTEXT), i + CONTEXT + 1);
  });
  const rows: DiffRow[] = [];
  lines.forEach((line, i) => {
    const last = rows.at(-1);
    if (isNear[i] === true) rows.push(line);
    else if (typeof last === "number") rows[rows.length - 1] = last + 1;
    else rows.push(1);
  });
  return rows;
}

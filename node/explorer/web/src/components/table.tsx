/** One table for all lists: caption, scoped heads, a scroller that the keyboard can reach. */

import type { ComponentChildren, JSX } from "preact";

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** "end" for numbers. */
  readonly align?: "end";
  /** Left out on narrow screens. */
  readonly isOptional?: boolean;
  /** The cell that names its row. */
  readonly isName?: boolean;
}

interface TableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string | number;
}

/** A table of rows; the caption is read out but not shown, since a heading stands above. */
export function Table<Row>({ caption, columns, rows, rowKey }: TableProps<Row>): JSX.Element {
  return (
    <div class="scroller" role="region" aria-label={`${caption}: table that can be scrolled`} tabIndex={0}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.head} scope="col" class={classOf(column)}>{column.head}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>{columns.map((column) => cellOf(column, row))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function classOf<Row>(column: Column<Row>): string {
  return `${column.align === "end" ? "end" : ""} ${column.isOptional === true ? "optional" : ""}`.trim();
}

function cellOf<Row>(column: Column<Row>, row: Row): JSX.Element {
  const content = column.cell(row);
  return column.isName === true ? (
    <th key={column.head} scope="row" class={classOf(column)}>{content}</th>
  ) : (
    <td key={column.head} class={classOf(column)}>{content}</td>
  );
}

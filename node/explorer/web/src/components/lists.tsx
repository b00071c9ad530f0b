/** Tables that more than one page shows. */

import type { JSX } from "preact";

import { formatCount, formatSize, operationName } from "../lib/format";
import type { BlockItem, BlockTransaction } from "../lib/types";
import { Id, StatusTag, TwinLink, When } from "./basics";
import { type Column, Table } from "./table";

/** Blocks, newest first; `isShort` leaves out what the overview has no room for. */
export function BlockTable({ blocks, caption, isShort = false }: {
  blocks: readonly BlockItem[];
  caption: string;
  isShort?: boolean;
}): JSX.Element {
  const columns: Column<BlockItem>[] = [
    {
      head: "Height", isName: true,
      cell: (block) => <a href={`/blocks/${block.height}`} class="num">{formatCount(block.height)}</a>,
    },
    { head: "Time", cell: (block) => <When ms={block.time_ms} /> },
    { head: "Transactions", align: "end", cell: (block) => formatCount(block.transactions) },
    { head: "Signatures", align: "end", isOptional: true, cell: (block) => formatCount(block.signers.length) },
  ];
  if (!isShort) {
    columns.push(
      { head: "Proposer", isOptional: true, cell: (block) => block.proposer },
      { head: "Round", align: "end", isOptional: true, cell: (block) => block.round },
      { head: "Size", align: "end", isOptional: true, cell: (block) => formatSize(block.size_bytes) },
      { head: "Hash", isOptional: true, cell: (block) => <Id value={block.hash} what="block hash" /> },
    );
  }
  return <Table caption={caption} columns={columns} rows={blocks} rowKey={(block) => block.height} />;
}

/** The transactions of a block, in order. */
export function TransactionTable({ rows, caption }: {
  rows: readonly BlockTransaction[];
  caption: string;
}): JSX.Element {
  const columns: Column<BlockTransaction>[] = [
    {
      head: "Transaction", isName: true,
      cell: (row) => <Id value={row.id} what="transaction id" href={`/tx/${row.id}`} />,
    },
    { head: "Operation", cell: (row) => operationName(row.operation) },
    { head: "Organisation", isOptional: true, cell: (row) => row.organisation },
    { head: "Twins", cell: (row) => <TwinNames ids={row.twins} /> },
    { head: "Result", cell: (row) => <StatusTag status={row.code} /> },
  ];
  return <Table caption={caption} columns={columns} rows={rows} rowKey={(row) => row.id} />;
}

/** Up to three names of twins, and how many more there are. */
export function TwinNames({ ids }: { ids: readonly string[] }): JSX.Element {
  if (ids.length === 0) return <span class="muted">–</span>;
  return (
    <span class="names">
      {ids.slice(0, 3).map((id) => <TwinLink key={id} id={id} />)}
      {ids.length > 3 && <span class="muted">+{ids.length - 3}</span>}
    </span>
  );
}

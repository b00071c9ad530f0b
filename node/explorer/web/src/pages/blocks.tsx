/** `/blocks` and `/blocks/:height`. */

import type { JSX } from "preact";
import { useLocation } from "preact-iso";

import { Facts, Id, Section, Tag, When } from "../components/basics";
import { BlockTable, TransactionTable } from "../components/lists";
import { Pager } from "../components/pager";
import { ProofPanel } from "../components/proof";
import { Empty, Loaded } from "../components/states";
import { Table } from "../components/table";
import { Problem, withQuery } from "../lib/api";
import { checkBlock } from "../lib/check";
import { statusCommand } from "../lib/commands";
import { formatCount, formatMs, formatSize, humanise, plural } from "../lib/format";
import { describeCause, describeValidators } from "../lib/governance";
import { headHeight } from "../lib/live";
import { useTitle } from "../lib/page";
import { useResource } from "../lib/resource";
import { trust } from "../lib/trust";
import type { Block as Answer, BlockItem, Page, Validators } from "../lib/types";
import { useVerdict } from "../lib/verdict";
import type { BlockVerdict } from "../verify";

const HASHES = [
  "previous", "previous_certificate", "tx_log_root", "state_root", "receipts_root",
  "validators_root", "next_validators_root", "genesis",
];

export function Blocks(): JSX.Element {
  useTitle("Blocks");
  const { cursor } = useLocation().query;
  const path = withQuery("/v1/blocks", { cursor, limit: 50 });
  const blocks = useResource<Page<BlockItem>>(path, cursor === undefined ? ["block"] : []);
  return (
    <>
      <div class="page-head"><h1>Blocks</h1></div>
      <Loaded of={blocks} lines={10}>
        {(page) => page.items.length === 0 ? (
          <Empty title="No block is decided yet." command={statusCommand()}>
            The first one follows the first transaction.
          </Empty>
        ) : (
          <>
            <BlockTable blocks={page.items} caption="Blocks, newest first" />
            <Pager next={page.next} noun="blocks" />
          </>
        )}
      </Loaded>
    </>
  );
}

export function Block({ height }: { height: string }): JSX.Element {
  useTitle(`Block ${height}`);
  const block = useResource<Answer>(`/v1/blocks/${encodeURIComponent(height)}`);
  return <Loaded of={block} lines={10} title={`Block ${height}`}>{(data) => <Content key={data.hash} block={data} />}</Loaded>;
}

function Content({ block }: { block: Answer }): JSX.Element {
  const { height, time_ms } = block.header;
  return (
    <>
      <div class="page-head">
        <h1>Block <span class="num">{formatCount(height)}</span></h1>
        <nav class="neighbours" aria-label="Neighbouring blocks">
          {height > 1 && <a class="button" href={`/blocks/${height - 1}`}>Previous</a>}
          {height < headHeight.value && <a class="button" href={`/blocks/${height + 1}`}>Next</a>}
        </nav>
      </div>
      <p class="lead">
        {plural(block.transactions.length, "transaction")}, proposed by {block.proposer_node},
        decided <When ms={time_ms} style="both" />.
      </p>
      <Proof block={block} />
      <Section title="Transactions" aside={<span class="muted small">reported by the node; open one to verify it</span>}>
        {block.transactions.length === 0 ? (
          <Empty title="This block holds no transaction.">
            It shows that the members still agree while nothing has to be ordered.
          </Empty>
        ) : <TransactionTable rows={block.transactions} caption="Transactions of this block" />}
      </Section>
      <Deciders block={block} />
      <Header block={block} />
    </>
  );
}

function Proof({ block }: { block: Answer }): JSX.Element {
  const trusted = trust.value.state === "loading" ? null : trust.value;
  const { height } = block.header;
  const tried = useVerdict(
    trusted === null ? null : () => tryCheck(height, block.hash),
    [height, block.hash, trusted],
  );
  return <ProofPanel verdict={tried?.verdict ?? null} problem={tried?.problem ?? null} />;
}

async function tryCheck(
  height: number, hash: string,
): Promise<{ verdict: BlockVerdict | null; problem: string | null }> {
  try {
    return { verdict: await checkBlock(height, hash), problem: null };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { verdict: null, problem: `The node gave no proof. ${error.title}: ${error.detail}` };
  }
}

function Header({ block }: { block: Answer }): JSX.Element {
  const { header } = block;
  return (
    <Section title="Header">
      <Facts items={[
        ["Hash", <Id value={block.hash} what="block hash" full />],
        ["Transactions so far", formatCount(Number(header["tx_log_size"]))],
        ["Size", formatSize(block.size_bytes)],
        ["Version", String(header["version"])],
        ...HASHES.filter((name) => typeof header[name] === "string").map((name) => [
          humanise(name.replace("tx_log", "log")),
          <Id
            value={String(header[name])}
            what={humanise(name).toLowerCase()}
            full
            {...(name === "previous" && header.height > 1 ? { href: `/blocks/${header.height - 1}` } : {})}
          />,
        ] as const),
      ]} />
    </Section>
  );
}

/** Who decided this height, and whether others decide the next one. */
function Deciders({ block }: { block: Answer }): JSX.Element {
  const { height } = block.header;
  const validators = useResource<Validators>(`/v1/validators?at=${height}`);
  const { data } = validators;
  const isRaft = data?.engine === "raft";
  return (
    <>
      {data !== null && <CommitteeChange height={height} validators={data} />}
      <Section
        title="Who decided"
        aside={<span class="muted small">{isRaft ? "term" : "round"} {formatCount(block.certificate.round)}</span>}
      >
        <Loaded of={validators} lines={2}>
          {(found) => <p>{describeValidators(found)} <a href={`/members?at=${height}`}>The validators of this block</a></p>}
        </Loaded>
        <Certificate block={block} voters={data?.items.filter((one) => one.weight > 0).map((one) => one.node) ?? []} isRaft={isRaft} />
      </Section>
    </>
  );
}

function CommitteeChange({ height, validators }: { height: number; validators: Validators }): JSX.Element | null {
  const next = validators.planned[0];
  const isNew = validators.since === height && height > 1;
  const isLast = next?.height === height + 1;
  if (!isNew && !isLast) return null;
  return (
    <div class="note-box">
      {isNew && <p>Other validators than before decided this block. <a href={`/members?at=${height}`}>What changed</a></p>}
      {isLast && next !== undefined && (
        <p>
          It is the last one of these validators. From <a href={`/blocks/${next.height}`} class="num">block {formatCount(next.height)}</a> on:{" "}
          {describeCause(next)}
        </p>
      )}
    </div>
  );
}

function Certificate({ block, voters, isRaft }: {
  block: Answer;
  /** Who had a vote at this height; empty while it is not known. */
  voters: readonly string[];
  isRaft: boolean;
}): JSX.Element {
  const { signatures } = block.certificate;
  const absent = voters.filter((node) => !signatures.some((one) => one.node === node));
  const first = Math.min(...signatures.map((one) => one.time_ms));
  return (
    <>
      <Table
        caption="Who signed this block"
        rows={signatures}
        rowKey={(one) => one.validator}
        columns={[
          {
            head: "Validator", isName: true,
            cell: (one) => one.node === block.proposer_node
              ? <span class="names"><span>{one.node}</span><Tag>{isRaft ? "leader" : "proposer"}</Tag></span> : one.node,
          },
          { head: "Signed at", cell: (one) => <When ms={one.time_ms} style="utc" /> },
          { head: "After the first", align: "end", isOptional: true, cell: (one) => <span class="num">{formatMs(one.time_ms - first)}</span> },
          { head: "Signature", cell: (one) => <Id value={one.signature} what={`signature of ${one.node}`} /> },
        ]}
      />
      {voters.length > 0 && (
        <p class="muted small">
          {absent.length === 0 ? "All validators with a vote signed." : `Not in this certificate: ${absent.join(", ")}. A certificate is complete without them once the quorum is reached.`}
        </p>
      )}
    </>
  );
}

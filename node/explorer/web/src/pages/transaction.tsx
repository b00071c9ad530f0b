/** `/tx/:id`: what was asked, what came of it, and the proof. */

import type { JSX } from "preact";

import { Facts, Id, Measured, Section, StatusTag, TwinLink, When } from "../components/basics";
import { Code } from "../components/code";
import { TwinNames } from "../components/lists";
import { ProofPanel } from "../components/proof";
import { Empty, Loaded } from "../components/states";
import { Table } from "../components/table";
import { Caveat } from "../components/trust";
import { Problem } from "../lib/api";
import { checkTransaction } from "../lib/check";
import { contractPath, isContractChange } from "../lib/contracts";
import { formatCount, formatSize, humanise, operationName, qualityCode, qualityName, shortId } from "../lib/format";
import { asPlain } from "../lib/governance";
import { useTitle } from "../lib/page";
import { useResource } from "../lib/resource";
import { type ShownReading, describeState, describeTransaction, readingsOf } from "../lib/sentences";
import { trust } from "../lib/trust";
import type { Transaction as Answer, TransactionEvent } from "../lib/types";
import { useVerdict } from "../lib/verdict";
import type { ReceiptVerdict } from "../verify";

const READINGS_SHOWN = 200;
/** Where the subject of an event is shown, by how the event's name begins. */
const PAGES_OF_EVENTS = [
  ["action_", "/actions"],
  ["change_", "/proposals"],
  ["contract_", "/contracts"],
  ["consent_", "/contracts"],
  ["evidence_", "/evidence"],
  ["committee_", "/members"],
  ["vote_key_", "/members"],
  ["organisation_", "/members"],
] as const;
/** Where an operation names the contract that it is about. */
const CONTRACTS_OF: Readonly<Record<string, (body: Readonly<Record<string, unknown>>) => unknown>> = {
  deploy_contract: (body) => body["name"],
  call: (body) => body["contract"],
  consent: (body) => body["contract"],
  propose_contract: (body) => asPlain(body["package"])["name"],
  propose_change: (body) => (isContractChange(asPlain(body["change"])) ? asPlain(body["change"])["name"] : null),
};
const STAGES = ["received", "ordered", "final"];

export function Transaction({ id }: { id: string }): JSX.Element {
  useTitle(`Transaction ${shortId(id)}`);
  const transaction = useResource<Answer>(`/v1/transactions/${encodeURIComponent(id)}`);
  const state = transaction.data?.state;
  const isPending = state === "received" || state === "ordered";
  const pending = useResource<Answer>(isPending ? `/v1/transactions/${id}` : null, ["block"]);
  const latest = isPending && pending.data !== null ? { ...transaction, data: pending.data } : transaction;
  return (
    <>
      <div class="page-head">
        <h1>Transaction</h1>
        <Id value={id} what="transaction id" full />
      </div>
      <Loaded of={latest} lines={8}>{(data) => <Content key={id} transaction={data} />}</Loaded>
    </>
  );
}

function Content({ transaction }: { transaction: Answer }): JSX.Element {
  const readings = transaction.operation === "telemetry" && transaction.body !== null
    ? readingsOf(transaction.body) : [];
  const proposal = findProposal(transaction);
  const contract = findContract(transaction);
  const trusted = trust.value.state === "loading" ? null : trust.value;
  const hasReceipt = transaction.height !== null;
  const checked = useVerdict(
    hasReceipt && trusted !== null ? () => tryCheck(transaction) : null,
    [transaction.id, transaction.state, trusted],
  );
  return (
    <>
      <p class="lead">{describeTransaction(transaction)}</p>
      <Stages transaction={transaction} isRefuted={checked?.verdict?.isOk === false} />
      <Proof transaction={transaction} checked={checked} />
      <div class="columns">
        <Section title="Details">
          <Facts items={[
            ["Operation", operationName(transaction.operation ?? "not known yet")],
            transaction.sender === null ? null : ["Organisation", transaction.organisation ?? "none"],
            transaction.sender === null ? null : ["Signed by key", <Id value={transaction.sender} what="sender key" />],
            ["Twins", <TwinNames ids={transaction.twins} />],
            contract === null ? null : ["Contract", <a href={contractPath(contract)} class="break">{contract}</a>],
            proposal === null ? null : ["Proposal", <Id value={proposal} what="proposal id" href={`/proposals/${proposal}`} />],
            transaction.height === null ? null : [
              "Block",
              <a href={`/blocks/${transaction.height}`} class="num">{formatCount(transaction.height)}</a>,
            ],
            transaction.time_ms === null ? null : ["Block time", <When ms={transaction.time_ms} style="both" />],
            transaction.position === null ? null : ["Position in block", formatCount(transaction.position)],
            transaction.expiry_height === null ? null : ["Expires after block", formatCount(transaction.expiry_height)],
            transaction.size_bytes === null ? null : ["Size", formatSize(transaction.size_bytes)],
            transaction.gas_used === null ? null : ["Gas used", formatCount(transaction.gas_used)],
          ]} />
        </Section>
        <Section title="Events">
          <Events events={transaction.events} />
        </Section>
      </div>
      {readings.length > 0 && <Readings readings={readings} />}
      {readings.length === 0 && transaction.body !== null && <Body body={transaction.body} />}
    </>
  );
}

/** The proposal that a transaction made, approved or took back. */
function findProposal({ id, operation, state, body }: Answer): string | null {
  if (operation === "propose_change" || operation === "propose_contract") return state === "final" ? id : null;
  const named = operation === "approve_change" || operation === "withdraw_change" ? body?.["proposal"] : null;
  return typeof named === "string" ? named : null;
}

/** The contract that a transaction is about; null when it is about something else. */
function findContract({ operation, body }: Answer): string | null {
  const named = CONTRACTS_OF[operation ?? ""]?.(body ?? {});
  return typeof named === "string" ? named : null;
}

function Stages({ transaction, isRefuted }: {
  transaction: Answer;
  /** Whether the proof does not hold, so that what the node says cannot be relied on. */
  isRefuted: boolean;
}): JSX.Element {
  const { state, code, detail } = transaction;
  const stages = STAGES.includes(state) ? STAGES : [...STAGES.slice(0, state === "expired" ? 1 : 2), state];
  const reached = stages.indexOf(state);
  return (
    <div class="stages">
      <ol aria-label="Way of the transaction">
        {stages.map((stage, i) => (
          <li key={stage} class={`${i <= reached ? "reached" : ""} ${stage}`} aria-current={stage === state ? "step" : undefined}>
            {humanise(stage)}
          </li>
        ))}
      </ol>
      <p>
        {isRefuted ? "The node says so, but its proof does not hold. Do not rely on this page." : describeState(state)}
        {code !== null && code !== "ok" && <> <StatusTag status={code} /> {detail}</>}
      </p>
      {code !== null && code.startsWith("VT-") && <p class="muted small">More: <code>veritwin explain {code}</code></p>}
    </div>
  );
}

function Proof({ transaction, checked }: { transaction: Answer; checked: Tried | null }): JSX.Element {
  const { id } = transaction;
  const file = `${id.slice(0, 12)}.receipt.json`;
  if (transaction.height === null) {
    return <ProofPanel verdict={null} problem="There is a proof as soon as the transaction is final. This page notices by itself." />;
  }
  return (
    <ProofPanel verdict={checked?.verdict ?? null} problem={checked?.problem ?? null}>
      <div class="actions-row">
        <a class="button" href={`/v1/transactions/${id}/receipt`} download={file}>Save the receipt</a>
        <a class="button" href={`/v1/transactions/${id}`}>JSON</a>
      </div>
      <p class="caveat">
        Checked are the operation with all its fields, the sender's key, the place in the block and
        the result. Which organisation the key acts for, and the events, are reported by the node.
      </p>
      <Caveat file={file} />
    </ProofPanel>
  );
}

interface Tried {
  readonly verdict: ReceiptVerdict | null;
  readonly problem: string | null;
}

async function tryCheck(transaction: Answer): Promise<Tried> {
  try {
    return { verdict: await checkTransaction(transaction), problem: null };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { verdict: null, problem: `The node gave no receipt. ${error.title}: ${error.detail}` };
  }
}

function Events({ events }: { events: readonly TransactionEvent[] }): JSX.Element {
  if (events.length === 0) return <Empty title="No events.">The transaction had no effect beyond its record.</Empty>;
  return (
    <ul class="feed">
      {events.map((event, i) => (
        <li key={i}>
          <div class="feed-main">
            <span>{humanise(event.name)}: <Subject event={event} /></span>
            <span class="muted small">
              {event.source === "native" ? "recorded by the ledger" : `by the contract ${event.source}`}
            </span>
          </div>
        </li>
      ))}
    </ul>
  );
}

function Subject({ event }: { event: TransactionEvent }): JSX.Element {
  const isHash = /^[0-9a-f]{64}$/.test(event.subject);
  const page = PAGES_OF_EVENTS.find(([prefix]) => event.name.startsWith(prefix))?.[1];
  if (!isHash && page === "/members") return <a href={page}>{event.subject}</a>;
  if (!isHash && page === "/contracts") return <a href={contractPath(event.subject)} class="break">{event.subject}</a>;
  if (!isHash) return <span class="muted">{event.subject}</span>;
  const href = page === undefined ? {} : { href: `${page}/${event.subject}` };
  return <Id value={event.subject} what={humanise(event.name).toLowerCase()} {...href} />;
}

function Readings({ readings }: { readings: readonly ShownReading[] }): JSX.Element {
  const shown = readings.slice(0, READINGS_SHOWN);
  return (
    <Section
      title="Readings"
      aside={<span class="muted small">{shown.length < readings.length ? `the first ${shown.length} of ` : ""}{formatCount(readings.length)}</span>}
    >
      <Table
        caption="Readings"
        rows={shown.map((reading, i) => ({ ...reading, i }))}
        rowKey={(reading) => reading.i}
        columns={[
          { head: "Twin", isName: true, cell: (r) => <TwinLink id={r.twin} /> },
          { head: "Property", cell: (r) => humanise(r.property) },
          { head: "Value", align: "end", cell: (r) => <Measured value={r.value} unit={r.unit} /> },
          { head: "Measured", cell: (r) => <When ms={r.time_ms} style="utc" /> },
          { head: "Quality", cell: (r) => <span title={qualityCode(r.quality)}>{qualityName(r.quality)}</span> },
          { head: "Sequence", align: "end", isOptional: true, cell: (r) => formatCount(r.sequence) },
        ]}
      />
    </Section>
  );
}

/** The operation as it is; sources stand below it, as they are too long to read within JSON. */
function Body({ body }: { body: Readonly<Record<string, unknown>> }): JSX.Element {
  const given = asPlain(body["package"]);
  const source = body["source"] ?? given["source"];
  const shown = typeof body["source"] === "string" ? { ...body, source: "(below)" }
    : typeof source === "string" ? { ...body, package: { ...given, source: "(below)" } }
    : body;
  return (
    <Section title="Operation">
      <div class="scroller" role="region" aria-label="Operation as JSON" tabIndex={0}>
        <pre><code>{JSON.stringify(shown, null, 2)}</code></pre>
      </div>
      {typeof source === "string" && <Code text={source} label="Source" />}
    </Section>
  );
}

/** `/`: how the chain is doing, and what happened last. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { StatusTag, Section, TwinLink, When } from "../components/basics";
import { Chart, type ChartSeries } from "../components/chart";
import { BlockTable } from "../components/lists";
import { Empty, Loaded, Skeleton } from "../components/states";
import { Icon } from "../components/icons";
import { TrustBadge, trustOf } from "../components/trust";
import { CHECK_CONTRACT, attestCommand } from "../lib/commands";
import { checkBlock } from "../lib/check";
import { formatCount, formatMs, formatUtc } from "../lib/format";
import { engineName } from "../lib/governance";
import { headHeight, latencies, liveBlocks, status } from "../lib/live";
import { useTitle } from "../lib/page";
import { useResource } from "../lib/resource";
import { describeHealth } from "../lib/sentences";
import { type Bucket, bucketSpan, makeBuckets, mergeBlocks } from "../lib/throughput";
import { trust } from "../lib/trust";
import { useVerdict } from "../lib/verdict";
import type { Action, Attestation, BlockItem, Page, Status } from "../lib/types";

const CHART_BLOCKS = 500;
const LIST_ROWS = 8;

export function Overview(): JSX.Element {
  useTitle("Overview");
  const blocks = useResource<Page<BlockItem>>(`/v1/blocks?limit=${LIST_ROWS}`, ["block"]);
  const past = useResource<Page<BlockItem>>(`/v1/blocks?limit=${CHART_BLOCKS}`);
  const actions = useResource<Page<Action>>(`/v1/actions?limit=${LIST_ROWS}`, ["action"]);
  const attestations = useResource<Page<Attestation>>(
    `/v1/attestations?limit=${LIST_ROWS}`, ["attestation"],
  );
  const open = useResource<Page<Action>>("/v1/actions?status=open&limit=500", ["action"]);
  const openCount = open.data === null ? null : open.data.items.length;
  return (
    <>
      <h1 class="hidden">Overview</h1>
      {status.value === null ? <Skeleton lines={3} /> : (
        <>
          <Health status={status.value} />
          <Figures status={status.value} openOrders={openCount} />
        </>
      )}
      <Section title="Throughput" aside={<span class="muted small">from the latest blocks</span>}>
        <Loaded of={past} lines={6}>{(page) => <Throughput past={page.items} />}</Loaded>
      </Section>
      <div class="columns">
        <Section title="Latest blocks" aside={<a href="/blocks">All blocks</a>}>
          <Loaded of={blocks}>
            {(page) => (
              <>
                {page.items[0] !== undefined && <NewestBlock block={page.items[0]} />}
                <BlockTable blocks={page.items} caption="Latest blocks" isShort />
              </>
            )}
          </Loaded>
        </Section>
        <div class="stack">
          <Section title="Latest actions" aside={<a href="/actions">All actions</a>}>
            <Loaded of={actions}>{(page) => <ActionFeed items={page.items} />}</Loaded>
          </Section>
          <Section title="Latest attestations" aside={<a href="/attestations">All attestations</a>}>
            <Loaded of={attestations}>{(page) => <AttestationFeed items={page.items} />}</Loaded>
          </Section>
        </div>
      </div>
      {status.value !== null && <Members status={status.value} />}
    </>
  );
}

function Health({ status: now }: { status: Status }): JSX.Element {
  const lastMs = Math.max(now.last_commit_ms ?? now.block_time_ms, liveBlocks.value.at(-1)?.time_ms ?? 0);
  return (
    <p class={`health ${now.ready ? "good" : "bad"}`}>
      <span class="health-icon"><Icon name={now.ready ? "check" : "cross"} /></span>
      <span>
        <strong>{now.ready ? "Blocks are being decided." : "No blocks are being decided."}</strong>{" "}
        {describeHealth(now)} Last block <When ms={lastMs} />.
      </span>
    </p>
  );
}

function Figures({ status: now, openOrders }: { status: Status; openOrders: number | null }): JSX.Element {
  const height = headHeight.value;
  const connected = now.peers.filter((peer) => peer.connected).length + 1;
  const latency = now.commit_latency_ms === null ? "–" : formatMs(now.commit_latency_ms);
  const figures: readonly (readonly [string, string, string, string?])[] = [
    ["Height", formatCount(height), "blocks decided", `/blocks/${height}`],
    ["Commit latency", latency, "median, first seen to committed"],
    ["Updates", now.updates_per_second.toFixed(1), "readings per second"],
    ["Twins", formatCount(now.twins_total), "registered", "/twins"],
    ["Open orders", openOrders === null ? "–" : formatCount(openOrders), "waiting for an answer", "/actions?status=open"],
    ["Members", `${connected} / ${now.validators}`, `weight ${formatCount(now.quorum)} decides, by ${engineName(now.engine)}`, "/members"],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value, note, href]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="figure num">{href === undefined ? value : <a href={href}>{value}</a>}</dd>
          <dd class="note">{note}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Blocks of before the page was opened are asked for once; the stream brings the others. */
function Throughput({ past }: { past: readonly BlockItem[] }): JSX.Element {
  const samples = latencies.value;
  const live = liveBlocks.value;
  const made = useMemo(() => makeBuckets(mergeBlocks(past, live), samples), [past, live, samples]);
  const series = useMemo(() => makeSeries(made.buckets), [made]);
  if (made.buckets.length < 2) {
    return <Empty title="Not enough blocks yet to draw a chart.">It appears by itself as blocks are decided.</Empty>;
  }
  const last = made.buckets.at(-1);
  const mean = made.buckets.reduce((sum, bucket) => sum + bucket.perMinute, 0) / made.buckets.length;
  return (
    <Chart
      title="Transactions per minute and commit latency"
      summary={
        `${formatCount(Math.round(mean))} transactions per minute on average over the last ` +
        `${bucketSpan(made)}; ${formatCount(Math.round(last?.perMinute ?? 0))} in the newest part.`
      }
      timesMs={made.buckets.map((bucket) => bucket.startMs)}
      series={series}
      height={200}
      formatTime={formatUtc}
      formatValue={(value, one) => value === null ? "–" : one.unit === "ms" ? formatMs(value) : formatCount(Math.round(value))}
    />
  );
}

/** The newest block's certificate, checked again with every block. */
function NewestBlock({ block }: { block: BlockItem }): JSX.Element {
  const trusted = trust.value.state === "loading" ? null : trust.value;
  const verdict = useVerdict(
    trusted === null ? null : () => checkBlock(block.height, block.hash).catch(() => null),
    [block.hash, trusted],
  );
  return (
    <p class="small with-badge">
      <TrustBadge state={trustOf(verdict)} />
      {verdict?.isOk === false && verdict.summary}
      {verdict?.isOk === true && <span class="muted">Block {formatCount(block.height)}: the quorum's signatures hold.</span>}
    </p>
  );
}

/** Bars of transactions; and the latency as a line, once this page has watched it for a while. */
function makeSeries(buckets: readonly Bucket[]): readonly ChartSeries[] {
  const bars: ChartSeries = {
    label: "Transactions per minute", unit: "tx / min", kind: "bars",
    values: buckets.map((bucket) => bucket.perMinute),
  };
  const latency = buckets.map((bucket) => bucket.latencyMs);
  if (latency.filter((value) => value !== null).length < 2) return [bars];
  return [bars, { label: "Commit latency", unit: "ms", kind: "line", isRight: true, isSparse: true, values: latency }];
}

function ActionFeed({ items }: { items: readonly Action[] }): JSX.Element {
  if (items.length === 0) {
    return (
      <Empty title="No actions yet." command={CHECK_CONTRACT}>
        A contract opens an action when its rule holds for a twin's readings.
      </Empty>
    );
  }
  return (
    <ul class="feed">
      {items.map((action) => (
        <li key={action.id}>
          <div class="feed-main">
            <a href={`/actions/${action.id}`}>{action.title}</a>
            <span class="muted small"><TwinLink id={action.twin} /> · <When ms={action.opened_time_ms} /></span>
          </div>
          <StatusTag status={action.status} />
        </li>
      ))}
    </ul>
  );
}

function AttestationFeed({ items }: { items: readonly Attestation[] }): JSX.Element {
  if (items.length === 0) {
    return (
      <Empty title="No attestations yet." command={attestCommand()}>
        Partners put signed statements about a twin on record.
      </Empty>
    );
  }
  return (
    <ul class="feed">
      {items.map((item) => (
        <li key={item.id}>
          <div class="feed-main">
            <a href={`/tx/${item.transaction}`}>{item.subjects[0]?.name ?? item.predicate_type}</a>
            <span class="muted small">{item.issuer} on <TwinLink id={item.twin} /> · <When ms={item.time_ms} /></span>
          </div>
        </li>
      ))}
    </ul>
  );
}

function Members({ status: now }: { status: Status }): JSX.Element {
  return (
    <Section title="Members" aside={<a href="/members">Votes, proposals and evidence</a>}>
      <p class="muted small">As {now.node} sees them.</p>
      <ul class="members">
        <li>
          <span class="dot good" aria-hidden="true" />
          <span><strong>{now.node}</strong><span class="muted small">{now.organisation}, this node</span></span>
          <span class="num small">height {formatCount(now.height)}</span>
        </li>
        {now.peers.map((peer) => (
          <li key={peer.node}>
            <span class={`dot ${peer.connected ? "good" : "bad"}`} aria-hidden="true" />
            <span><strong>{peer.node}</strong><span class="muted small">{peer.organisation}</span></span>
            <span class="num small">
              {peer.connected ? `height ${formatCount(peer.height ?? 0)}` : (
                <>not connected{peer.last_seen_ms !== null && <>, seen <When ms={peer.last_seen_ms} /></>}</>
              )}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

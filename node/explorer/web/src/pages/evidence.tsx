/** `/evidence` and `/evidence/:id`: what validators signed twice, and what followed. */

import type { JSX } from "preact";
import { useLocation } from "preact-iso";

import { Command, Facts, Id, Section, Tag, When } from "../components/basics";
import { InForce, MemberPages } from "../components/governance";
import { Pager } from "../components/pager";
import { ProofPanel } from "../components/proof";
import { Empty, Loaded } from "../components/states";
import { Table } from "../components/table";
import { Problem, withQuery } from "../lib/api";
import { checkEvidence } from "../lib/check";
import { evidenceCommand, proposeCommand, rotateCommand } from "../lib/commands";
import { formatCount, formatUtc, humanise } from "../lib/format";
import { describeEvidence } from "../lib/governance";
import { useTitle } from "../lib/page";
import { useResource } from "../lib/resource";
import { trust } from "../lib/trust";
import type { Evidence as Answer, Page } from "../lib/types";
import { useVerdict } from "../lib/verdict";
import type { Verdict } from "../verify";

const EVERY_MS = 5_000;

export function EvidenceList(): JSX.Element {
  useTitle("Evidence");
  const { node, cursor } = useLocation().query;
  const path = withQuery("/v1/evidence", { node, cursor, limit: 50 });
  const evidence = useResource<Page<Answer>>(path, cursor === undefined ? ["block"] : [], { everyMs: EVERY_MS });
  return (
    <>
      <div class="page-head"><h1>Evidence</h1></div>
      <MemberPages />
      <p class="lead">
        A validator signs one proposal, one prevote and one precommit in a round. Two different ones prove that it,
        or somebody with its key, broke the rules.
      </p>
      {node !== undefined && (
        <p class="note-box">Only evidence against <strong>{node}</strong>. <a href="/evidence">Show all</a></p>
      )}
      <Loaded of={evidence} lines={6}>
        {(page) => page.items.length === 0 ? (
          <Empty title="There is no evidence, and nothing to do." command={evidenceCommand()}>
            No validator{node === undefined ? "" : ` called ${node}`} was caught signing two things at once. Nodes
            report it by themselves; watch it from the command line:
          </Empty>
        ) : (
          <>
            <EvidenceTable items={page.items} />
            <Pager next={page.next} noun="evidence" />
          </>
        )}
      </Loaded>
    </>
  );
}

function EvidenceTable({ items }: { items: readonly Answer[] }): JSX.Element {
  return (
    <Table
      caption="Evidence, newest first"
      rows={items}
      rowKey={(one) => one.id}
      columns={[
        { head: "Evidence", isName: true, cell: (one) => <a href={`/evidence/${one.id}`} class="break">Two {one.kind}s of {one.node}</a> },
        { head: "At height", align: "end", cell: (one) => <a href={`/blocks/${one.offence_height}`} class="num">{formatCount(one.offence_height)}</a> },
        { head: "Round", align: "end", isOptional: true, cell: (one) => formatCount(one.round) },
        { head: "Consequence", cell: (one) => <Consequence evidence={one} /> },
        { head: "Organisation", isOptional: true, cell: (one) => one.organisation },
        { head: "Recorded", isOptional: true, cell: (one) => <When ms={one.time_ms} /> },
      ]}
    />
  );
}

function Consequence({ evidence }: { evidence: Answer }): JSX.Element {
  return <Tag tone={evidence.consequence === "suspended" ? "bad" : "warn"}>{evidence.consequence}</Tag>;
}

export function Evidence({ id }: { id: string }): JSX.Element {
  useTitle("Evidence");
  const evidence = useResource<Answer>(`/v1/evidence/${encodeURIComponent(id)}`);
  return <Loaded of={evidence} lines={8} title="Evidence">{(data) => <Content evidence={data} />}</Loaded>;
}

function Content({ evidence }: { evidence: Answer }): JSX.Element {
  return (
    <>
      <div class="page-head">
        <h1>Two {evidence.kind}s of {evidence.node}</h1>
        <Consequence evidence={evidence} />
      </div>
      <p class="lead">{describeEvidence(evidence)}</p>
      <Proof evidence={evidence} />
      <div class="columns">
        <Message title="The first message" evidence={evidence} part={evidence.first} />
        <Message title="The second message" evidence={evidence} part={evidence.second} />
      </div>
      <Section title="Consequence">
        {evidence.effective_height === null ? (
          <p>
            It is on record, and no vote was taken for it: genesis asks for none, an earlier suspension answers for
            it, or nobody else could decide.
          </p>
        ) : (
          <p>
            {evidence.node} is without a vote <InForce height={evidence.effective_height} />, until the members give it
            back. It stays connected and follows.
          </p>
        )}
        <NextSteps evidence={evidence} />
      </Section>
      <Section title="Details">
        <Facts items={[
          ["Node", <a href={`/evidence?node=${encodeURIComponent(evidence.node)}`}>{evidence.node}</a>],
          ["Organisation", evidence.organisation],
          ["Vote key", <Id value={evidence.vote_key} what="vote key" full />],
          ["Recorded in block", <a href={`/blocks/${evidence.height}`} class="num">{formatCount(evidence.height)}</a>],
          ["Recorded", <When ms={evidence.time_ms} style="both" />],
          ["Transaction", <Id value={evidence.transaction} what="transaction id" href={`/tx/${evidence.transaction}`} full />],
          ["Reported by key", <Id value={evidence.reporter} what="reporter's key" full />],
          ["Evidence", <Id value={evidence.id} what="evidence id" full />],
        ]} />
      </Section>
    </>
  );
}

function NextSteps({ evidence }: { evidence: Answer }): JSX.Element {
  return (
    <>
      <p>
        The usual cause is one vote key on two machines. {evidence.organisation} finds and stops the second one and
        gives the node another key{evidence.consequence === "suspended" && "; then it asks the others for the vote back"}:
      </p>
      <p><Command text={rotateCommand(evidence.node)} /></p>
      {evidence.consequence === "suspended" && <p><Command text={proposeCommand(evidence.node)} /></p>}
    </>
  );
}

function Message({ title, evidence, part }: {
  title: string;
  evidence: Answer;
  part: Readonly<Record<string, unknown>>;
}): JSX.Element {
  const { block, time_ms, valid_round, value_digest, signature } = part;
  return (
    <Section title={title}>
      <Facts items={[
        ["Says", `${humanise(evidence.kind)} at height ${formatCount(evidence.offence_height)}, round ${formatCount(evidence.round)}`],
        ["For", typeof block === "string" ? <Id value={block} what="block hash" full /> : "no block"],
        typeof time_ms === "number" && time_ms > 0 ? ["Signed at", formatUtc(time_ms)] : null,
        typeof valid_round === "number" ? ["Valid in round", valid_round < 0 ? "none" : formatCount(valid_round)] : null,
        typeof value_digest === "string" ? ["Digest of the value", <Id value={value_digest} what="digest" full />] : null,
        ["Signature", <Id value={String(signature)} what="signature" full />],
      ]} />
    </Section>
  );
}

function Proof({ evidence }: { evidence: Answer }): JSX.Element {
  const trusted = trust.value.state === "loading" ? null : trust.value;
  const tried = useVerdict(trusted === null ? null : () => tryCheck(evidence), [evidence.id, trusted]);
  return <ProofPanel verdict={tried?.verdict ?? null} problem={tried?.problem ?? null} />;
}

async function tryCheck(evidence: Answer): Promise<{ verdict: Verdict | null; problem: string | null }> {
  try {
    return { verdict: await checkEvidence(evidence), problem: null };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { verdict: null, problem: `The node gave no validators. ${error.title}: ${error.detail}` };
  }
}

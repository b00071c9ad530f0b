/** `/contracts` and `/contracts/:name`: which rules are in force, and how they came to be. */

import type { JSX } from "preact";

import { Command, Facts, Id, Section, Tag } from "../components/basics";
import { Parameters, VersionTag } from "../components/contract-parts";
import { ProposalTable } from "../components/governance";
import { Empty, Loaded, ProblemBox } from "../components/states";
import { Table } from "../components/table";
import { TrustBadge } from "../components/trust";
import { NEW_CONTRACT, showContractCommand } from "../lib/commands";
import { contractOf, contractPath, describeCause, describeForce, proposedContracts } from "../lib/contracts";
import { formatCount, plural } from "../lib/format";
import { useTitle } from "../lib/page";
import { type Resource, useResource } from "../lib/resource";
import type { Contract as Answer, ContractLife, Page, Proposal } from "../lib/types";

const OFTEN = { everyMs: 5_000 };
const PROPOSALS = "/v1/proposals?limit=500";

interface Row {
  readonly name: string;
  readonly href: string;
  readonly about: string;
  readonly version: string;
  readonly owner: string;
  readonly state: "active" | "paused" | "proposed";
  readonly since: number;
}

const TONES = { active: "good", paused: "warn", proposed: "info" } as const;

export function Contracts(): JSX.Element {
  useTitle("Contracts");
  const contracts = useResource<{ readonly items: readonly Answer[] }>("/v1/contracts", ["block"], OFTEN);
  const proposals = useResource<Page<Proposal>>("/v1/proposals?status=open&limit=500", ["block"], OFTEN);
  return (
    <>
      <div class="page-head"><h1>Contracts</h1></div>
      <p class="lead">Rules that the members approved. Every node runs them and comes to the same result.</p>
      <Loaded of={contracts} lines={6}>
        {({ items }) => {
          const rows = listRows(items, proposals.data?.items ?? []);
          if (rows.length > 0) return <ContractTable rows={rows} />;
          return (
            <Empty title="No contracts yet." command={NEW_CONTRACT}>
              Any member writes one and proposes it; members approve it by the chain's policy.
            </Empty>
          );
        }}
      </Loaded>
    </>
  );
}

function listRows(contracts: readonly Answer[], open: readonly Proposal[]): readonly Row[] {
  const deployed = contracts.map((one): Row => ({
    name: one.name, href: contractPath(one.name), about: one.summary, version: String(one.version),
    owner: one.owner, state: one.active ? "active" : "paused", since: one.deployed_height,
  }));
  const proposed = proposedContracts(open, contracts.map((one) => one.name)).map((one): Row => ({
    name: contractOf(one) ?? "", href: `/proposals/${one.id}`, about: "", version: "–",
    owner: one.organisation, state: "proposed", since: one.height,
  }));
  return [...deployed, ...proposed];
}

function ContractTable({ rows }: { rows: readonly Row[] }): JSX.Element {
  return (
    <Table
      caption="Contracts"
      rows={rows}
      rowKey={(one) => one.href}
      columns={[
        {
          head: "Contract", isName: true,
          cell: (one) => (
            <span class="plain wrap"><a href={one.href} class="break">{one.name}</a><span class="muted small">{one.about}</span></span>
          ),
        },
        { head: "State", cell: (one) => <Tag tone={TONES[one.state]}>{one.state}</Tag> },
        { head: "Version", align: "end", cell: (one) => one.version },
        { head: "Owner", isOptional: true, cell: (one) => one.owner },
        {
          head: "Since", isOptional: true,
          cell: (one) => <a href={`/blocks/${one.since}`} class="num">block {formatCount(one.since)}</a>,
        },
      ]}
    />
  );
}

export function Contract({ name }: { name: string }): JSX.Element {
  useTitle(`Contract ${name}`);
  const path = `/v1/contracts/${encodeURIComponent(name)}`;
  const life = useResource<ContractLife>(`${path}/versions`, ["block"], OFTEN);
  const contract = useResource<Answer>(path, ["block"], OFTEN);
  const proposals = useResource<Page<Proposal>>(PROPOSALS, ["block"], OFTEN);
  const about = proposals.data?.items.filter((one) => contractOf(one) === name) ?? [];
  if (life.data === null && life.problem?.status === 404 && about.length > 0) {
    return (
      <>
        <div class="page-head"><h1>{name}</h1></div>
        <p class="lead">This contract is not in force.</p>
        <Decisions items={about} />
      </>
    );
  }
  return (
    <Loaded of={life} lines={10} title={`Contract ${name}`}>
      {(data) => <Content life={data} contract={contract} about={about} />}
    </Loaded>
  );
}

function Content({ life, contract, about }: {
  life: ContractLife;
  contract: Resource<Answer>;
  about: readonly Proposal[];
}): JSX.Element {
  const { data } = contract;
  const waiting = about.filter((one) => one.status === "open" && !one.expired);
  return (
    <>
      <div class="page-head">
        <h1>{life.name}</h1>
        {data !== null && <Tag tone={data.active ? "good" : "warn"}>{data.active ? "active" : "paused"}</Tag>}
      </div>
      {data !== null && <p class="lead">{data.summary}</p>}
      {life.paused !== null && (
        <p class="note-box">
          Paused since block {formatCount(life.paused.height)}, as {life.paused.organisation} proposed
          {life.paused.proposal !== null && <> (<a href={`/proposals/${life.paused.proposal}`}>proposal</a>)</>}.
          {" "}Nothing calls it and nothing wakes it. Its state stays, and its timers wait.
        </p>
      )}
      {waiting.length > 0 && (
        <p class="note-box">
          {plural(waiting.length, "proposal waits", "proposals wait")} for approvals:{" "}
          {waiting.map((one, i) => <>{i > 0 && ", "}<a key={one.id} href={`/proposals/${one.id}`}>{one.about}</a></>)}
        </p>
      )}
      <div class="columns">
        <Section title="Versions" aside={<TrustBadge state="reported" />}><Versions life={life} /></Section>
        <div class="stack">
          <Section title="In force now">
            {data === null && contract.problem !== null && <ProblemBox problem={contract.problem} />}
            {data !== null && <Facts items={factsOf(data, life)} />}
          </Section>
          {data !== null && <Section title="Parameters"><Parameters of={data.parameters} /></Section>}
        </div>
      </div>
      <Decisions items={about} />
      <p class="muted small">The same on the command line: <Command text={showContractCommand(life.name)} /></p>
    </>
  );
}

function factsOf(one: Answer, life: ContractLife): Parameters<typeof Facts>[0]["items"] {
  return [
    ["Version", <a href={`${contractPath(one.name)}/versions/${one.version}`}>version {one.version}</a>],
    ["Owner", one.owner],
    ["Another version needs", life.policy],
    ["Woken by", one.triggers.length === 0 ? "nothing" : (
      <ul>
        {one.triggers.map((trigger) => (
          <li key={trigger.name}>
            {trigger.model === "" ? "any twin" : trigger.model}
            {trigger.properties.length > 0 && `: ${trigger.properties.join(", ")}`}
          </li>
        ))}
      </ul>
    )],
    ["Can be called", one.methods.length === 0 ? "nothing" : (
      <ul>{one.methods.map((method) => <li key={method.name}><code>{method.name}</code> <span class="muted small">{method.summary}</span></li>)}</ul>
    )],
    ["Source", <Id value={one.source_hash} what="source hash" />],
  ];
}

function Versions({ life }: { life: ContractLife }): JSX.Element {
  return (
    <ol class="chain-list">
      {life.versions.map((one) => (
        <li key={one.number} class={one.status === "planned" || one.status === "failed" ? "open" : ""}>
          <h3>
            <a href={`${contractPath(life.name)}/versions/${one.number}`}>{describeCause(one)}</a> <VersionTag version={one} />
          </h3>
          <p>{describeForce(one)} {one.failure}</p>
          <p class="muted small">
            {one.proposal === null ? "Deployed alone by " : "Approved by "}
            {one.approvals.map((approval) => approval.organisation).join(", ")}, decided in{" "}
            <a href={`/blocks/${one.decided_height}`} class="num">block {formatCount(one.decided_height)}</a>
          </p>
        </li>
      ))}
    </ol>
  );
}

function Decisions({ items }: { items: readonly Proposal[] }): JSX.Element {
  return (
    <Section title="What members proposed for it">
      {items.length === 0
        ? <Empty title="Nothing yet.">Upgrades, pauses and roll-backs are proposed, and stand here.</Empty>
        : <ProposalTable items={items} />}
    </Section>
  );
}

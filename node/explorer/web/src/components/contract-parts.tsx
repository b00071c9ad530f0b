/** Parts that the pages about contracts and about their proposals share. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { contractPath, describeForce, toneOf } from "../lib/contracts";
import { formatCount } from "../lib/format";
import { useResource } from "../lib/resource";
import type { Package, SignedApproval, Version, VersionDetails } from "../lib/types";
import { hashSource, isWholePackage } from "../verify";
import { Facts, Id, Section, Tag, When } from "./basics";
import { Code, Diff } from "./code";
import { Empty, Loaded } from "./states";
import { TrustBadge, type TrustState } from "./trust";

/** A link to a version of a contract. */
export function VersionLink({ name, number }: { name: string; number: number }): JSX.Element {
  return <a href={`${contractPath(name)}/versions/${number}`}>{name} version {number}</a>;
}

/** Where a version stands. */
export function VersionTag({ version }: { version: Version }): JSX.Element {
  return <Tag tone={toneOf(version)}>{version.status === "active" ? "in force" : version.status}</Tag>;
}

/** A contract's parameters, each with its value. */
export function Parameters({ of }: { of: Readonly<Record<string, unknown>> | null }): JSX.Element {
  const given = Object.entries(of ?? {});
  if (given.length === 0) return <Empty title="No parameters.">Its source's own values hold.</Empty>;
  return <Facts items={given.map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)])} />;
}

/** Who approved a version, when, with which key and signature, and what came of it. */
export function SignedApprovals({ version }: { version: Version }): JSX.Element {
  return (
    <>
      <ol class="chain-list">
        {version.approvals.map((one, i) => <Approved key={one.transaction} one={one} word={wordOf(version, i)} />)}
        <li class={version.status === "planned" || version.status === "failed" ? "open" : ""}>
          <h3>{version.status === "failed" ? "Could not start" : "In force"}</h3>
          <p>{describeForce(version)} {version.failure}</p>
        </li>
      </ol>
      <p class="muted small">Open a transaction of this list to have its signature verified on this device.</p>
    </>
  );
}

function wordOf({ proposal }: Version, i: number): string {
  if (proposal === null) return "deployed it alone";
  return i === 0 ? "proposed" : "approved";
}

function Approved({ one, word }: { one: SignedApproval; word: string }): JSX.Element {
  return (
    <li>
      <h3>{one.organisation} {word}</h3>
      <p>
        In <a href={`/blocks/${one.height}`} class="num">block {formatCount(one.height)}</a>, <When ms={one.time_ms} style="both" />.
      </p>
      <p>Transaction <Id value={one.transaction} what="transaction id" href={`/tx/${one.transaction}`} /></p>
      <p>Key <Id value={one.key} what={`key of ${one.organisation}`} /></p>
      {one.signature !== null && <p>Signature <Id value={one.signature} what={`signature of ${one.organisation}`} /></p>}
    </li>
  );
}

/** What a version with this source changes against version `replaces`, 0 for none. */
export function Changes({ name, source, replaces }: { name: string; source: string; replaces: number }): JSX.Element {
  const path = replaces === 0 ? null : `/v1/contracts/${encodeURIComponent(name)}/versions/${replaces}`;
  const before = useResource<VersionDetails>(path);
  if (path === null) return <Empty title="It is new: there is nothing to compare it with." />;
  return (
    <Loaded of={before} lines={6}>
      {(old) => <Diff before={old.source} after={source} label={`What changed against version ${replaces}`} />}
    </Loaded>
  );
}

/** The source, checked on this device against the hash that it goes by. */
export function Source({ source, hash, given, wanted = given?.hash }: {
  source: string;
  /** The source's hash, as the state names it. */
  hash: string;
  given: Package | null;
  /** The package's hash, as a proposal or version names it. */
  wanted?: string | undefined;
}): JSX.Element {
  const [state, setState] = useState<TrustState>("checking");
  useEffect(() => {
    const isWhole = given === null || (given.source === source && given.hash === wanted && isWholePackage(given));
    setState(isWhole && hashSource(source) === hash ? "verified" : "failed");
  }, [source, hash, given, wanted]);
  return (
    <Section title="Source" aside={<TrustBadge state={state} />}>
      <p class={state === "failed" ? "error-text" : "muted small"} role="status">
        {state === "checking" ? "" : state === "failed"
          ? "The source is not what its hash stands for. Do not rely on it."
          : given === null ? "It gives the hash that it goes by." : "Source and package give the hashes that they go by."}
      </p>
      <Code text={source} label="Lines of the source" hasAnchors />
    </Section>
  );
}

/** What speaks for a package: the verdict of the checker, the report, the tests, the typed outside. */
export function Supports({ given }: { given: Package }): JSX.Element {
  return (
    <Section title="What speaks for it">
      <p class="muted small">
        Its author made these; the ledger checks the source itself. To make them anew: <code>veritwin contract check</code>,{" "}
        <code>simulate</code> and <code>test</code>.
      </p>
      <Support title="Verdict of the checker" text={given.check} isOpen />
      <Support title="What it would have done" text={given.report} isOpen />
      <Support title="Tests" text={given.tests} />
      <Support title="What can be called" text={given.stubs} />
    </Section>
  );
}

function Support({ title, text, isOpen = false }: { title: string; text: string; isOpen?: boolean }): JSX.Element {
  if (text.trim() === "") return <p class="muted">{title}: none given.</p>;
  return (
    <details open={isOpen}>
      <summary>{title}</summary>
      <Code text={text} label={title} />
    </details>
  );
}

/** The names of a package, as facts; none where there is no package. */
export function packageFacts(given: Package | null): readonly (readonly [string, JSX.Element])[] {
  if (given === null) return [];
  return [
    ["Language", <code>{given.engine}</code>],
    ["Package", <Id value={given.hash} what="package" />],
    ["Build", <Id value={given.build} what="build" />],
  ];
}

/** `/contracts/:name/versions/:number`: a version's source, and who approved it on which grounds. */

import type { JSX } from "preact";
import { useLocation } from "preact-iso";

import { Facts, Id, Section } from "../components/basics";
import { Changes, Parameters, SignedApprovals, Source, Supports, VersionTag, packageFacts } from "../components/contract-parts";
import { Loaded } from "../components/states";
import { TrustBadge } from "../components/trust";
import { contractPath, describeCause, describeForce } from "../lib/contracts";
import { useTitle } from "../lib/page";
import { useResource } from "../lib/resource";
import type { ContractLife, VersionDetails } from "../lib/types";

export function ContractVersion({ name, number }: { name: string; number: string }): JSX.Element {
  useTitle(`${name} version ${number}`);
  const path = `/v1/contracts/${encodeURIComponent(name)}/versions`;
  const version = useResource<VersionDetails>(`${path}/${encodeURIComponent(number)}`, ["block"], { everyMs: 5_000 });
  return <Loaded of={version} lines={12} title={`${name} version ${number}`}>{(data) => <Content details={data} path={path} />}</Loaded>;
}

function Content({ details, path }: { details: VersionDetails; path: string }): JSX.Element {
  const { name, version, source, parameters } = details;
  return (
    <>
      <div class="page-head">
        <h1><a href={contractPath(name)}>{name}</a> {version.number}</h1>
        <VersionTag version={version} />
      </div>
      <p class="lead">{describeCause(version)}. {describeForce(version)}</p>
      <div class="columns">
        <Section title="From proposal to effect" aside={<TrustBadge state="reported" />}>
          <SignedApprovals version={version} />
        </Section>
        <div class="stack">
          <Section title="Details">
            <Facts items={[
              ["Handed in by", version.organisation],
              version.proposal === null ? null : [
                "Proposal", <Id value={version.proposal} what="proposal id" href={`/proposals/${version.proposal}`} />,
              ],
              ["Decided by", <Id value={version.transaction} what="transaction id" href={`/tx/${version.transaction}`} />],
              ["Source", <Id value={version.source_hash} what="source hash" />],
              ...packageFacts(details.package),
            ]} />
          </Section>
          <Section title="Parameters"><Parameters of={parameters} /></Section>
        </div>
      </div>
      <Compared details={details} path={path} />
      {details.package !== null && <Supports given={details.package} />}
      <Source source={source} hash={version.source_hash} given={details.package} wanted={version.package ?? undefined} />
    </>
  );
}

/** What differs from another version, which stands in the URL as `against`. */
function Compared({ details: { name, version, source }, path }: { details: VersionDetails; path: string }): JSX.Element {
  const { query, path: here, route } = useLocation();
  const life = useResource<ContractLife>(path);
  const others = life.data?.versions.filter((one) => one.number !== version.number) ?? [];
  const asked = Number(query["against"] ?? version.replaces);
  const against = Number.isSafeInteger(asked) && asked > 0 ? asked : version.replaces;
  const choose = others.length === 0 ? {} : {
    aside: (
      <label class="small">
        against{" "}
        <select value={against} onChange={(event) => route(`${here}?against=${event.currentTarget.value}`, true)}>
          {against === 0 && <option value={0}>nothing</option>}
          {others.map((one) => <option key={one.number} value={one.number}>version {one.number}</option>)}
        </select>
      </label>
    ),
  };
  return (
    <Section title="What changed" {...choose}>
      <Changes name={name} source={source} replaces={against} />
    </Section>
  );
}

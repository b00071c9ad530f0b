/** `/attestations`: signed statements about twins; with `?twin=` those about one. */

import type { JSX } from "preact";
import { useLocation } from "preact-iso";

import { Id, TwinLink, When } from "../components/basics";
import { Pager } from "../components/pager";
import { Empty, Loaded } from "../components/states";
import { TrustBadge } from "../components/trust";
import { withQuery } from "../lib/api";
import { attestCommand } from "../lib/commands";
import { formatCount, humanise } from "../lib/format";
import { useTitle } from "../lib/page";
import { useResource } from "../lib/resource";
import type { Attestation, Page } from "../lib/types";

export function Attestations(): JSX.Element {
  useTitle("Attestations");
  const { query, route } = useLocation();
  const { twin, issuer, cursor } = query;
  const path = withQuery("/v1/attestations", { twin, issuer, cursor, limit: 50 });
  const page = useResource<Page<Attestation>>(path, ["attestation"]);
  const change = (changes: Readonly<Record<string, string>>): void => {
    const { cursor: _, ...rest } = query;
    route(withQuery("/attestations", { ...rest, ...changes }), true);
  };
  const isFiltered = (twin ?? issuer) !== undefined;
  return (
    <>
      <div class="page-head">
        <h1>Attestations</h1>
        <TrustBadge state="reported" />
      </div>
      <p class="lead">
        Statements about a twin that a partner signed with its own key. Open the transaction of one
        to have it verified on this device.
      </p>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          Twin
          <input value={twin ?? ""} onChange={(event) => change({ twin: event.currentTarget.value.trim() })} />
        </label>
        <label>
          Issuer
          <input value={issuer ?? ""} placeholder="organisation" onChange={(event) => change({ issuer: event.currentTarget.value.trim() })} />
        </label>
        {isFiltered && <a class="button" href="/attestations">Clear</a>}
      </form>
      <Loaded of={page} lines={8}>
        {(data) => data.items.length === 0 ? (
          <Empty
            title={isFiltered ? "No attestation fits these filters." : "No attestations yet."}
            command={attestCommand(twin)}
          >
            A partner puts a signed statement about a twin, and the hash of a file, on record.
          </Empty>
        ) : (
          <>
            {data.items.map((item) => <Card key={item.id} item={item} />)}
            <Pager next={data.next} noun="attestations" />
          </>
        )}
      </Loaded>
    </>
  );
}

/** One attestation with its files and what it says. */
export function Card({ item }: { item: Attestation }): JSX.Element {
  const claims = Object.entries((item.predicate ?? {}) as Record<string, unknown>);
  return (
    <article class="card attestation">
      <div class="card-head">
        <h2>{predicateName(item.predicate_type)}</h2>
        <span class="aside"><When ms={item.time_ms} style="both" /></span>
      </div>
      <p>
        <strong>{item.issuer}</strong> about <TwinLink id={item.twin} />, in{" "}
        <a href={`/blocks/${item.height}`}>block {formatCount(item.height)}</a>, transaction{" "}
        <Id value={item.transaction} what="transaction id" href={`/tx/${item.transaction}`} />
      </p>
      {claims.length > 0 && (
        <dl class="facts">
          {claims.map(([name, value]) => (
            <div key={name}>
              <dt>{humanise(name)}</dt>
              <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {item.subjects.length > 0 && (
        <ul class="plain">
          {item.subjects.map((subject) => (
            <li key={subject.sha256}>
              <strong>{subject.name}</strong>{" "}
              <span class="muted small">SHA-256</span> <Id value={subject.sha256} what={`SHA-256 of ${subject.name}`} />
            </li>
          ))}
        </ul>
      )}
      <p class="muted small">Statement type <code class="break">{item.predicate_type}</code></p>
    </article>
  );
}

/** The last telling part of a predicate type's address. */
function predicateName(type: string): string {
  const parts = type.split("/").filter((part) => part !== "" && !/^v?\d+(\.\d+)*$/.test(part));
  return humanise(parts.at(-1) ?? type);
}

/** `/twins`: all twins as a tree of parts or as a list; filters stand in the URL. */

import type { JSX } from "preact";
import { useLocation } from "preact-iso";

import { StatusTag, TwinLink, When } from "../components/basics";
import { Pager } from "../components/pager";
import { Empty, Loaded } from "../components/states";
import { Table } from "../components/table";
import { withQuery } from "../lib/api";
import { formatCount, humanise, plural } from "../lib/format";
import { useTitle } from "../lib/page";
import { useResource } from "../lib/resource";
import { type Branch, makeTree } from "../lib/tree";
import type { Page, TwinItem } from "../lib/types";

const TREE_MAX = 500;
const KINDS = ["environment", "process", "system", "component"];

export function Twins(): JSX.Element {
  useTitle("Twins");
  const { query, route } = useLocation();
  const { q, kind, model, owner, cursor } = query;
  const isFiltered = [q, kind, model, owner].some((value) => value !== undefined);
  const isTree = query["view"] !== "list" && !isFiltered && cursor === undefined;
  const path = withQuery("/v1/twins", {
    q, kind, model, owner, cursor, limit: isTree ? TREE_MAX : 50,
  });
  const twins = useResource<Page<TwinItem>>(path, ["block"]);
  const change = (changes: Readonly<Record<string, string>>): void => {
    const { cursor: _, ...rest } = query;
    route(withQuery("/twins", { ...rest, ...changes }), true);
  };
  return (
    <>
      <div class="page-head">
        <h1>Twins</h1>
        <div class="segments" role="group" aria-label="View">
          <button type="button" aria-pressed={isTree} onClick={() => route("/twins")}>Tree</button>
          <button type="button" aria-pressed={!isTree} onClick={() => change({ view: "list" })}>List</button>
        </div>
      </div>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          Name holds
          <input type="search" value={q ?? ""} onInput={(event) => change({ q: event.currentTarget.value })} />
        </label>
        <label>
          Kind
          <select value={kind ?? ""} onChange={(event) => change({ kind: event.currentTarget.value })}>
            <option value="">All kinds</option>
            {KINDS.map((one) => <option key={one} value={one}>{humanise(one)}</option>)}
          </select>
        </label>
        <label>
          Model
          <input value={model ?? ""} placeholder="wind-turbine" onChange={(event) => change({ model: event.currentTarget.value.trim() })} />
        </label>
        <label>
          Owner
          <input value={owner ?? ""} placeholder="organisation" onChange={(event) => change({ owner: event.currentTarget.value.trim() })} />
        </label>
        {isFiltered && <a class="button" href="/twins">Clear</a>}
      </form>
      <Loaded of={twins} lines={8}>
        {(page) => page.items.length === 0 ? <NoTwins isFiltered={isFiltered} /> : (
          <>
            <p class="muted small" role="status">{plural(page.items.length, "twin")} shown.</p>
            {isTree ? <Tree items={page.items} /> : <List items={page.items} />}
            <Pager next={page.next} noun="twins" />
          </>
        )}
      </Loaded>
    </>
  );
}

function NoTwins({ isFiltered }: { isFiltered: boolean }): JSX.Element {
  if (isFiltered) {
    return <Empty title="No twin fits these filters."><a href="/twins">Show all twins</a></Empty>;
  }
  return (
    <Empty title="No twins are registered yet." command="veritwin demo">
      A member registers a twin with its client; the demo registers a whole wind farm.
    </Empty>
  );
}

function Tree({ items }: { items: readonly TwinItem[] }): JSX.Element {
  return (
    <div class="card">
      <ul class="tree" aria-label="Twins by their parts">
        {makeTree(items).map((branch) => <BranchItem key={branch.twin.id} branch={branch} />)}
      </ul>
    </div>
  );
}

function BranchItem({ branch }: { branch: Branch }): JSX.Element {
  const { twin, parts } = branch;
  return (
    <li>
      <div class="tree-row">
        <span class="tree-name">
          <TwinLink id={twin.id} />
          <span class="muted small">{humanise(twin.kind)} · {twin.model}</span>
        </span>
        <span class="tree-end">
          <StatusTag status={twin.status} />
          <span class="muted small optional num">{plural(twin.updates, "update")}</span>
          <span class="muted small optional when"><When ms={twin.updated_time_ms} /></span>
        </span>
      </div>
      {parts.length > 0 && (
        <ul>{parts.map((part) => <BranchItem key={part.twin.id} branch={part} />)}</ul>
      )}
    </li>
  );
}

function List({ items }: { items: readonly TwinItem[] }): JSX.Element {
  return (
    <Table
      caption="Twins"
      rows={items}
      rowKey={(twin) => twin.id}
      columns={[
        { head: "Twin", isName: true, cell: (twin) => <TwinLink id={twin.id} /> },
        { head: "Kind", isOptional: true, cell: (twin) => humanise(twin.kind) },
        { head: "Model", isOptional: true, cell: (twin) => twin.model },
        { head: "Owner", isOptional: true, cell: (twin) => twin.owner },
        { head: "Status", cell: (twin) => <StatusTag status={twin.status} /> },
        { head: "Updates", align: "end", cell: (twin) => formatCount(twin.updates) },
        { head: "Changed", cell: (twin) => <When ms={twin.updated_time_ms} /> },
      ]}
    />
  );
}

/** Any other address. */

import type { JSX } from "preact";

import { Empty } from "../components/states";
import { useTitle } from "../lib/page";

export function NotFound(): JSX.Element {
  useTitle("Not found");
  return (
    <>
      <div class="page-head"><h1>There is no such page</h1></div>
      <Empty title="The address leads nowhere.">
        Search above for a twin, a block height or an id, or go to the <a href="/">overview</a>.
      </Empty>
    </>
  );
}

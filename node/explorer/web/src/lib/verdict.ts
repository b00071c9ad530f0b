/** A hook that makes a verdict and gives null while it is being made. */

import { useEffect, useState } from "preact/hooks";

/** As long a verdict on what stood here before may stay while the new one is made. */
const KEEP_MS = 300;

/**
 * Run `make` when one of `inputs` changes; a null `make` gives null.
 *
 * The old verdict stays for a moment only, so that a page that follows the chain does not flicker,
 * and yet a node that never gives the new proof does not keep the old badge.
 */
export function useVerdict<T>(make: (() => Promise<T>) | null, inputs: readonly unknown[]): T | null {
  const [verdict, setVerdict] = useState<T | null>(null);
  useEffect(() => {
    if (make === null) {
      setVerdict(null);
      return;
    }
    let isCurrent = true;
    const timer = window.setTimeout(() => setVerdict(null), KEEP_MS);
    void make().then((made) => {
      window.clearTimeout(timer);
      if (isCurrent) setVerdict(made);
    });
    return () => {
      isCurrent = false;
      window.clearTimeout(timer);
    };
  }, inputs);
  return verdict;
}

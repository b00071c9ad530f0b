/** A check as a chain of links: each holds or breaks, and nothing after a broken one counts. */

import { Malformed } from "./bytes";

/** One link of a check, in words. */
export interface Step {
  /** Name of the link, the same as the command line uses. */
  readonly link: string;
  readonly title: string;
  readonly state: "ok" | "failed" | "skipped";
  readonly sentence: string;
}

/** What a check came to. */
export interface Verdict {
  readonly isOk: boolean;
  readonly steps: readonly Step[];
  /** What was verified, or what failed, in one sentence. */
  readonly summary: string;
  /** The first link that broke. */
  readonly broken: Step | null;
}

interface Link {
  readonly link: string;
  readonly title: string;
  readonly check: () => string | Promise<string>;
}

/** Collects the links of one check, then walks them in order. */
export class Chain {
  private readonly links: Link[] = [];

  /** Add a link; `check` gives the sentence for success and throws Malformed when it breaks. */
  add(link: string, title: string, check: Link["check"]): this {
    this.links.push({ link, title, check });
    return this;
  }

  /** Walk the links until one breaks; `summarise` is asked only when all hold. */
  async run(summarise: () => string): Promise<Verdict> {
    const steps: Step[] = [];
    let broken: Step | null = null;
    for (const { link, title, check } of this.links) {
      if (broken !== null) {
        steps.push({ link, title, state: "skipped", sentence: "Not checked: an earlier link broke." });
        continue;
      }
      const step = await walk(link, title, check);
      steps.push(step);
      if (step.state === "failed") broken = step;
    }
    const summary =
      broken === null ? summarise() : `Check failed at “${broken.title}”: ${broken.sentence}`;
    return { isOk: broken === null, steps, summary, broken };
  }
}

async function walk(link: string, title: string, check: Link["check"]): Promise<Step> {
  try {
    return { link, title, state: "ok", sentence: await check() };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { link, title, state: "failed", sentence: asSentence(error.message) };
  }
}

function asSentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.…]$/.test(start) ? start : `${start}.`;
}

/** Requests to the node that served this page. */

import { explainCommand, statusCommand } from "./commands";

const TIMEOUT_MS = 15_000;

/** An answer that is not the wanted one, in the words of the node or of this page. */
export class Problem extends Error {
  constructor(
    readonly title: string,
    readonly detail: string,
    readonly status: number,
    readonly code: string | null,
    readonly fix: string | null,
    readonly request: string | null,
  ) {
    super(`${title}: ${detail}`);
  }

  /** Whether no answer came at all. */
  get isOffline(): boolean {
    return this.status === 0;
  }

  /** The command that says more. */
  get command(): string | null {
    if (this.isOffline) return statusCommand();
    return this.code === null ? null : explainCommand(this.code);
  }
}

/** Get JSON from the node. Throws Problem. */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, signal);
  try {
    return (await response.json()) as T;
  } catch {
    throw new Problem(
      "The node's answer cannot be read", "It is not JSON.", response.status, null, null,
      response.headers.get("X-Request-Id"),
    );
  }
}

/** Get a file's text from the node, byte for byte. Throws Problem. */
export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await request(path, signal)).text();
}

/** Build a path with a query; empty values are left out. */
export function withQuery(
  path: string,
  query: Readonly<Record<string, string | number | null | undefined>>,
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

async function request(path: string, signal?: AbortSignal): Promise<Response> {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(path, {
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      headers: { Accept: "application/json" },
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new Problem(
      "The node does not answer", "It may have stopped, or the connection is down.", 0, null,
      null, null,
    );
  }
  if (!response.ok) throw await readProblem(response);
  return response;
}

async function readProblem(response: Response): Promise<Problem> {
  const plain = await response.json().catch(() => ({})) as Record<string, unknown>;
  const text = (name: string): string | null =>
    typeof plain[name] === "string" ? (plain[name] as string) : null;
  return new Problem(
    text("title") ?? `The node answered ${response.status}`,
    text("detail") ?? text("why") ?? "It gave no reason.",
    response.status,
    text("code"),
    text("fix"),
    text("instance") ?? response.headers.get("X-Request-Id"),
  );
}

/** The golden vectors that the Python code made and is held to as well. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = new URL("../../../../tests/vectors/", import.meta.url);

/** Give a file's text. */
export function loadText(name: string): string {
  return readFileSync(fileURLToPath(new URL(name, FOLDER)), "utf-8");
}

/** Give a JSON file's content as what the caller knows it to be. */
export function loadJson<T>(name: string): T {
  return JSON.parse(loadText(name)) as T;
}

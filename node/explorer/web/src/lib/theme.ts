/** Light or dark: the system's choice, unless the reader made one. */

import { signal } from "@preact/signals";

const STORE = "veritwin.theme";

export type Theme = "light" | "dark";

const system = window.matchMedia("(prefers-color-scheme: dark)");

/** The theme that is shown. */
export const theme = signal<Theme>(read() ?? (system.matches ? "dark" : "light"));

/** Apply the theme and follow the system while the reader made no choice. */
export function startTheme(): void {
  apply();
  system.addEventListener("change", () => {
    if (read() !== null) return;
    theme.value = system.matches ? "dark" : "light";
    apply();
  });
}

/** Change to the other theme and remember it. */
export function toggleTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(STORE, theme.value);
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
  apply();
}

function apply(): void {
  document.documentElement.dataset["theme"] = theme.value;
}

function read(): Theme | null {
  try {
    const kept = localStorage.getItem(STORE);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    return null;
  }
}

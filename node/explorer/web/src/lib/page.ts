/** What every page does when it opens: its title, and the focus for people who cannot see it. */

import { useEffect } from "preact/hooks";

/** Set the window's title. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Veritwin`;
  }, [title]);
}

/** Move the focus to the new page's beginning; the router calls it after a link, not on the first load. */
export function focusMain(): void {
  window.scrollTo(0, 0);
  document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
}

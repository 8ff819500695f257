/**
 * The key of whoever uses the page, for a server that asks for one. It is kept for this tab alone, and shown nowhere.
 */

import { byId } from "./dom.js";

const KEPT = "reportwire-key";

/** What goes into `Authorization`, if there is a key. */
export function authorization() {
  const key = sessionStorage.getItem(KEPT);
  return key ? `Bearer ${key}` : undefined;
}

/** Asks the server on behalf of the page. */
export function askServer(path, init = {}) {
  const shown = authorization();
  return fetch(path, { ...init, headers: { ...init.headers, ...(shown && { authorization: shown }) } });
}

/** @param {() => void} onChange is called when there is another key, or none */
export function makeSignIn(onChange) {
  const dialog = byId("sign-in");
  const field = byId("sign-in-key");
  const out = byId("sign-out");
  const draw = () => (out.hidden = !authorization());
  byId("sign-in-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const key = field.value.trim();
    if (!key) return field.focus();
    sessionStorage.setItem(KEPT, key);
    field.value = "";
    dialog.close();
    draw();
    onChange();
  });
  out.addEventListener("click", () => {
    sessionStorage.removeItem(KEPT);
    // What another may not see must not stay on the screen.
    location.replace(location.pathname);
  });
  draw();
  return {
    /** The server asks who it is. */
    ask() {
      const hasKey = Boolean(authorization());
      sessionStorage.removeItem(KEPT);
      draw();
      byId("sign-in-wrong").hidden = !hasKey;
      if (!dialog.open) dialog.showModal();
      field.focus();
    },
  };
}

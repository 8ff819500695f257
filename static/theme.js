/* Light, dark or as the system says. Loaded before the first paint. */
(() => {
  const NAMES = { system: "System", light: "Light", dark: "Dark" };
  const root = document.documentElement;

  // Storage can be forbidden; the choice then lasts as long as the page.
  const remembered = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  };
  let theme = remembered() in NAMES ? remembered() : "system";
  root.dataset.theme = theme;

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const label = () => {
      document.getElementById("theme-name").textContent = NAMES[theme];
      button.setAttribute("aria-label", `Colours: ${NAMES[theme]}. Change`);
    };
    button.addEventListener("click", () => {
      const order = Object.keys(NAMES);
      theme = order[(order.indexOf(theme) + 1) % order.length];
      root.dataset.theme = theme;
      try {
        localStorage.setItem("theme", theme);
      } catch {}
      label();
    });
    label();
  });
})();

// What all pages share: light and dark, and data that arrives in files (fetch does not read a file beside a page).
"use strict";

const ontime = (() => {
  const received = new Map();
  const waiting = new Map();

  // A file of data calls this with what it holds.
  function receive(key, value) {
    received.set(key, value);
    waiting.get(key)?.resolve(value);
  }

  // The data of a key, loaded once when first asked for: this page's, unless another file is named.
  function load(key, file = `data/${document.body.dataset.page}-${key}.js`) {
    if (received.has(key)) return Promise.resolve(received.get(key));
    if (!waiting.has(key)) {
      const promised = withResolvers();
      waiting.set(key, promised);
      const script = document.createElement("script");
      script.src = file;
      script.onerror = () => promised.reject(new Error(`${file} is not there`));
      document.head.append(script);
    }
    return waiting.get(key).promise;
  }

  function withResolvers() {
    const made = {};
    made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
    return made;
  }

  // A part of an address as text; of a link that was cut within a character, as it stands.
  function decoded(text) {
    try { return decodeURIComponent(text); } catch { return text; }
  }

  function copyButton(text, name) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", name);
    button.addEventListener("click", async () => {
      button.textContent = await copy(text) ? "Copied" : "Select it and press Ctrl-C";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    return button;
  }

  // A page from a file has no clipboard of its own in every browser; the old way works there.
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "offscreen";
      document.body.append(area);
      area.select();
      const worked = document.execCommand("copy");
      area.remove();
      return worked;
    }
  }

  // Light or dark: what the reader chose, else what the system says.
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => root.dataset.theme ?? (system.matches ? "dark" : "light");
  const kept = (() => { try { return localStorage.getItem("theme"); } catch { return null; } })();
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  root.classList.add("scripted");

  function changed() {
    document.dispatchEvent(new CustomEvent("theme"));
    const button = document.getElementById("theme");
    if (button) button.textContent = theme() === "dark" ? "Light" : "Dark";
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const each of document.querySelectorAll("[data-open-without-script]")) each.open = false;
    document.getElementById("theme").addEventListener("click", () => {
      root.dataset.theme = theme() === "dark" ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* a page that may not remember */ }
      changed();
    });
    changed();
  });
  system.addEventListener("change", changed);

  return { receive, load, decoded, theme, copyButton };
})();

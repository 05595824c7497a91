// For pages of reference: `/` goes to the search, SQL and commands can be copied, lists follow what is typed.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  document.addEventListener("keydown", event => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    document.querySelector("#search, #find, #choose")?.focus();
    event.preventDefault();
  });

  // Long lists are open for who has no script.
  document.querySelectorAll("details.long").forEach(list => { list.open = false; });

  // On paper nobody unfolds anything.
  addEventListener("beforeprint", () => document.querySelectorAll("details.long").forEach(list => { list.open = true; }));

  // A term that a link names may stand in a list that is folded.
  function unfold() {
    const named = /^#[\w.-]+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
    const folded = named && named.closest("details:not([open])");
    if (folded) { folded.open = true; named.scrollIntoView(); }
  }
  addEventListener("hashchange", unfold);
  unfold();

  const filter = document.querySelector("[data-filters]");
  const found = document.getElementById("found");
  filter?.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const all = [...document.querySelectorAll(filter.dataset.filters)];
    for (const each of all) {
      const text = each.textContent.toLowerCase();
      each.hidden = !words.every(word => text.includes(word));
    }
    const left = all.filter(each => !each.hidden).length;
    found.textContent = words.length ? `${left} of ${all.length} ${found.dataset.of}` : "";
  });

  document.querySelectorAll("details.sql pre code").forEach(code => {
    code.closest("pre").before(ontime.copyButton(code.textContent, "Copy the SQL"));
  });
  document.querySelectorAll("code.copied").forEach(code => code.after(" ", ontime.copyButton(code.textContent, "Copy the command")));
});

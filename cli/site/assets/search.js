// The search of the dictionary: every word of the question has to be in the name or the text of an entry, as it is,
// as a beginning, or with a slip of the finger. Names count more than texts.
"use strict";

ontime.search = (() => {
  const IN_NAME = 3;
  const OF_KIND = { mart: 1.4, column: 1.15, metric: 1.05, term: 1, seed: 1, model: 0.7, macro: 0.6 };
  const MOST = 20;

  const wordsOf = text => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

  // How many letters have to be put in, taken out, exchanged or swapped with their neighbour; more than `most` is all the same.
  function distance(a, b, most) {
    if (Math.abs(a.length - b.length) > most) return most + 1;
    let before = [], last = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const row = [i];
      for (let j = 1; j <= b.length; j++) {
        row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
      }
      [before, last] = [last, row];
    }
    return last[b.length];
  }

  function likeness(asked, word) {
    if (asked === word) return 1;
    if (word.startsWith(asked)) return 0.6 + 0.3 * asked.length / word.length;
    if (word.length >= 3 && asked.startsWith(word)) return 0.6; // names are short: arr, dep, min
    const slips = asked.length >= 8 ? 2 : asked.length >= 4 ? 1 : 0;
    if (!slips) return 0;
    const found = Math.min(distance(asked, word, slips), distance(asked, word.slice(0, asked.length), slips) + 0.5);
    return found <= slips ? 0.5 - 0.1 * found : 0;
  }

  function indexOf({ kinds, entries, texts }) {
    const words = new Map();
    const made = entries.map(([kind, name, text, where]) => ({ kind: kinds[kind], name, text: texts[text], where }));
    made.forEach((entry, number) => {
      const add = (word, weight) => {
        if (!words.has(word)) words.set(word, new Map());
        const places = words.get(word);
        places.set(number, Math.max(weight, places.get(number) ?? 0));
      };
      wordsOf(entry.text).forEach(word => add(word, 1));
      wordsOf(entry.name).forEach(word => add(word, IN_NAME));
    });
    return { words, entries: made };
  }

  function find({ words, entries }, question) {
    const asked = [...new Set(wordsOf(question))];
    let scores = null;
    for (const each of asked) {
      const best = new Map();
      for (const [word, places] of words) {
        const like = likeness(each, word);
        if (like) for (const [number, weight] of places) best.set(number, Math.max(best.get(number) ?? 0, like * weight));
      }
      scores = scores ? new Map([...best].filter(([n]) => scores.has(n)).map(([n, s]) => [n, s + scores.get(n)])) : best;
    }
    const whole = asked.join("_");
    const score = number => {
      const { name, kind, where } = entries[number];
      const fits = name === whole ? 6 : name.startsWith(whole) ? 2.5 : name.includes(whole) ? 1.5 : 0;
      return (scores.get(number) + fits - wordsOf(name).length * 0.08 + Math.log2(1 + where.length) * 0.15) * OF_KIND[kind];
    };
    return [...(scores ?? new Map()).keys()].sort((a, b) => score(b) - score(a) || a - b).map(number => entries[number]);
  }

  return { indexOf, find, MOST };
})();

document.addEventListener("DOMContentLoaded", () => {
  const input = document.getElementById("search");
  const list = document.getElementById("results");
  const said = document.getElementById("results-said");
  if (!input) return;
  let index = null;

  const mart = (name, column = "") => `dictionary-${name}.html${column && `#${column}`}`;
  const addresses = {
    mart: ({ name }) => mart(name), seed: ({ name }) => mart(name), column: ({ name, where }) => mart(where[0], name),
    model: ({ name }) => `lineage.html#${name}`, term: ({ name }) => `dictionary.html#term-${name}`,
    metric: ({ name }) => `dictionary.html#metric-${name}`, macro: ({ name }) => `dictionary.html#macro-${name}`,
  };

  function link(href, text, name = "") {
    const made = document.createElement("a");
    made.href = href;
    made.textContent = text;
    made.className = name;
    return made;
  }

  function shown(entry) {
    const item = document.createElement("li");
    const kind = document.createElement("span");
    kind.className = "kind";
    kind.textContent = entry.kind;
    const text = document.createElement("p");
    text.textContent = entry.text.replaceAll("`", "");
    item.append(link(addresses[entry.kind](entry), entry.name, "hit"), " ", kind, text);
    if (entry.where.length) {
      const places = document.createElement("p");
      places.className = "where";
      places.append("in ");
      entry.where.slice(0, 6).forEach((name, at) => places.append(at ? ", " : "", link(mart(name, entry.name), name)));
      if (entry.where.length > 6) places.append(` and ${entry.where.length - 6} more`);
      item.append(places);
    }
    return item;
  }

  async function search() {
    const question = input.value.trim();
    index ??= ontime.search.indexOf(await ontime.load("search", "data/dictionary-search.js"));
    if (question !== input.value.trim()) return; // somebody went on typing
    const found = question ? ontime.search.find(index, question) : [];
    list.replaceChildren(...found.slice(0, ontime.search.MOST).map(shown));
    const most = found.length > ontime.search.MOST ? `, the first ${ontime.search.MOST} are shown` : "";
    said.dataset.asked = question;
    said.textContent = !question ? "" : found.length ? `${found.length} found${most}` : `Nothing is called “${question}”, or something like it.`;
    if (document.body.dataset.page === "dictionary") location.replace(question ? `#find=${encodeURIComponent(question)}` : "#");
  }

  input.addEventListener("input", search);
  input.addEventListener("keydown", event => {
    const hits = list.querySelectorAll(".hit");
    if (event.key === "ArrowDown" && hits.length) { hits[0].focus(); event.preventDefault(); }
    if (event.key === "Enter" && hits.length) hits[0].click();
    if (event.key === "Escape") { input.value = ""; search(); }
  });
  list.addEventListener("keydown", event => {
    const hits = [...list.querySelectorAll(".hit")];
    const at = hits.indexOf(event.target);
    if (event.key === "Escape") { input.focus(); event.preventDefault(); }
    if (at < 0 || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    (event.key === "ArrowDown" ? hits[at + 1] ?? hits[at] : hits[at - 1] ?? input).focus();
  });

  const asked = location.hash.match(/^#find=(.+)/);
  if (asked) { input.value = ontime.decoded(asked[1]); search(); }
});

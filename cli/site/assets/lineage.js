// Draws the neighbourhood of a model, or the way of a column, as SVG of links; what is chosen stands in the address.
"use strict";

document.addEventListener("DOMContentLoaded", async () => {
  const SVG = "http://www.w3.org/2000/svg";
  const HEAD = 40, ROW = 20, PAD = 10, TOP = 34, MANY = 28, MANY_COLUMNS = 60, FEW = 3, LEAST_SCALE = 0.72;
  const byId = id => document.getElementById(id);
  const [canvas, said, choose, up, down, every, chosen] = ["canvas", "lineage-said", "choose", "up", "down", "every", "chosen"].map(byId);
  const graph = await ontime.load("graph");
  const models = graph.models.map(([name, layer, subject, grain, columns, parents, hasPage], id) =>
    ({ id, name, layer, subject, grain: grain.replaceAll("`", ""), columns, parents, hasPage, children: [], above: graph.columns[id] ?? [] }));
  const called = new Map(models.map(model => [model.name, model]));
  for (const model of models) for (const parent of model.parents) models[parent].children.push(model.id);
  const readers = new Map(); // "model column" -> the columns that are made of it
  for (const model of models) {
    model.above.forEach((parts, at) => parts.forEach(([from, part]) => {
      const key = `${from} ${part}`;
      if (!readers.has(key)) readers.set(key, []);
      readers.get(key).push([model.id, at]);
    }));
  }
  let scale = 1;

  // The address: #model or #model.column, and how many steps up and down, as &up=2&down=1.
  function asked() {
    const [name, ...rest] = ontime.decoded(location.hash.slice(1)).split("&");
    const steps = Object.fromEntries(rest.map(each => each.split("=")));
    const model = called.get(name) ?? called.get(name.slice(0, name.lastIndexOf(".")));
    if (!model) return name ? { missing: name } : { model: called.get("fct_flights") ?? models.at(-1), column: -1, ...steps };
    return { model, column: called.has(name) ? -1 : model.columns.indexOf(name.slice(name.lastIndexOf(".") + 1)), ...steps };
  }

  function within(start, next, steps) {
    const found = new Map([[start, 0]]);
    let edge = [start];
    for (let step = 1; step <= steps && edge.length; step++) {
      edge = [...new Set(edge.flatMap(next))].filter(id => !found.has(id));
      edge.forEach(id => found.set(id, step));
    }
    return found;
  }

  function neighbourhood(model, stepsUp, stepsDown) {
    const ids = new Set([...within(model.id, id => models[id].parents, stepsUp).keys(), ...within(model.id, id => models[id].children, stepsDown).keys()]);
    const edges = [...ids].flatMap(id => models[id].parents.filter(parent => ids.has(parent)).map(parent => [parent, id]));
    return { ids, edges, parts: new Map(), columnEdges: [] };
  }

  // What a column is computed of. Of many, the main way goes by the one that bears its name, where there is one.
  function partsOf(id, at, all) {
    const parts = models[id].above[at] ?? [];
    const same = all || parts.length <= FEW ? [] : parts.filter(([from, part]) => models[from].columns[part] === models[id].columns[at]);
    return same.length ? same : parts;
  }

  function way(model, column, stepsUp, stepsDown, all) {
    const key = (id, at) => `${id} ${at}`, split = text => text.split(" ").map(Number);
    const above = text => { const [id, at] = split(text); return partsOf(id, at, all).map(part => key(...part)); };
    const below = text => (readers.get(text) ?? []).map(part => key(...part));
    const start = key(model.id, column);
    const found = new Set([...within(start, above, stepsUp).keys(), ...within(start, below, stepsDown).keys()]);
    const parts = new Map();
    for (const [id, at] of [...found].map(split)) { if (!parts.has(id)) parts.set(id, []); parts.get(id).push(at); }
    for (const list of parts.values()) list.sort((a, b) => a - b);
    const columnEdges = [...found].flatMap(text => above(text).filter(part => found.has(part)).map(part => [...split(part), ...split(text)]));
    const joined = new Set(columnEdges.map(([from, , to]) => `${from} ${to}`));
    return { ids: new Set(parts.keys()), edges: [...joined].map(split), parts, columnEdges };
  }

  const pen = document.createElement("canvas").getContext("2d");
  function widthOf(text, font) { pen.font = font; return pen.measureText(text).width; }

  function draw(given) {
    const { model, column } = given;
    const isColumn = column >= 0;
    const stepsOr = (text, usual) => /^\d+$/.test(text ?? "") ? Number(text) : usual;
    const stepsUp = stepsOr(given.up, isColumn ? 99 : 2);
    const stepsDown = stepsOr(given.down, 1);
    const all = given.every === "1";
    every.checked = all;
    every.parentElement.hidden = !isColumn;
    const around = (...steps) => isColumn ? way(model, column, ...steps, all) : neighbourhood(model, ...steps);
    const tooMany = part => isColumn ? [...part.parts.values()].flat().length > MANY_COLUMNS : part.ids.size > MANY;
    let used = [stepsUp, stepsDown], part = around(...used);
    const whole = part.ids.size;
    if (given.down === undefined && tooMany(part) && !tooMany(around(stepsUp, 0))) part = around(...used = [stepsUp, 0]);
    if (given.up === undefined) for (let steps = isColumn ? 8 : 1; tooMany(part) && steps > 0; steps--) part = around(...used = [steps, used[1]]);
    for (const [select, steps] of [[up, used[0]], [down, used[1]]]) {
      if (![...select.options].some(option => option.value === String(steps))) select.add(new Option(steps, steps), select.options.length - 1);
      select.value = steps;
    }
    choose.value = isColumn ? `${model.name}.${model.columns[column]}` : model.name;
    const sans = getComputedStyle(document.body).fontFamily;
    const boxes = [...part.ids].sort((a, b) => a - b).map(id => {
      const rows = part.parts.get(id) ?? [];
      const texts = [widthOf(models[id].name, `600 13px ${sans}`), ...rows.map(at => widthOf(models[id].columns[at], `12.5px ${sans}`) + 8)];
      return { id, layer: models[id].layer, rows, width: Math.ceil(Math.max(110, ...texts) + 2 * PAD + 4), height: HEAD + rows.length * ROW + (rows.length ? 6 : 0) };
    });
    const placed = ontime.layout(boxes, part.edges);
    show(model, column, boxes, placed, part);
    const told = isColumn ? `${choose.value}, with its columns above and below in ${boxes.length} models` : `${model.name}, with ${boxes.length - 1} models around it`;
    const cut = boxes.length < whole ? `, of ${whole} that it reaches: more steps show more` : "";
    said.textContent = `${told}${cut}. ${boxes.length > 60 ? "That is much: fewer steps are easier to read." : ""}`;
    tell(model, column);
  }

  function element(name, attributes, ...inside) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  }

  function curve(points) {
    const [[x, y], ...rest] = points;
    let path = `M${x} ${y}`, [lastX, lastY] = [x, y];
    for (const [nextX, nextY] of rest) {
      const bend = Math.max(18, (nextX - lastX) / 2);
      path += nextY === lastY ? `L${nextX} ${nextY}` : `C${lastX + bend} ${lastY} ${nextX - bend} ${nextY} ${nextX} ${nextY}`;
      [lastX, lastY] = [nextX, nextY];
    }
    return path;
  }

  // By which points an edge goes: out of the right side of a box, through its thin places, into the left side of the other.
  function pointsOf(thread, startY, endY) {
    const between = thread.places.slice(1, -1).flatMap(place => [[place.x, place.y + place.height / 2], [place.x + place.width, place.y + place.height / 2]]);
    const [start, end] = [thread.places[0], thread.places.at(-1)];
    return [[start.x + start.width, startY], ...between, [end.x, endY]];
  }

  function show(model, column, boxes, placed, part) {
    const box = new Map(boxes.map(each => [each.id, each]));
    const [width, height] = [placed.width + 2, placed.height + TOP + 4];
    const svg = element("svg", { viewBox: `-1 -${TOP} ${width} ${height}`, "data-width": width, "data-height": height, role: "group", "aria-label": "Graph of models" });
    for (const band of placed.bands) {
      svg.append(element("text", { x: band.x, y: -14, class: "band" }, graph.layers[band.layer] ?? ""));
      svg.append(element("line", { x1: band.x, x2: band.x + band.width, y1: -7, y2: -7, class: `rule layer-${band.layer}` }));
    }
    const threads = new Map(placed.threads.map(thread => [`${thread.from} ${thread.to}`, thread]));
    const headOf = id => box.get(id).y + HEAD / 2;
    const rowOf = (id, at) => box.get(id).y + HEAD + box.get(id).rows.indexOf(at) * ROW + ROW / 2;
    const lines = element("g", { class: "edges", "aria-hidden": "true" });
    if (part.columnEdges.length) {
      for (const [from, fromAt, to, toAt] of part.columnEdges) {
        const d = curve(pointsOf(threads.get(`${from} ${to}`), rowOf(from, fromAt), rowOf(to, toAt)));
        lines.append(element("path", { d, "data-from": `${from}.${fromAt}`, "data-to": `${to}.${toAt}` }));
      }
    } else {
      for (const thread of placed.threads) {
        lines.append(element("path", { d: curve(pointsOf(thread, headOf(thread.from), headOf(thread.to))), "data-from": thread.from, "data-to": thread.to }));
      }
    }
    svg.append(lines);
    for (const each of boxes) svg.append(drawnBox(each, model, column));
    canvas.replaceChildren(svg);
    light(svg);
    fit(box.get(model.id));
  }

  function drawnBox(box, model, column) {
    const it = models[box.id];
    const group = element("g", { class: `box layer-${it.layer}${it === model ? " chosen" : ""}`, transform: `translate(${box.x} ${box.y})` });
    group.append(element("rect", { width: box.width, height: box.height, rx: 4 }), element("rect", { width: 4, height: box.height, class: "side" }));
    const head = element("a", { href: `#${it.name}`, "data-node": box.id, "aria-label": `${it.name}, ${graph.layers[it.layer]}: ${it.grain}` });
    head.append(element("title", {}, `${it.name}: ${it.grain}`), element("rect", { width: box.width, height: HEAD, class: "hit" }));
    head.append(element("text", { x: PAD + 4, y: 17, class: "name" }, it.name), element("text", { x: PAD + 4, y: 32, class: "subject" }, it.subject.replaceAll("_", " ")));
    group.append(head);
    box.rows.forEach((at, row) => {
      const name = it.columns[at];
      const link = element("a", { href: `#${it.name}.${name}`, "data-node": `${box.id}.${at}`, class: it === model && at === column ? "row chosen" : "row", "aria-label": `${it.name}.${name}` });
      link.append(element("rect", { x: 4, y: HEAD + row * ROW, width: box.width - 5, height: ROW, class: "hit" }));
      link.append(element("text", { x: PAD + 8, y: HEAD + row * ROW + 14 }, name));
      group.append(link);
    });
    return group;
  }

  // What is pointed at or focused, with all that leads to it and comes of it, stands out.
  function light(svg) {
    const edges = [...svg.querySelectorAll("path")];
    const all = (node, from, to) => {
      const found = new Set(), todo = [node];
      while (todo.length) {
        const at = todo.pop();
        for (const edge of edges) if (edge.dataset[from] === at && !found.has(edge)) { found.add(edge); todo.push(edge.dataset[to]); }
      }
      return found;
    };
    const set = node => {
      const lit = node === null ? new Set() : new Set([...all(node, "to", "from"), ...all(node, "from", "to")]);
      const nodes = new Set([node, ...[...lit].flatMap(edge => [edge.dataset.from, edge.dataset.to])]);
      svg.classList.toggle("lighting", lit.size > 0);
      edges.forEach(edge => edge.classList.toggle("lit", lit.has(edge)));
      svg.querySelectorAll("a").forEach(link => link.classList.toggle("lit", nodes.has(link.dataset.node)));
      svg.querySelectorAll(".box").forEach(group => group.classList.toggle("lit", group.querySelector("a.lit") !== null));
    };
    const nodeOf = event => event.target.closest("a")?.dataset.node ?? null;
    svg.addEventListener("pointerover", event => set(nodeOf(event)));
    svg.addEventListener("pointerleave", () => set(null));
    svg.addEventListener("focusin", event => set(nodeOf(event)));
    svg.addEventListener("focusout", () => set(null));
  }

  function zoom(to, keep) {
    const svg = canvas.querySelector("svg");
    if (!svg) return;
    const middle = (canvas.scrollLeft + canvas.clientWidth / 2) / scale;
    const height = (canvas.scrollTop + canvas.clientHeight / 2) / scale;
    scale = Math.min(2.5, Math.max(0.2, to));
    svg.setAttribute("width", svg.dataset.width * scale);
    svg.setAttribute("height", svg.dataset.height * scale);
    const [x, y] = keep ?? [middle, height];
    canvas.scrollTo(x * scale - canvas.clientWidth / 2, y * scale - canvas.clientHeight / 2);
  }

  // All of it where it can be read then; else as large as can be read, with what was chosen in the middle.
  function fit(box, least = LEAST_SCALE) {
    const { width, height } = canvas.querySelector("svg").dataset;
    const room = [(canvas.clientWidth - 26) / width, (innerHeight * 0.7) / height];
    zoom(Math.max(least, Math.min(1.1, ...room)), box && [box.x + box.width / 2, box.y + box.height / 2 + TOP]);
  }

  function link(text, href, current = false) {
    const made = document.createElement("a");
    made.href = href;
    made.textContent = text;
    if (current) made.setAttribute("aria-current", "true");
    return made;
  }

  function listed(title, links, none) {
    const head = document.createElement("h3");
    head.textContent = title;
    const list = document.createElement("p");
    list.className = "links";
    list.append(...(links.length ? links.flatMap((each, at) => at ? [" ", each] : [each]) : [none]));
    return [head, list];
  }

  // In words, beside the picture: what it is, what is around it, its columns, and what is not known of it.
  function tell(model, column) {
    const head = document.createElement("h2");
    head.textContent = column < 0 ? model.name : `${model.name}.${model.columns[column]}`;
    const grain = document.createElement("p");
    grain.textContent = `${model.grain}.`;
    const parts = [head, grain];
    if (model.hasPage) parts.push(link("Its page in the dictionary", `dictionary-${model.name}.html${column < 0 ? "" : `#${model.columns[column]}`}`));
    const named = id => link(models[id].name, `#${models[id].name}`);
    const part = ([id, at]) => link(`${models[id].name}.${models[id].columns[at]}`, `#${models[id].name}.${models[id].columns[at]}`);
    if (column >= 0) {
      parts.push(...listed("Computed of", (model.above[column] ?? []).map(part), "no column: it landed, is constant, or counts rows"));
      parts.push(...listed("Goes into", (readers.get(`${model.id} ${column}`) ?? []).map(part), "no column of another model"));
    } else {
      parts.push(...listed("Made of", model.parents.map(named), "nothing here: it landed, or stands in the project"));
      parts.push(...listed("Read by", model.children.map(named), "no other model"));
    }
    parts.push(...listed(`${model.columns.length} columns`, model.columns.map((name, at) => link(name, `#${model.name}.${name}`, at === column)), "none is known"));
    if (graph.unknown[model.id]) parts.push(...listed("What is not known", [], graph.unknown[model.id].join("; ")));
    chosen.replaceChildren(...parts);
  }

  function update() {
    const given = asked();
    if (given.missing) {
      const like = [...called.keys()].filter(name => name.includes(given.missing.toLowerCase())).slice(0, 8);
      said.textContent = `There is no model or column ${given.missing}. ${like.length ? `Like it: ${like.join(", ")}.` : "The table below lists all models."}`;
      return;
    }
    draw(given);
  }

  function again() {
    location.hash = `${choose.value.trim()}&up=${up.value}&down=${down.value}${every.checked ? "&every=1" : ""}`;
  }

  function go() {
    const name = choose.value.trim();
    if (name) location.hash = name;
  }

  addEventListener("hashchange", update);
  choose.addEventListener("change", go);
  choose.addEventListener("keydown", event => { if (event.key === "Enter") go(); });
  [up, down, every].forEach(control => control.addEventListener("change", again));
  byId("larger").addEventListener("click", () => zoom(scale * 1.25));
  byId("smaller").addEventListener("click", () => zoom(scale / 1.25));
  byId("fit").addEventListener("click", () => fit(null, 0.2));
  canvas.addEventListener("wheel", event => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(scale * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
  }, { passive: false });
  update();
});

// Places the boxes of a graph from left to right: in bands of layers, few crossings, each near those that it is joined to.
"use strict";

ontime.layout = (() => {
  const GAP_X = 56, GAP_Y = 14, THREAD = 6, SWEEPS = 12;

  // `boxes`: id, layer, width, height, in an order in which each comes after its parents; `edges`: [from, to].
  // Gives them x, y; each edge the points it goes by, and each layer that there is [layer, x, width].
  function layout(boxes, edges) {
    const byId = new Map(boxes.map(box => [box.id, box]));
    const parents = new Map(boxes.map(box => [box.id, []])), children = new Map(boxes.map(box => [box.id, []]));
    for (const [from, to] of edges) { children.get(from).push(to); parents.get(to).push(from); }
    rank(boxes, byId, parents, children);
    const columns = [], threads = edges.map(edge => threadOf(edge, byId, columns));
    for (const box of boxes) (columns[box.rank] ??= []).push(box);
    const near = neighbours(threads);
    for (let sweep = 0; sweep < SWEEPS; sweep++) order(columns, near, sweep % 2 === 0);
    spread(columns, near);
    const bands = across(columns);
    return { bands, threads, height: Math.max(...columns.flat().map(box => box.y + box.height), 0), width: bands.at(-1).x + bands.at(-1).width };
  }

  // Each layer begins behind the one before; within it a box stands behind its parents, and no further left than it has to.
  function rank(boxes, byId, parents, children) {
    let begin = 0;
    for (const layer of [...new Set(boxes.map(box => box.layer))].sort((a, b) => a - b)) {
      const members = boxes.filter(box => box.layer === layer);
      for (const box of members) box.rank = Math.max(begin, ...parents.get(box.id).map(id => (byId.get(id).rank ?? -1) + 1));
      for (const box of [...members].reverse()) {
        const after = children.get(box.id).map(id => byId.get(id)).filter(child => child.layer === layer);
        if (after.length) box.rank = Math.max(box.rank, Math.min(...after.map(child => child.rank)) - 1);
      }
      begin = Math.max(...members.map(box => box.rank)) + 1;
    }
  }

  // An edge over several ranks gets a thin place in each between, so that it goes around boxes.
  function threadOf([from, to], byId, columns) {
    const [start, end] = [byId.get(from), byId.get(to)];
    const thread = { from, to, places: [start] };
    for (let at = start.rank + 1; at < end.rank; at++) {
      const place = { rank: at, width: 0, height: THREAD, layer: -1 };
      (columns[at] ??= []).push(place);
      thread.places.push(place);
    }
    thread.places.push(end);
    return thread;
  }

  function neighbours(threads) {
    const near = new Map();
    const add = (a, side, b) => { if (!near.has(a)) near.set(a, { left: [], right: [] }); near.get(a)[side].push(b); };
    for (const { places } of threads) {
      for (let at = 1; at < places.length; at++) { add(places[at], "left", places[at - 1]); add(places[at - 1], "right", places[at]); }
    }
    return near;
  }

  function order(columns, near, forward) {
    const walk = forward ? columns : [...columns].reverse();
    columns.forEach(column => column?.forEach((box, at) => { box.at = at; }));
    for (const column of walk) {
      if (!column) continue;
      for (const box of column) {
        const beside = near.get(box)?.[forward ? "left" : "right"] ?? [];
        box.wish = beside.length ? beside.reduce((sum, other) => sum + other.at, 0) / beside.length : box.at;
      }
      column.sort((a, b) => a.wish - b.wish || a.at - b.at);
      column.forEach((box, at) => { box.at = at; });
    }
  }

  // Heights: each box drifts to the middle of those it is joined to, in its order and with room between.
  function spread(columns, near) {
    const middle = box => box.y + box.height / 2;
    for (const column of columns) { let y = 0; for (const box of column) { box.y = y; y += box.height + GAP_Y; } }
    for (let sweep = 0; sweep < SWEEPS * 2; sweep++) {
      for (const column of sweep % 2 ? [...columns].reverse() : columns) {
        for (const box of column) {
          const { left = [], right = [] } = near.get(box) ?? {};
          const beside = [...left, ...right];
          box.wish = beside.length ? beside.reduce((sum, other) => sum + middle(other), 0) / beside.length - box.height / 2 : box.y;
        }
        settle(column);
      }
    }
    const top = Math.min(...columns.flat().map(box => box.y));
    columns.flat().forEach(box => { box.y -= top; });
  }

  // Groups of boxes that touch move together to the mean of what they wish.
  function settle(column) {
    const groups = [];
    for (const box of column) {
      groups.push({ boxes: [box], offset: [0], sum: box.wish, size: box.height + GAP_Y });
      while (groups.length > 1 && startOf(groups.at(-2)) + groups.at(-2).size > startOf(groups.at(-1))) {
        const below = groups.pop(), above = groups.at(-1);
        below.boxes.forEach((each, at) => { above.boxes.push(each); above.offset.push(above.size + below.offset[at]); });
        above.sum += below.sum - above.size * below.boxes.length;
        above.size += below.size;
      }
    }
    for (const group of groups) group.boxes.forEach((box, at) => { box.y = startOf(group) + group.offset[at]; });
  }

  const startOf = group => group.sum / group.boxes.length;

  function across(columns) {
    let x = 0;
    const bands = [];
    for (const column of columns) {
      const width = Math.max(...column.map(box => box.width));
      const layer = Math.max(...column.map(box => box.layer));
      for (const box of column) { box.x = x; if (!box.id && box.id !== 0) box.width = width; }
      if (bands.at(-1)?.layer === layer) bands.at(-1).width = x + width - bands.at(-1).x;
      else bands.push({ layer, x, width });
      x += width + GAP_X;
    }
    return bands;
  }

  return layout;
})();

// The on-time report: what is chosen stands in the address behind #, and every chart and table follows it.
"use strict";

(async () => {
  const base = await ontime.load("base");
  const form = document.getElementById("filters");
  if (!form) return; // no month is published
  const places = Object.fromEntries(base.figures.map((name, place) => [name, place]));
  const carrierNames = new Map(base.carriers.map(([code, name]) => [code, name ?? code]));
  const airports = new Map(base.airports.map(([code, name, latitude, longitude]) => [code, { name: name ?? code, latitude, longitude }]));
  const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
  const longest = 25;
  const fewest = 10; // flights of a route or airport that a rank shows

  // What is chosen, by the names of the form's fields.
  const initial = { month: base.months.at(-1), carrier: "", airport: "", measure: "on_time_pct", ends: "arrivals" };
  const choices = {
    month: base.months, carrier: ["", ...carrierNames.keys()], measure: Object.keys(base.measures), ends: ["arrivals", "departures"],
    airport: ["", ...[...airports.keys()].flatMap((code) => [`departures:${code}`, `arrivals:${code}`])],
  };
  let chosen = { ...initial };

  function readAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    chosen = Object.fromEntries(Object.entries(initial).map(([name, usual]) => [name, choices[name].includes(given.get(name)) ? given.get(name) : usual]));
    for (const name of Object.keys(chosen)) if (form.elements[name]) form.elements[name].value = chosen[name];
  }

  function writeAddress() {
    const said = new URLSearchParams(Object.entries(chosen).filter(([name, value]) => value !== initial[name]));
    history.replaceState(null, "", said.size ? `#${said}` : location.pathname + location.search);
  }

  // Words and figures.
  const monthName = (month, form = { month: "long", year: "numeric" }) => new Date(`${month}-01T00:00:00Z`).toLocaleDateString("en", { ...form, timeZone: "UTC" });
  const count = (value) => (value === null || value === undefined ? "–" : value.toLocaleString("en"));
  const one = (value) => value.toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 }).replace("-", "−");
  const isShare = (name) => name.endsWith("_pct");
  const figure = (value, name) => (value === null || value === undefined ? "unknown" : one(value) + (isShare(name) ? " %" : " min"));
  const change = (now, before, name) => {
    if (now === null || before === null || now === undefined || before === undefined) return "–";
    const difference = Math.round((now - before) * 10) / 10;
    return `${difference > 0 ? "+" : ""}${one(difference)} ${isShare(name) ? "points" : "min"}`;
  };
  const lateness = (minutes) => (minutes === null ? "nobody knows how late" : `${one(Math.abs(minutes))} min ${minutes < 0 ? "early" : "late"}`);
  const monthBefore = (month) => base.months[base.months.indexOf(month) - 1];
  const yearBefore = (month) => base.months.find((each) => each === `${Number(month.slice(0, 4)) - 1}${month.slice(4)}`);
  const ofWhat = (carrier = chosen.carrier) => {
    const [direction, code] = chosen.airport.split(":");
    const who = carrier ? carrierNames.get(carrier) : "all carriers";
    return chosen.airport ? `${who}, ${direction === "departures" ? "departures from" : "arrivals at"} ${code}` : who;
  };

  // What a choice has: figures by carrier and month, of all airports or of one.
  async function gather() {
    const [direction, code] = chosen.airport.split(":");
    const before = monthBefore(chosen.month);
    const [month, monthEarlier, airport] = await Promise.all([
      ontime.load(`month-${chosen.month}`), before ? ontime.load(`month-${before}`) : null, code ? ontime.load(`airport-${code}`) : null,
    ]);
    const end = airport?.[direction];
    const cells = (kind) => (end ? end[kind][chosen.month] : month[kind])?.[chosen.carrier] ?? [];
    return { month, monthEarlier, before, series: end ? end.figures : base.series, hours: cells("hours"), delays: cells("delays") };
  }

  const of = (figures, name) => figures?.[places[name]] ?? null;
  const shownRow = (figures) => [of(figures, "flights"), ...Object.keys(base.measures).map((name) => of(figures, name))];

  // Rows of a table; of those that are of a group of flights, each figure says why it is what it is.
  function fillTable(id, rows, groups = []) {
    const names = ["flights", ...Object.keys(base.measures)];
    const cell = (value, place, group, width) => {
      const made = document.createElement("td");
      const text = typeof value === "number" ? count(value) : value ?? "–";
      if (typeof value === "number") made.className = "number";
      const name = group && typeof value === "number" && names[place - (width - names.length)];
      if (name) made.append(whyButton(text, group, name));
      else made.textContent = text;
      return made;
    };
    const lines = rows.map((row, nth) => { const line = document.createElement("tr"); line.append(...row.map((value, place) => cell(value, place, groups[nth], row.length))); return line; });
    document.querySelector(`#${id}-table tbody`).replaceChildren(...lines);
  }

  function whyButton(text, group, name) {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", className: "why", textContent: text });
    made.setAttribute("aria-label", `${text}: why?`);
    made.addEventListener("click", () => why(group, name));
    return made;
  }

  const labelOf = (name) => base.measures[name]?.label ?? "Flights";
  function why(group, name) {
    const places = [group.origin && `from ${group.origin}`, group.dest && `to ${group.dest}`].filter(Boolean).join(" ");
    const who = group.carrier ? carrierNames.get(group.carrier) ?? group.carrier : "all carriers";
    ontime.why(group, name, `${labelOf(name)}: ${[who, places, monthName(group.month)].filter(Boolean).join(", ")}`);
  }

  // What is chosen as a group of flights; `more` says what is another one.
  function group(more = {}) {
    const [direction, code] = chosen.airport.split(":");
    return { month: chosen.month, carrier: chosen.carrier, [direction === "departures" ? "origin" : "dest"]: code, ...more };
  }

  function caption(id, unit, period, flights, more = "", who = ofWhat()) {
    document.getElementById(`${id}-caption`).textContent = `${unit}; ${who}, ${period}; ${count(flights)} flights. Source: ${sources[id]}.${more && ` ${more}`}`;
  }
  const sources = {
    trend: "marts.fct_flights, by month", carriers: "marts.fct_flights, by carrier", hours: "marts.fct_flights, by weekday and hour", delays: "marts.fct_flights, by arrival delay",
    causes: "marts.fct_flights, minutes by cause", airports: "marts.fct_flights, by airport", routes: "marts.fct_flights, by route",
  };

  const chartOf = (id) => document.getElementById(`${id}-chart`);
  const period = () => `${monthName(base.months[0])} to ${monthName(base.months.at(-1))}`;

  // The parts. Each fills its table at once, and gives back how to draw its chart.
  const parts = {
    trend({ series }) {
      const measure = base.measures[chosen.measure];
      const rows = Object.entries(series).flatMap(([carrier, months]) => Object.entries(months).map(([month, figures]) => ({
        name: carrier ? carrierNames.get(carrier) ?? carrier : "All carriers", month: `${month}-01`, told: monthName(month), value: of(figures, chosen.measure),
        shown: figure(of(figures, chosen.measure), chosen.measure), flights: of(figures, "flights"), chosen: carrier === chosen.carrier, picked: month === chosen.month,
      }))).filter((row) => row.value !== null && (row.chosen || row.flights >= 100)).sort((a, b) => a.month.localeCompare(b.month));
      const own = series[chosen.carrier] ?? {};
      const months = base.months.filter((month) => own[month]);
      fillTable("trend", months.map((month) => [month, ...shownRow(own[month])]), months.map((month) => group({ month })));
      caption("trend", `${measure.label}, ${measure.unit}`, period(), months.reduce((sum, month) => sum + of(own[month], "flights"), 0), "Carriers with 100 flights or more in a month.");
      if (!rows.some((row) => row.chosen)) return (element) => charts.say(element, `No file states ${measure.label.toLowerCase()} of these flights.`);
      return (element) => charts.draw(element, charts.trend(rows, measure.unit), `${measure.label} by month, ${ofWhat()}`);
    },

    carriers({ series, before }) {
      const found = Object.entries(series).filter(([carrier, months]) => carrier && months[chosen.month]).map(([carrier, months]) => ranked(
        carrierNames.get(carrier) ?? carrier, months[chosen.month], months[before], { code: carrier }));
      return rankPart("carriers", inOrder(found), (row) => [row.code, row.name], (row) => group({ carrier: row.code }));
    },

    airports({ month, monthEarlier }) {
      const end = chosen.airport ? chosen.airport.split(":")[0] : chosen.ends;
      const found = Object.entries(month.airports).filter(([key, byCarrier]) => key.startsWith(`${end}:`) && byCarrier[chosen.carrier] && (!chosen.airport || key === chosen.airport)).map(([key, byCarrier]) => {
        const code = key.split(":")[1];
        return ranked(airports.get(code)?.name ?? code, byCarrier[chosen.carrier], monthEarlier?.airports[key]?.[chosen.carrier], { code, ...airports.get(code) });
      }).filter((row) => row.value !== null).sort((a, b) => b.flights - a.flights);
      const measure = base.measures[chosen.measure];
      const ofRow = (row) => ({ month: chosen.month, carrier: chosen.carrier, [end === "departures" ? "origin" : "dest"]: row.code });
      fillTable("airports", found.slice(0, longest).map((row) => [row.code, row.name, ...row.figures]), found.slice(0, longest).map(ofRow));
      const placed = found.filter((row) => row.latitude !== undefined && row.latitude !== null);
      const beyond = placed.filter((row) => row.latitude < 18.8 || (row.longitude > -66.9) || row.longitude > 0).map((row) => row.code);
      caption("airports", `${measure.label}, ${measure.unit}; ${end}`, monthName(chosen.month), found.reduce((sum, row) => sum + row.flights, 0), beyond.length ? `Not on the map: ${beyond.join(", ")}.` : "");
      if (!placed.length) return (element) => charts.say(element, "No flights of this choice, or nobody says where their airports are.");
      return async (element) => {
        const states = await ontime.load("states", "assets/states.js");
        return charts.draw(element, charts.airports(placed.filter((row) => !beyond.includes(row.code)), states, measure), `Map of airports: ${measure.label}, ${ofWhat()}, ${monthName(chosen.month)}`);
      };
    },

    routes({ month, monthEarlier }) {
      const [end, code] = chosen.airport.split(":");
      const key = ([carrier, origin, destination]) => `${carrier}:${origin}:${destination}`;
      const earlier = new Map((monthEarlier?.routes ?? []).map((row) => [key(row), row]));
      const figures = ([, , , flights, ...values]) => [flights, null, ...values];
      const found = month.routes.filter(([carrier, origin, destination]) => carrier === chosen.carrier && (!code || code === (end === "departures" ? origin : destination)))
        .map((row) => ranked(`${row[1]} to ${row[2]}`, figures(row), earlier.has(key(row)) ? figures(earlier.get(key(row))) : undefined, { origin: row[1], dest: row[2] }))
        .sort((a, b) => b.flights - a.flights).slice(0, longest);
      return rankPart("routes", inOrder(found.filter((row) => row.flights >= fewest || found.length < 5)), (row) => [row.name, ""], (row) => ({ month: chosen.month, carrier: chosen.carrier, origin: row.origin, dest: row.dest }));
    },

    hours({ hours }) {
      const measure = base.measures[chosen.measure];
      const place = 3 + Object.keys(base.measures).indexOf(chosen.measure);
      const sorted = [...hours].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      fillTable("hours", sorted.map(([weekday, hour, ...values]) => [weekdays[weekday - 1], `${hour}:00`, ...values]));
      caption("hours", `${measure.label}, ${measure.unit}, by the hour of the schedule`, monthName(chosen.month), hours.reduce((sum, cell) => sum + cell[2], 0));
      const rows = sorted.map((cell) => ({ weekday: weekdays[cell[0] - 1], hour: cell[1], flights: cell[2], value: cell[place], shown: figure(cell[place], chosen.measure) })).filter((row) => row.value !== null);
      if (!rows.length) return (element) => charts.say(element, "No flights of this choice in this month.");
      return (element) => charts.draw(element, charts.hours(rows, measure), `${measure.label} by hour and weekday, ${ofWhat()}, ${monthName(chosen.month)}`);
    },

    delays({ delays, series }) {
      const total = delays.reduce((sum, [, arrivals]) => sum + arrivals, 0);
      const sorted = [...delays].sort((a, b) => a[0] - b[0]);
      const told = (from) => (from <= -60 ? "46 min early or more" : from >= 240 ? "four hours or more" : `${from} to ${from + 14} min`);
      fillTable("delays", sorted.map(([from, arrivals]) => [told(from), arrivals]));
      const percentiles = of(series[chosen.carrier]?.[chosen.month], "percentiles");
      caption("delays", "% of arrivals with a known delay", monthName(chosen.month), total);
      if (!total || !percentiles) return (element) => charts.say(element, "No arrival delays are known of this choice in this month.");
      const most = Math.max(...sorted.map(([, arrivals]) => (100 * arrivals) / total));
      const rows = sorted.map(([from, arrivals]) => ({ from, to: from + 15, count: arrivals, share: (100 * arrivals) / total, shown: `${one((100 * arrivals) / total)} %`, told: told(from) }));
      const named = [[0, "10 % before"], [2, "half before"], [4, "90 % before"]].map(([place, words], nth) => ({ minutes: Math.max(-60, Math.min(255, percentiles[place])), told: `${words} ${one(percentiles[place])} min`, place: nth * 16 }));
      return (element) => charts.draw(element, charts.delays(rows, named, most), `Distribution of arrival delays, ${ofWhat()}, ${monthName(chosen.month)}: ${named.map((each) => each.told).join(", ")}`);
    },

    causes({ series }) {
      const own = series[chosen.carrier] ?? {};
      const rows = base.months.filter((month) => own[month]).flatMap((month) => Object.entries(base.causes).map(([name, cause]) => ({ month, told: monthName(month, { month: "short", year: "2-digit" }), cause, minutes: of(own[month], name) }))).filter((row) => row.minutes !== null);
      fillTable("causes", rows.map((row) => [row.month, row.cause, row.minutes]));
      caption("causes", "Minutes of arrivals that were 15 minutes late or more", period(), base.months.reduce((sum, month) => sum + (of(own[month], "flights") ?? 0), 0));
      if (!rows.length) return (element) => charts.say(element, "Unknown: none of the files of these months states causes of delay. BTS's own monthly files do: ontime load bts --months ...");
      return (element) => charts.draw(element, charts.causes(rows), `Minutes of delay by cause and month, ${ofWhat()}`);
    },
  };

  function ranked(name, now, before, more) {
    const value = of(now, chosen.measure), earlier = of(before, chosen.measure);
    return { name, label: name, flights: of(now, "flights"), value, before: earlier, shown: figure(value, chosen.measure), changed: change(value, earlier, chosen.measure), figures: shownRow(now), short: value === null ? "" : one(value), ...more };
  }
  const inOrder = (rows) => rows.sort((a, b) => (a.value === null) - (b.value === null) || (base.measures[chosen.measure].is_good ? b.value - a.value : a.value - b.value));

  function rankPart(id, rows, names, groupOf) {
    const measure = base.measures[chosen.measure];
    const who = id === "carriers" ? ofWhat("") : ofWhat();
    fillTable(id, rows.map((row) => [...names(row), ...row.figures]), rows.map(groupOf));
    caption(id, `${measure.label}, ${measure.unit}`, monthBefore(chosen.month) ? `${monthName(chosen.month)} against ${monthName(monthBefore(chosen.month))}` : monthName(chosen.month), rows.reduce((sum, row) => sum + row.flights, 0), "", who);
    const known = rows.filter((row) => row.value !== null);
    if (!known.length) return (element) => charts.say(element, "No flights of this choice in this month.");
    const best = known[0], last = known.at(-1);
    return (element) => charts.draw(element, charts.rank(known, measure.unit), `${measure.label}, ${who}, ${monthName(chosen.month)}: from ${best.name}, ${best.shown}, to ${last.name}, ${last.shown}`);
  }

  // The headline and the four figures of the choice, each with its change.
  function head({ series }) {
    const own = series[chosen.carrier] ?? {};
    const now = own[chosen.month], before = own[monthBefore(chosen.month)], year = own[yearBefore(chosen.month)];
    const measure = base.measures[chosen.measure], value = of(now, chosen.measure);
    const since = (value, before, name) => (before ? `${change(value, of(before, name), name)} from ${monthName(monthBefore(chosen.month), { month: "long" })}` : "no month before it");
    document.getElementById("kicker").textContent = `On-time report · ${monthName(chosen.month)} · ${ofWhat()}`;
    document.getElementById("headline").textContent = now ? { on_time_pct: `${figure(value, chosen.measure)} of flights were on time`, cancelled_pct: `${figure(value, chosen.measure)} of flights were cancelled`, mean_dep_delay_minutes: `Flights left ${lateness(value)} on average`, mean_arr_delay_minutes: `Flights arrived ${lateness(value)} on average` }[chosen.measure] : "No flights of this choice in this month";
    document.getElementById("standfirst").textContent = now ? `${count(of(now, "flights"))} flights in ${monthName(chosen.month)}. ${measure.label}: ${since(value, before, chosen.measure)}${year ? `, ${change(value, of(year, chosen.measure), chosen.measure)} from a year before` : ""}.` : "Choose another month, carrier or airport.";
    document.getElementById("keys").replaceChildren(...Object.entries(base.measures).map(([name, each]) => {
      const made = document.createElement("div"), term = document.createElement("dt"), value = document.createElement("dd"), more = document.createElement("small");
      made.className = "key";
      made.dataset.measure = name;
      term.textContent = each.label;
      if (now) value.append(whyButton(figure(of(now, name), name), group(), name));
      else value.textContent = figure(null, name);
      more.textContent = since(of(now, name), before, name);
      value.append(more);
      made.classList.toggle("chosen", name === chosen.measure);
      made.append(term, value);
      return made;
    }));
  }

  // Charts are drawn when they come into view, all of them before the page is printed.
  const toDraw = new Map();
  async function drawPart(id) {
    const draw = toDraw.get(id);
    if (!draw) return;
    toDraw.delete(id);
    await draw(chartOf(id));
  }
  const watched = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => drawPart(entry.target.dataset.part)), { rootMargin: "300px" });
  document.querySelectorAll("[data-part]").forEach((section) => watched.observe(section));
  addEventListener("beforeprint", () => [...toDraw.keys()].forEach(drawPart));

  let turn = 0;
  async function show() {
    const own = ++turn;
    const gathered = await gather();
    if (own !== turn) return; // something else was chosen meanwhile
    head(gathered);
    for (const [id, part] of Object.entries(parts)) toDraw.set(id, part(gathered));
    document.querySelectorAll("[data-part]").forEach((section) => { watched.unobserve(section); watched.observe(section); });
    document.getElementById("announced").textContent = `Figures of ${monthName(chosen.month)}, ${ofWhat()}, ${base.measures[chosen.measure].label}`;
    document.body.dataset.shown = JSON.stringify(chosen);
  }

  document.querySelectorAll("[data-why]").forEach((button) => button.addEventListener("click", () => why(group(), chosen.measure)));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => { for (const name of Object.keys(initial)) if (form.elements[name]) chosen[name] = form.elements[name].value; writeAddress(); show(); });
  form.addEventListener("reset", (event) => { event.preventDefault(); chosen = { ...initial }; writeAddress(); readAddress(); show(); });
  addEventListener("hashchange", () => { readAddress(); show(); });
  document.addEventListener("theme", show);
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; clearTimeout(show.later); show.later = setTimeout(show, 200); } });
  readAddress();
  await show();
})();

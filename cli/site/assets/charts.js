// The charts as Vega-Lite, each made of rows and the colours of the sheet. They are SVG, and say to screen readers what they show.
"use strict";

const charts = (() => {
  const drawn = new Map(); // the view of each place, to be ended before the next one takes it

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const ramp = () => (ontime.theme() === "dark" ? ["#3a2f2a", "#8a4418", "#e58743", "#ffe3c2"] : ["#fbeee0", "#f0b27a", "#c85a12", "#5f2203"]);
  const narrow = (width) => width < 560;

  const config = () => ({
    background: "transparent",
    font: colour("sans").split(",")[0] || "sans-serif",
    view: { stroke: null },
    axis: {
      labelColor: colour("soft"), titleColor: colour("soft"), gridColor: colour("rule"), domain: false, ticks: false,
      labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400, labelPadding: 6, gridOpacity: 0.7,
    },
    legend: { labelColor: colour("soft"), titleColor: colour("soft"), labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400 },
    header: { labelColor: colour("ink") },
    text: { color: colour("ink"), fontSize: 12 },
  });

  // Draw a specification in an element; a chart that fails leaves a sentence, and its table.
  async function draw(element, spec, description) {
    if (!window.vegaEmbed) return say(element, "This chart is left out: `make site` installs what draws it. The table holds the same figures.");
    drawn.get(element)?.finalize();
    const width = Math.max(260, element.clientWidth);
    const full = {
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
      description, config: config(), autosize: { type: "fit-x", contains: "padding" }, width, padding: 2, ...spec(width),
    };
    const result = await vegaEmbed(element, full, {
      renderer: "svg", actions: false, defaultStyle: false, ast: true, tooltip: { disableDefaultStyle: true },
    });
    drawn.set(element, result);
    element.dataset.drawn = String(Number(element.dataset.drawn ?? 0) + 1);
  }

  function say(element, sentence) {
    drawn.get(element)?.finalize();
    drawn.delete(element);
    element.replaceChildren(Object.assign(document.createElement("p"), { className: "empty", textContent: sentence }));
    element.dataset.drawn = String(Number(element.dataset.drawn ?? 0) + 1);
  }

  // Words above lines and points: once in the colour of the paper, so that they can be read, and once as they are.
  const halo = (layer) => [layer({ stroke: colour("paper"), strokeWidth: 4, color: colour("paper") }), layer({ color: colour("ink") })];

  const tooltip = (...fields) => fields.map(([field, title, format]) => ({ field, title, ...(format ? { format } : {}) }));

  // Layers with rows of their own, and none where there are none: Vega-Lite warns of a scale without values.
  const layers = (rows, made) => (rows.length ? made.map((layer) => ({ data: { values: rows }, ...layer })) : []);

  // Lines by month: those of context grey, the chosen one bold with a label at each end.
  const trend = (rows, unit) => (width) => ({
    height: narrow(width) ? 240 : 320,
    encoding: {
      x: { field: "month", type: "temporal", timeUnit: "utcyearmonth", title: null, axis: { format: narrow(width) ? "%b" : "%b %Y", grid: false, labelOverlap: true, tickCount: narrow(width) ? 6 : 12 } },
      y: { field: "value", type: "quantitative", title: unit, scale: { zero: false, nice: true }, axis: { titleAngle: 0, titleAlign: "left", titleAnchor: "start", titleX: -30, titleY: -14 } },
    },
    layer: [
      ...layers(rows.filter((row) => !row.chosen), [
        { mark: { type: "line", aria: false, color: colour("none"), strokeWidth: 1.25 }, encoding: { detail: { field: "name" } } },
        { mark: { type: "point", aria: false, filled: true, opacity: 0.001, size: 60 }, encoding: { tooltip: tooltip(["name", "Carrier"], ["told", "Month"], ["shown", unit], ["flights", "Flights", ","]) } },
      ]),
      ...layers(rows.filter((row) => row.chosen), [
        { mark: { type: "line", aria: false, color: colour("accent"), strokeWidth: 3 } },
        { mark: { type: "point", filled: true, opacity: 1, size: 45, color: colour("accent") }, encoding: { tooltip: tooltip(["name", "Of"], ["told", "Month"], ["shown", unit], ["flights", "Flights", ","]) } },
      ]),
      ...layers(rows.filter((row) => row.chosen && row.picked), halo((more) => (
        { mark: { type: "text", aria: false, dx: -8, dy: -16, align: "right", fontWeight: 700, fontSize: 15, ...more }, encoding: { text: { field: "shown" } } }
      ))),
    ],
  });

  // A dot for the month, a ring for the month before, and what changed, one line for each.
  const rank = (rows, unit) => (width) => ({
    height: 24 * rows.length,
    data: { values: rows },
    encoding: { y: { field: "label", type: "nominal", sort: rows.map((row) => row.label), title: null, axis: { grid: false, labelLimit: narrow(width) ? 120 : 230, labelColor: colour("ink") } } },
    layer: [
      ...layers(rows.filter((row) => row.before !== null), [
        { mark: { type: "rule", aria: false, strokeWidth: 2, color: colour("none") }, encoding: { x: { field: "before", type: "quantitative" }, x2: { field: "value" } } },
        { mark: { type: "point", aria: false, size: 50, strokeWidth: 1.5, color: colour("soft"), filled: false, opacity: 1 }, encoding: { x: { field: "before", type: "quantitative" } } },
      ]),
      { mark: { type: "point", filled: true, opacity: 1, size: 85, color: colour("accent") },
        encoding: {
          x: { field: "value", type: "quantitative", title: unit, scale: { zero: false, nice: true, padding: 14 }, axis: { orient: "top" } },
          tooltip: tooltip(["name", "Of"], ["shown", unit], ["changed", "Change to the month before"], ["flights", "Flights", ","]),
        } },
      ...(narrow(width) ? [] : [
        { mark: { type: "text", aria: false, align: "right", dx: 52, fontWeight: 700 }, encoding: { x: { value: "width" }, text: { field: "short" } } },
        { mark: { type: "text", aria: false, align: "right", dx: 148, color: colour("soft") }, encoding: { x: { value: "width" }, text: { field: "changed" } } },
      ]),
    ],
  });

  const hours = (rows, measure) => (width) => ({
    height: (narrow(width) ? 26 : 34) * new Set(rows.map((row) => row.weekday)).size,
    data: { values: rows },
    mark: { type: "rect", cornerRadius: 2, stroke: colour("paper"), strokeWidth: 2 },
    encoding: {
      x: { field: "hour", type: "ordinal", title: "hour of the schedule, local", axis: { labelAngle: 0, labelOverlap: true, grid: false } },
      y: { field: "weekday", type: "nominal", sort: null, title: null, axis: { grid: false, labelExpr: narrow(width) ? "slice(datum.label, 0, 2)" : "datum.label" } },
      color: { field: "value", type: "quantitative", scale: { range: ramp(), reverse: measure.is_good }, legend: { title: measure.unit, orient: "top", direction: "horizontal", gradientLength: Math.min(240, width - 40), gradientThickness: 10 } },
      opacity: { condition: { test: "datum.flights < 10", value: 0.35 }, value: 1 },
      tooltip: tooltip(["weekday", "Weekday"], ["hour", "Hour"], ["shown", measure.label], ["flights", "Flights", ","]),
    },
  });

  const delays = (rows, percentiles, most) => (width) => ({
    height: narrow(width) ? 220 : 280,
    layer: [
      { data: { values: rows }, mark: { type: "bar", binSpacing: 1 },
        encoding: {
          x: { field: "from", type: "quantitative", bin: { binned: true, step: 15 }, scale: { domain: [-60, 255], nice: false }, title: "minutes after the schedule", axis: { grid: false, values: narrow(width) ? [-60, 0, 60, 120, 180, 240] : [-60, -30, -15, 0, 15, 30, 60, 90, 120, 180, 240] } },
          x2: { field: "to" },
          y: { field: "share", type: "quantitative", title: "% of arrivals", scale: { domainMax: 1.3 * most }, axis: { titleAngle: 0, titleAlign: "left", titleAnchor: "start", titleX: -30, titleY: -12 } },
          color: { condition: { test: "datum.from >= 15", value: colour("bad") }, value: colour("accent") },
          tooltip: tooltip(["told", "Late by"], ["count", "Arrivals", ","], ["shown", "Share"]),
        } },
      { data: { values: percentiles }, mark: { type: "rule", aria: false, strokeWidth: 1.25, strokeDash: [4, 3], color: colour("ink") }, encoding: { x: { field: "minutes", type: "quantitative" } } },
      ...halo((more) => ({ data: { values: percentiles }, mark: { type: "text", aria: false, align: "left", dx: 5, baseline: "top", ...more }, encoding: { x: { field: "minutes", type: "quantitative" }, y: { field: "place", type: "quantitative", scale: null }, text: { field: "told" } } })),
    ],
  });

  const causes = (rows) => (width) => ({
    height: narrow(width) ? 240 : 300,
    data: { values: rows },
    mark: { type: "bar" },
    encoding: {
      x: { field: "told", type: "ordinal", sort: null, title: null, axis: { labelAngle: narrow(width) ? -60 : 0, grid: false, labelOverlap: true } },
      y: { field: "minutes", type: "quantitative", title: "minutes", axis: { titleAngle: 0, titleAlign: "left", titleAnchor: "start", titleX: -30, titleY: -12, format: "~s" } },
      color: { field: "cause", type: "nominal", sort: null, scale: { range: ["#0b5c8a", "#5fa8d3", "#c85a12", "#7d7f86", "#e0a458"] }, legend: { title: null, orient: "top", columns: narrow(width) ? 2 : 5 } },
      tooltip: tooltip(["told", "Month"], ["cause", "Cause"], ["minutes", "Minutes", ","]),
    },
  });

  // The largest airports that are far enough from each other for a label.
  const apart = (rows) => rows.reduce((labelled, row) => (labelled.length < 14 && labelled.every((other) => Math.hypot(other.longitude - row.longitude, other.latitude - row.latitude) > 3) ? [...labelled, row] : labelled), []);

  const airports = (rows, states, measure) => (width) => ({
    height: Math.round(width * 0.6),
    projection: { type: "albersUsa" },
    layer: [
      { data: { values: states, format: { type: "topojson", feature: "states" } }, mark: { type: "geoshape", aria: false, fill: colour("raised"), stroke: colour("rule"), strokeWidth: 1 } },
      { data: { values: rows }, mark: { type: "circle", opacity: 0.95, stroke: colour("ink"), strokeWidth: 0.75 },
        encoding: {
          longitude: { field: "longitude", type: "quantitative" }, latitude: { field: "latitude", type: "quantitative" },
          size: { field: "flights", type: "quantitative", scale: { range: narrow(width) ? [12, 260] : [25, 900], zero: true }, legend: narrow(width) ? null : { title: "flights", orient: "bottom-right", symbolFillColor: "transparent", symbolStrokeColor: colour("soft"), tickCount: 3 } },
          color: { field: "value", type: "quantitative", scale: { range: ramp(), reverse: measure.is_good }, legend: { title: measure.unit, orient: "top", direction: "horizontal", gradientLength: Math.min(240, width - 40), gradientThickness: 10 } },
          order: { field: "flights", sort: "descending" },
          tooltip: tooltip(["name", "Airport"], ["shown", measure.label], ["flights", "Flights", ","]),
        } },
      ...halo((more) => ({ data: { values: narrow(width) ? [] : apart(rows) }, mark: { type: "text", aria: false, dy: -17, fontSize: 11, fontWeight: 600, ...more }, encoding: { longitude: { field: "longitude", type: "quantitative" }, latitude: { field: "latitude", type: "quantitative" }, text: { field: "code" } } })),
    ],
  });

  return { draw, say, trend, rank, hours, delays, causes, airports };
})();

// Why a figure is what it is: a panel with what `ontime explain` says of it, made with the page.
"use strict";

// `group` is {month, carrier, origin, dest}, codes or nothing; `name` is the figure of the report.
ontime.why = async (group, name, title) => {
  const panel = document.getElementById("why");
  const [all, month] = await Promise.all([ontime.load("why"), ontime.load(`why-${group.month}`)]);
  const codes = [group.carrier, group.origin, group.dest].map((code) => code || "");
  const key = codes.join("|");
  const measure = all.measures[name];
  const place = all.figures.indexOf(name);
  const own = month.groups?.[key];
  const shown = own?.[place] ?? "unknown";

  document.getElementById("why-title").textContent = title;
  document.getElementById("why-figure").textContent = own ? `= ${shown}` : "";
  document.getElementById("why-sql").textContent = statement();
  const command = document.getElementById("why-command");
  command.textContent = commandLine();
  document.getElementById("why-copy").replaceChildren(ontime.copyButton(command.textContent, "Copy the command"));
  const different = month.different?.[key]?.[name];
  const verdict = document.getElementById("why-verdict");
  verdict.textContent = month.refused || month.refusal ? `cannot: ${month.refused || month.refusal}`
    : different !== undefined ? `DIFFERENT: the report shows ${shown}, and ${all.path} it is ${different}` : own ? `equal: ${shown} ${all.path}: the same` : "no flights of this choice";
  verdict.className = different !== undefined ? "warning" : "";
  const parts = { Definition: [measure.words], "Not additive": [measure.not_added], Flights: flights(), Records: month.records, Release: month.releases, "The release before": before(), BTS: bts(), Files: month.files, Logic: [...all.logic, all.published_at && `published ${all.published_at} UTC`] };
  document.getElementById("why-parts").replaceChildren(...Object.entries(parts).flatMap(([term, lines]) => {
    const told = (lines ?? []).filter(Boolean);
    return told.length ? [made("dt", term), ...told.map((line) => made("dd", line))] : [];
  }));
  panel.showModal();
  panel.scrollTop = 0;

  function made(kind, text) {
    const element = document.createElement(kind);
    element.textContent = text;
    return element;
  }

  // How many flights went in, and how many did not and why.
  function flights() {
    if (!own) return [];
    const total = Number(own[all.figures.indexOf("flights")]), count = (number) => number.toLocaleString("en");
    const account = all.accounts.indexOf(name), width = all.reasons.length;
    const left = all.reasons.map((reason, nth) => [reason, account < 0 ? 0 : own[all.figures.length + account * width + nth] ?? 0]).filter(([, number]) => number);
    const sum = left.reduce((so, [, number]) => so + number, 0);
    if (!sum) return [`all ${count(total)} went in`];
    return [`${count(total - sum)} of ${count(total)} went in`, ...left.map(([reason, number]) => `${count(number)} did not, ${reason}`)];
  }

  function before() {
    if (month.refused) return [];
    if (!month.release_before) return ["this is the first release of the month: nothing was said before"];
    if (month.is_new.includes(key)) return [`release ${month.release_before} had no such flights`];
    return [`release ${month.release_before} said ${month.before[key]?.[place] ?? shown}`];
  }

  function bts() {
    if (month.refused) return [];
    if (month.bts_of_all) return [month.bts_of_all];
    if (group.origin) return [all.not_published];
    const said = month.bts[key];
    if (!said) return ["BTS publishes nothing of these flights"];
    return [name === "flights" ? said : `${name} itself is not published. ${said}`];
  }

  function statement() {
    const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
    const conditions = all.columns.map((column, nth) => codes[nth] && `${column} = ${quoted(codes[nth])}`).filter(Boolean);
    return [`select ${measure.sql} as ${name}`, "from marts.fct_flights", `where flight_month = '${group.month}-01'`, ...conditions.map((each) => `    and ${each}`)].join("\n");
  }

  function commandLine() {
    const quoted = (text) => (/^[\w-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
    const filters = all.filters.map((filter, nth) => codes[nth] && `${filter}${filter.includes(" ") ? "=" : " "}${quoted(codes[nth])}`).filter(Boolean);
    return ["ontime explain", measure.metric, `--month ${group.month}`, ...filters].join(" ");
  }
};

(() => {
  const panel = document.getElementById("why");
  if (!panel) return;
  document.getElementById("why-close").addEventListener("click", () => panel.close());
  panel.addEventListener("click", (event) => { if (event.target === panel) panel.close(); }); // beside it
})();

// The words around the diagram, and what mouse, wheel and keys do to it.

const at = (t) => `${(t / 1e9).toFixed(6)} s`;

/** A sentence on a moment. */
function sayMoment(diagram, i) {
  const { data } = diagram, { moments: m, arrows, calls } = data, arrow = diagram.arrowOf[i], call = diagram.callOf[i];
  const lane = data.lanes[m.lane[i]], text = diagram.text(m.text[i]);
  const message = arrow < 0 ? "a message" : diagram.text(arrows.text[arrow]) || "a message";
  const asked = call < 0 ? "" : diagram.text(calls.text[call]).replace(/ null$/, "");
  return {
    up: () => `${lane} is up`,
    down: () => `${lane} is down: ${text}`,
    paused: () => `${lane} is stopped`,
    resumed: () => `${lane} goes on`,
    sent: () => `${lane} sends ${data.lanes[arrows.to[arrow]] ?? "?"} ${message}`,
    received: () => `${lane} takes in from ${data.lanes[arrows.from[arrow]] ?? "?"} ${message}`,
    timer: () => `${lane}'s timer ${text} runs out`,
    synced: () => `what ${lane} wrote is durable`,
    told: () => `${lane} tells: ${text}`,
    asked: () => `${lane} asks ${call < 0 ? "" : data.lanes[calls.node[call]]} ${asked}`,
    heard: () => `${lane} takes in ${call < 0 ? "a request" : `${data.lanes[calls.client[call]]}'s ${asked}`}`,
    replied: () => `${lane} answers ${asked}: ${text}`,
    ended: () => `${lane}'s ${asked} ends: ${call < 0 ? "" : diagram.text(calls.result[call])}`,
  }[MARKS[m.mark[i]]]();
}

/** What is known of a thing: a heading, and pairs of name and text. */
function describe(diagram, thing) {
  const { data } = diagram, { arrows, calls, spans, moments } = data;
  if (thing.moment >= 0) {
    const i = thing.moment, lane = moments.lane[i];
    return [sayMoment(diagram, i), [["at", at(diagram.at[i])], ["Lamport clock", thousands(diagram.lamport[i])], ["event", `${thousands(diagram.vector[lane][i])} of ${data.lanes[lane]}`]]];
  }
  if (thing.arrow >= 0) {
    const i = thing.arrow, fate = arrows.fate[i], start = diagram.sentAt[i];
    const facts = [["from", `${data.lanes[arrows.from[i]]} to ${data.lanes[arrows.to[i]]}`], ["sent", at(start)], ["fate", FATES[fate]]];
    if (fate < LOST || arrows.length[i] > 0) facts.push([fate < LOST ? "taken in" : "until", `${at(start + arrows.length[i])}, after ${time(arrows.length[i])}`]);
    return [diagram.text(arrows.text[i]) || "a message whose sending was not recorded", facts];
  }
  if (thing.call >= 0) {
    const i = thing.call, length = calls.length[i];
    const facts = [["client", data.lanes[calls.client[i]]], ["node", data.lanes[calls.node[i]]], ["asked", at(diagram.askedAt[i])]];
    if (length >= 0) facts.push(["ended", `${at(diagram.askedAt[i] + length)}, after ${time(length)}`]);
    facts.push(["result", diagram.text(calls.result[i]) || "never ended"]);
    if (calls.heard[i] < 0) facts.push(["node", "did not take it in, as far as this shows"]);
    if (i === data.stuck) facts.push(["verdict", "it has no place in any legal order"]);
    if (i === data.setter) facts.push(["verdict", "it left the state that was not seen"]);
    return [diagram.text(calls.text[i]).replace(/ null$/, ""), facts];
  }
  const i = thing.span;
  return [`${data.lanes[spans.lane[i]]} ${diagram.spanText(i) || "is up"}`, [["from", at(spans.start[i])], ["to", `${at(spans.end[i])}, after ${time(spans.end[i] - spans.start[i])}`]]];
}

function definitions(facts) {
  const list = element("dl");
  for (const [name, text] of facts) list.append(element("dt", name), element("dd", text));
  return list;
}

function showTip(diagram, thing, event) {
  const tip = $("tip");
  tip.hidden = !thing;
  if (!thing) return;
  const [heading, facts] = describe(diagram, thing);
  tip.replaceChildren(element("b", heading), definitions(facts));
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 8))}px`;
  tip.style.top = `${event.clientY + 18 + height < innerHeight ? event.clientY + 18 : Math.max(4, event.clientY - height - 12)}px`;
}

/** The chosen event, its clocks, and the last that it could have known of each process. */
function showChosen(diagram) {
  const box = $("chosen"), { data, chosen } = diagram;
  if (chosen < 0) {
    box.replaceChildren(element("p", "Click an event, a message or an operation to see what it could have known.", { class: "absent" }));
    return;
  }
  const { lane } = data.moments, past = diagram.vector.reduce((sum, column) => sum + column[chosen], 0) - 1;
  const table = element("table"), head = element("tr"), body = element("tbody");
  for (const [name, kind] of [["process", ""], ["vector clock", "number"], ["the last it could have known", ""], ["at", "number"], ["before", "number"]]) head.append(element("th", name, { class: kind }));
  diagram.vector.forEach((column, i) => {
    const row = element("tr", undefined, i === lane[chosen] ? { class: "own" } : {}), known = i === lane[chosen] ? chosen : diagram.horizon(i)[0];
    if (i >= data.nodes && !column[chosen]) return;
    const said = known >= 0 ? sayMoment(diagram, known) : column[chosen] ? "an event before what is shown" : "nothing";
    const [when, ago] = known >= 0 ? [at(diagram.at[known]), known === chosen ? "–" : time(diagram.at[chosen] - diagram.at[known])] : ["–", "–"];
    row.append(element("th", data.lanes[i], { scope: "row" }), element("td", thousands(column[chosen]), { class: "number" }), element("td", said), element("td", when, { class: "number" }), element("td", ago, { class: "number" }));
    body.append(row);
  });
  const top = element("thead");
  top.append(head);
  table.append(top, body);
  const scroll = element("div", undefined, { class: "scroll", role: "region", tabindex: "0" });
  scroll.append(table);
  const clocks = `at ${at(diagram.at[chosen])} · Lamport clock ${thousands(diagram.lamport[chosen])} · ${thousands(past)} ${past === 1 ? "event" : "events"} of the run could have led to it`;
  box.replaceChildren(element("p", sayMoment(diagram, chosen), { class: "what" }), element("p", clocks, { class: "note" }), scroll);
}

/** The moment by which a thing is chosen: a message by its arrival, an operation by its end. */
function momentOf({ data: { arrows, calls } }, thing) {
  const known = (...moments) => moments.find((moment) => moment >= 0) ?? -1;
  if (!thing || thing.span >= 0) return -1;
  if (thing.arrow >= 0) return known(arrows.received[thing.arrow], arrows.sent[thing.arrow]);
  if (thing.call >= 0) return known(calls.ended[thing.call], calls.replied[thing.call], calls.heard[thing.call], calls.asked[thing.call]);
  return thing.moment;
}

/** A button for each kind of message, and for what else can be hidden. */
function listFilters(diagram) {
  const box = $("kinds"), { data } = diagram;
  const add = (name, title, colour, isOn, flip) => {
    const button = element("button", undefined, { type: "button", title, "aria-pressed": String(isOn()) });
    button.style.setProperty("--c", colour);
    button.append(element("i"), name);
    button.addEventListener("click", () => {
      flip();
      button.setAttribute("aria-pressed", String(isOn()));
      diagram.arrange();
      diagram.draw();
    });
    box.append(button);
  };
  const flip = (set, item) => () => (set.has(item) ? set.delete(item) : set.add(item));
  box.replaceChildren();
  data.kinds.forEach((kind, i) => add(kind.name || "(no text)", `${thousands(kind.count)} messages`, diagram.kindInk[i], () => !diagram.hidden.has(i), flip(diagram.hidden, i)));
  for (const name of ["told", "timers", "syncs", "clients"]) add(name, `show or hide ${name}`, diagram.ink.muted, () => !diagram.off.has(name), flip(diagram.off, name));
}

function listColours({ ink, data }) {
  const box = $("legend");
  box.replaceChildren();
  const add = (text, colour, kind = "") => {
    const item = element("span"), sample = element("i", undefined, { class: kind });
    sample.style.setProperty("--c", colour);
    item.append(sample, text);
    box.append(item);
  };
  const roles = new Set(data.spans.role.filter((role) => role >= 0).map((role) => data.texts[role]));
  if (roles.has("leader")) add("leader", ink.leader, "band");
  if ([...roles].some((role) => role.includes("candidate"))) add("candidate", ink.candidate, "band");
  add(roles.has("follower") ? "follower" : "up", ink.follower, "band");
  if (data.spans.condition.includes(2)) add("stopped", ink.pause, "stripes");
  if (data.spans.condition.includes(0)) add("down", ink.fail, "dashes");
  add("message", ink.teal, "line");
  if (data.arrows.fate.includes(LOST)) add("lost", ink.bad, "crossed");
  if (data.arrows.fate.includes(LATE)) add("held, then late", ink.teal, "dashes");
  add("operation: ok", ink.ok);
  if (data.calls.outcome.includes(1)) add("failed", ink.fail);
  if (data.calls.outcome.includes(2)) add("unknown", ink.info);
  if (data.stuck >= 0) add("impossible", ink.bad);
  add("could be known", ink.blue, "band");
  add("could know of it", ink.orange, "band");
}

/** Mouse and wheel. */
function listenToMouse(diagram) {
  const { canvas, overview } = diagram;
  const place = (event) => { const box = event.target.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  let held = null, moved = 0;
  canvas.addEventListener("pointerdown", (event) => { held = event.clientX; moved = 0; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointercancel", () => { held = null; canvas.classList.remove("dragged"); });
  canvas.addEventListener("pointerup", (event) => {
    held = null;
    canvas.classList.remove("dragged");
    if (moved < 4) diagram.choose(momentOf(diagram, diagram.under(...place(event))));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (held !== null) {
      moved += Math.abs(event.clientX - held);
      if (moved >= 4) canvas.classList.add("dragged");
      diagram.pan((held - event.clientX) / (diagram.width - GUTTER));
      held = event.clientX;
      return showTip(diagram, null, event);
    }
    diagram.hover = diagram.under(...place(event));
    diagram.draw();
    showTip(diagram, diagram.hover, event);
  });
  canvas.addEventListener("pointerleave", (event) => { diagram.hover = null; diagram.draw(); showTip(diagram, null, event); });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return diagram.pan((event.deltaX || event.deltaY) / 900);
    diagram.zoom(Math.exp(Math.max(-200, Math.min(200, event.deltaY)) * 0.002), diagram.t(place(event)[0]));
  }, { passive: false });
  const centre = (event) => { const middle = diagram.overX(place(event)[0]), half = (diagram.b - diagram.a) / 2; diagram.look(middle - half, middle + half); };
  overview.addEventListener("pointerdown", (event) => { overview.setPointerCapture(event.pointerId); centre(event); });
  overview.addEventListener("pointermove", (event) => { if (event.buttons) centre(event); });
}

/** Buttons and keys. */
function listen(diagram) {
  const { data } = diagram, chooseCall = (call) => { diagram.goFocus(); diagram.choose(momentOf(diagram, { call })); };
  const actions = {
    failure: () => (data.stuck >= 0 ? chooseCall(data.stuck) : diagram.goFocus()),
    setter: () => chooseCall(data.setter),
    all: () => diagram.look(data.start, data.end), clear: () => diagram.choose(-1),
    in: () => diagram.zoom(0.6), out: () => diagram.zoom(1 / 0.6), left: () => diagram.pan(-0.2), right: () => diagram.pan(0.2),
    next: () => diagram.step(1), previous: () => diagram.step(-1),
  };
  const keys = { "+": "in", "=": "in", "-": "out", "0": "all", f: "failure", s: "setter", Escape: "clear", ArrowLeft: "left", ArrowRight: "right", n: "next", p: "previous" };
  const buttons = [...document.querySelectorAll("[data-do]")];
  buttons.find((button) => button.dataset.do === "setter").hidden = data.setter < 0;
  const act = (name) => { if (name !== "setter" || data.setter >= 0) actions[name](); };
  for (const button of buttons) button.addEventListener("click", () => act(button.dataset.do));
  document.addEventListener("keydown", (event) => {
    const name = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(name);
  });
  new ResizeObserver(() => diagram.draw()).observe(diagram.canvas.parentElement);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { diagram.readColours(); listFilters(diagram); listColours(diagram); diagram.draw(); });
}

/** The part of an address after # says where to begin: `failure` chooses the failing operation, `1.5-1.52` shows that time. */
function begin(diagram) {
  const [, from, to] = /^#(-?[\d.]+)-([\d.]+)$/.exec(location.hash) ?? [];
  if (from !== undefined) diagram.look(Number(from) * 1e9, Number(to) * 1e9);
  if (location.hash === "#failure" && diagram.data.stuck >= 0) diagram.chosen = momentOf(diagram, { call: diagram.data.stuck });
  showChosen(diagram);
}

(async () => {
  let data;
  try {
    data = await unpack($("data").textContent);
  } catch (error) {
    $("status").textContent = `The picture cannot be drawn, for its data cannot be unpacked: ${error.message}`;
    return;
  }
  $("status").textContent = "";
  const diagram = new Diagram(data);
  listFilters(diagram);
  listColours(diagram);
  listenToMouse(diagram);
  listen(diagram);
  begin(diagram);
})();

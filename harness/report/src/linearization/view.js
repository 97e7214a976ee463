// The words around the timeline, and what mouse, wheel and keys do to it.

/** The words around the picture that depend on the key. */
function showKey(timeline) {
  for (const button of document.querySelectorAll("#keys button")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.key) === timeline.key));
  }
  document.querySelector('[data-do="core"]').hidden = !timeline.found.core.length;
  document.querySelector('[data-do="failure"]').textContent = timeline.found.stuck >= 0 ? "Failure" : "Beginning";
  if (timeline.key === timeline.data.first && !timeline.rewritten) return;
  timeline.rewritten = true;
  rewriteFacts(timeline);
  rewriteTable(timeline);
}

function rewriteFacts({ found, data }) {
  const facts = $("facts");
  if (!facts) return;
  facts.replaceChildren();
  const add = (name, text) => {
    const line = element("div");
    line.append(element("dt", name), element("dd", text));
    facts.append(line);
  };
  add("Key", found.name);
  if (found.stuck < 0) return add("Verdict", `${found.verdict}, by ${found.algorithm}`);
  if (found.sentence) add("Cannot be placed", found.sentence);
  if (found.legal.length) add("Legal would have been", found.legal.slice(0, 4).join(" or "));
  if (found.states.length) add(`The ${data.object} by then`, found.states.slice(0, 4).join(" or "));
}

function rewriteTable(timeline) {
  const { found, order, c, times, events } = timeline;
  const body = $("rows");
  if (!body) return;
  $("table-title").textContent = found.stuck >= 0 ? "Around the failure" : "The beginning of the order";
  const listed = found.stuck >= 0 ? [...order.slice(-12), found.stuck] : order.slice(0, 24);
  body.replaceChildren(...listed.map((op) => {
    const stuck = op === found.stuck, line = element("tr", undefined, stuck ? { class: "bad" } : {});
    const cell = (text, number) => line.append(element("td", text, number ? { class: "number" } : {}));
    cell(stuck ? "✕" : thousands(c.place[op]), true);
    cell(timeline.text(c.text[op]));
    cell(stuck ? "impossible" : timeline.text(c.state[op]) || "–");
    cell(String(c.process[op]), true);
    cell(timeline.text(c.node[op]) || "–");
    cell(`${events.from[op]}–${c.events[op] < 0 ? "…" : events.to[op]}`, true);
    cell(`${(times.from[op] / 1e9).toFixed(6)} s`, true);
    cell(c.span[op] < 0 ? "never" : `${(times.to[op] / 1e9).toFixed(6)} s`, true);
    return line;
  }));
}

/** The keys as buttons, the failing ones first. */
function listKeys(timeline) {
  const box = $("keys");
  if (!box) return;
  const signs = { invalid: "✕", unknown: "?", valid: "✓" }, ranks = { invalid: 0, unknown: 1, valid: 2 };
  const keys = timeline.data.keys.map((key, at) => ({ key, at }));
  keys.sort((x, y) => ranks[x.key.verdict] - ranks[y.key.verdict] || x.at - y.at);
  for (const { key, at } of keys) {
    const button = element("button", undefined, { type: "button", class: key.verdict, "data-key": at, title: `${key.name}: ${key.verdict}, ${thousands(key.operations)} operations, by ${key.algorithm}` });
    button.append(element("span", `${signs[key.verdict]} `, { class: "sign" }), key.name);
    button.addEventListener("click", () => timeline.select(at));
    box.append(button);
  }
}

function listColours(timeline) {
  const box = $("legend");
  box.replaceChildren();
  const add = (text, colour, kind = "") => {
    const item = element("span");
    const sample = element("i", undefined, { class: kind });
    sample.style.setProperty("--c", colour);
    item.append(sample, text);
    box.append(item);
  };
  const names = [...timeline.colours].slice(0, 8);
  for (const [name, colour] of names) add(timeline.text(name), colour);
  if (timeline.c.outcome.includes(1)) add("failed: it did not happen", timeline.ink.fail);
  if (timeline.c.outcome.includes(2)) add("outcome unknown: open-ended", timeline.ink.muted, "fades");
  if (timeline.data.keys.some((key) => key.stuck >= 0)) add("impossible", timeline.ink.bad);
  add("took effect, in this order", timeline.ink.text, "point");
}

function showTip(timeline, op, event) {
  const tip = $("tip");
  tip.hidden = op < 0;
  if (op < 0) return;
  const list = element("dl");
  for (const [name, text] of timeline.facts(op)) list.append(element("dt", name), element("dd", text));
  tip.replaceChildren(element("b", timeline.text(timeline.c.text[op])), list);
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 8))}px`;
  tip.style.top = `${event.clientY + 18 + height < innerHeight ? event.clientY + 18 : Math.max(4, event.clientY - height - 12)}px`;
}

/** Mouse, wheel, keys and buttons. */
function listen(timeline) {
  const { canvas, overview } = timeline;
  const place = (event) => { const box = event.target.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  let held = null;
  canvas.addEventListener("pointerdown", (event) => { held = event.clientX; canvas.setPointerCapture(event.pointerId); canvas.classList.add("dragged"); });
  canvas.addEventListener("pointerup", () => { held = null; canvas.classList.remove("dragged"); });
  canvas.addEventListener("pointercancel", () => { held = null; canvas.classList.remove("dragged"); });
  canvas.addEventListener("pointermove", (event) => {
    if (held !== null) {
      timeline.pan((held - event.clientX) / (timeline.width - GUTTER));
      held = event.clientX;
      return showTip(timeline, -1, event);
    }
    const op = timeline.under(...place(event));
    if (op !== timeline.hover) { timeline.hover = op; timeline.draw(); }
    showTip(timeline, op, event);
  });
  canvas.addEventListener("pointerleave", (event) => { timeline.hover = -1; timeline.draw(); showTip(timeline, -1, event); });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return timeline.pan((event.deltaX || event.deltaY) / 900);
    timeline.zoom(Math.exp(Math.max(-200, Math.min(200, event.deltaY)) * 0.002), timeline.t(place(event)[0]));
  }, { passive: false });
  const centre = (event) => { const at = timeline.overX(place(event)[0]), half = (timeline.b - timeline.a) / 2; timeline.look(at - half, at + half); };
  overview.addEventListener("pointerdown", (event) => { overview.setPointerCapture(event.pointerId); centre(event); });
  overview.addEventListener("pointermove", (event) => { if (event.buttons) centre(event); });

  const actions = {
    failure: () => timeline.goFailure(), all: () => timeline.look(timeline.axis.start, timeline.axis.end),
    in: () => timeline.zoom(0.6), out: () => timeline.zoom(1 / 0.6),
    axis: () => timeline.toggle("axis"), core: () => timeline.toggle("core"), others: () => timeline.toggle("others"),
    left: () => timeline.pan(-0.2), right: () => timeline.pan(0.2), next: () => timeline.walk(1), previous: () => timeline.walk(-1),
  };
  const keys = { "+": "in", "=": "in", "-": "out", "0": "all", f: "failure", t: "axis", m: "core", o: "others", ArrowLeft: "left", ArrowRight: "right", n: "next", p: "previous" };
  const buttons = [...document.querySelectorAll("[data-do]")];
  const act = (name) => {
    if (buttons.some((button) => button.dataset.do === name && button.hidden)) return;
    actions[name]();
    const pressed = { core: timeline.flags.core, others: timeline.flags.others, axis: timeline.axis === timeline.events };
    for (const button of buttons) if (button.dataset.do in pressed) button.setAttribute("aria-pressed", String(pressed[button.dataset.do]));
  };
  for (const button of buttons) button.addEventListener("click", () => act(button.dataset.do));
  document.addEventListener("keydown", (event) => {
    const name = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(name);
  });
  new ResizeObserver(() => timeline.draw()).observe(canvas.parentElement);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { timeline.readColours(); listColours(timeline); timeline.draw(); });
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
  const timeline = new Timeline(data);
  document.querySelector('[data-do="axis"]').hidden = !timeline.timed;
  document.querySelector('[data-do="others"]').hidden = data.keys.length < 2;
  listKeys(timeline);
  listColours(timeline);
  listen(timeline);
  showKey(timeline);
})();

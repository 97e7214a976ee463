// Draws the timeline. The data are columns with one entry an operation; everything that is drawn is looked up in
// them by binary search, so that the work of a frame depends on what is in sight, not on the history's length.

const GUTTER = 46, RIBBON = 30, FOOT = 24, OVERVIEW = 46;

/** One way to measure the history: in time, or in events. `to` is NaN where there is no completion. */
function axis(from, length, label) {
  const to = new Float64Array(from.length);
  let end = 0;
  for (let i = 0; i < from.length; i++) {
    to[i] = length[i] < 0 ? NaN : from[i] + length[i];
    end = Math.max(end, from[i], to[i] || 0);
  }
  return { from, to, end: Math.max(end, 1), start: from.length ? from[0] : 0, label };
}

/** Moments for the operations of an order: each within its operation and by `end`, none before the one ahead. */
function moments(order, { from, to }, end, open) {
  const early = new Float64Array(order.length), late = new Float64Array(order.length);
  order.forEach((op, i) => { early[i] = Math.max(i ? early[i - 1] : -Infinity, from[op]); });
  for (let i = order.length - 1; i >= 0; i--) {
    const limit = i + 1 < order.length ? late[i + 1] : end;
    late[i] = Math.max(early[i], Math.min(limit, open(order[i]) ? end : to[order[i]]));
  }
  const at = early.map((moment, i) => (moment + late[i]) / 2);
  // Those that fall together are spread up to the next, as far as they may go.
  for (let i = 0; i < at.length;) {
    let next = i + 1;
    while (next < at.length && at[next] <= at[i]) next++;
    const base = at[i], room = (next < at.length ? at[next] : late[next - 1]) - base;
    for (let j = i + 1; j < next; j++) at[j] = Math.min(late[j], base + (room * (j - i)) / (next - i));
    i = next;
  }
  return at;
}

class Timeline {
  constructor(data) {
    this.data = data;
    const c = data.columns;
    this.c = c;
    this.count = c.row.length;
    this.times = axis(sums(c.start), c.span, "time");
    this.events = axis(sums(c.invoke), c.events, "event");
    // Some recorders keep no times; then only the order of events is known.
    this.timed = this.times.end > this.times.start && this.times.end > 1;
    this.axis = this.timed ? this.times : this.events;
    this.flags = { core: false, others: false };
    this.canvas = $("timeline");
    this.overview = $("overview");
    this.widths = new Map();
    this.hover = -1;
    this.readColours();
    this.select(data.first);
  }

  text(number) { return number < 0 ? "" : this.data.texts[number]; }
  isOpen(op) { return this.c.outcome[op] === 2 || Number.isNaN(this.axis.to[op]); }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    const names = "surface text muted grid ok fail bad blue orange violet teal pink delay kill pause partition loss other";
    this.ink = Object.fromEntries(names.split(" ").map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    const usual = { read: "blue", get: "blue", write: "orange", put: "orange", cas: "violet" };
    const spare = ["teal", "pink", "delay", "blue", "violet", "orange"];
    this.colours = new Map();
    for (const name of this.c.name) {
      if (this.colours.has(name)) continue;
      const chosen = usual[this.text(name)] ?? spare[this.colours.size % spare.length];
      this.colours.set(name, this.ink[chosen]);
    }
  }

  /** Shows one key. */
  select(key) {
    this.key = key;
    this.found = this.data.keys[key] ?? { name: "", core: [], stuck: -1, setter: -1, states: [], legal: [], operations: 0, ordered: 0, initial: -1, verdict: "unknown" };
    this.order = [];
    this.own = [];
    for (let op = 0; op < this.count; op++) {
      if (this.c.key[op] !== key) continue;
      this.own.push(op);
      if (this.c.place[op]) this.order.push(op);
    }
    this.order.sort((a, b) => this.c.place[a] - this.c.place[b]);
    this.core = new Set(this.found.core);
    this.arrange();
    this.goFailure();
    showKey(this);
  }

  /** Lays the rows out, after a change of key, axis or flags. */
  arrange() {
    this.at = moments(this.order, this.axis, this.limit(), (op) => this.isOpen(op));
    this.rank = new Map(this.order.map((op, i) => [op, i]));
    const shown = this.flags.others ? Array.from({ length: this.count }, (_, op) => op)
      : this.flags.core ? this.own.filter((op) => this.core.has(op)) : this.own;
    const rows = [...new Set(shown.map((op) => this.c.row[op]))].sort((a, b) => a - b);
    const line = new Map(rows.map((row, i) => [row, i]));
    this.rows = rows.map(() => []);
    for (const op of shown) this.rows[line.get(this.c.row[op])].push(op);
    this.line = line;
    this.faults = this.axis === this.times ? this.data.faults : [];
    this.top = RIBBON + (this.faults.length ? 18 : 0) + 14;
    this.step = this.rows.length <= 24 ? 28 : this.rows.length <= 60 ? 20 : 12;
    this.height = this.top + Math.max(1, this.rows.length) * this.step + FOOT;
    this.draw();
  }

  y(op) { return this.top + (this.line.get(this.c.row[op]) ?? 0) * this.step; }
  x(t) { return GUTTER + ((t - this.a) / (this.b - this.a)) * (this.width - GUTTER); }
  t(x) { return this.a + ((x - GUTTER) / (this.width - GUTTER)) * (this.b - this.a); }

  look(a, b) {
    const { start, end } = this.axis;
    const margin = (end - start) * 0.02 + 1e-9, low = start - margin, high = end + margin;
    const least = this.axis === this.events ? 4 : 200;
    const span = Math.min(Math.max(b - a, least), Math.max(high - low, least));
    const middle = (a + b) / 2;
    this.a = Math.max(low, Math.min(middle - span / 2, high - span));
    this.b = this.a + span;
    this.draw();
  }

  zoom(factor, around = (this.a + this.b) / 2) {
    this.look(around - (around - this.a) * factor, around + (this.b - around) * factor);
  }

  pan(share) { const by = (this.b - this.a) * share; this.look(this.a + by, this.b + by); }

  /** The span around the failure, with what led to it; without a failure the beginning. */
  goFailure() {
    const { from, to, end } = this.axis, stuck = this.found.stuck;
    let a, b;
    if (stuck >= 0) {
      b = Number.isNaN(to[stuck]) ? end : to[stuck];
      a = Math.min(from[stuck], this.at[Math.max(0, this.at.length - 12)] ?? from[stuck]);
      // What left the state is worth seeing where it is not too long ago.
      const setter = this.found.setter;
      if (setter >= 0) {
        const between = this.own.filter((op) => from[op] >= from[setter] && from[op] <= b).length;
        if (between <= 60) a = Math.min(a, from[setter]);
      }
      b += (b - a) * 0.14;
    } else {
      a = this.own.length ? from[this.own[0]] : 0;
      const last = this.own[Math.min(this.own.length - 1, 40)];
      b = last === undefined ? end : Number.isNaN(to[last]) ? from[last] : to[last];
    }
    const margin = (b - a) * 0.06;
    this.look(a - margin, b + margin);
  }

  draw() {
    if (this.waiting || this.a === undefined) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.paint(); });
  }

  context(canvas, height) {
    const scale = window.devicePixelRatio || 1;
    const width = canvas.parentElement.clientWidth;
    canvas.style.height = `${height}px`;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const g = canvas.getContext("2d");
    g.setTransform(scale, 0, 0, scale, 0, 0);
    g.clearRect(0, 0, width, height);
    g.textBaseline = "middle";
    return [g, width];
  }

  paint() {
    const [g, width] = this.context(this.canvas, this.height);
    this.g = g;
    this.width = width;
    g.save();
    g.beginPath();
    g.rect(GUTTER, 0, width - GUTTER, this.height);
    g.clip();
    this.paintGrid();
    this.paintFaults();
    this.paintBars();
    this.paintOrder();
    this.paintRibbon();
    this.paintLimit();
    g.restore();
    this.paintRowNames();
    this.paintOverview();
    $("range").textContent = this.axis === this.times
      ? `${[Math.max(0, this.a), this.b].map((t) => time(t, (this.b - this.a) / 100, this.b)).join(" to ")}`
      : `events ${thousands(Math.max(0, this.a))} to ${thousands(this.b)}`;
  }

  font(size, weight = 400) { this.g.font = `${weight} ${size}px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif`; this.size = size; }

  /** Writes a text where it has room. */
  label(text, x, y, room, colour) {
    const name = `${this.g.font}|${text}`;
    let width = this.widths.get(name);
    if (width === undefined) {
      if (this.widths.size > 20000) this.widths.clear();
      this.widths.set(name, (width = this.g.measureText(text).width));
    }
    if (width > room) {
      const fits = Math.floor((text.length * room) / width) - 1;
      if (fits < 4) return;
      // Long values differ at their ends as often as at their beginnings.
      const tail = fits > 16 ? Math.floor(fits / 3) : 0;
      text = `${text.slice(0, fits - tail)}…${tail ? text.slice(-tail) : ""}`;
    }
    this.g.fillStyle = colour;
    this.g.fillText(text, x, y);
  }

  paintGrid() {
    const { g, ink } = this, foot = this.height - FOOT;
    const rough = (this.b - this.a) / Math.max(2, (this.width - GUTTER) / 110);
    const power = 10 ** Math.floor(Math.log10(rough));
    let step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
    if (this.axis === this.events) step = Math.max(1, Math.round(step));
    this.font(11);
    g.textAlign = "center";
    for (let t = Math.ceil(this.a / step) * step; t <= this.b; t += step) {
      const x = this.x(t);
      g.fillStyle = ink.grid;
      g.fillRect(Math.round(x), RIBBON + 8, 1, foot - RIBBON - 8);
      if (t >= 0) this.label(this.axis === this.times ? time(t, step) : thousands(t), x, foot + FOOT / 2, 140, ink.muted);
    }
    g.textAlign = "left";
  }

  paintFaults() {
    const { g, ink } = this;
    this.font(11, 600);
    for (const fault of this.faults) {
      const a = Math.max(GUTTER, this.x(fault.start)), b = Math.min(this.width, this.x(fault.end ?? this.axis.end));
      if (b < GUTTER || a > this.width) continue;
      const colour = ink[fault.kind] ?? ink.other;
      g.fillStyle = colour;
      g.globalAlpha = 0.09;
      g.fillRect(a, RIBBON + 8, Math.max(1, b - a), this.height - FOOT - RIBBON - 8);
      g.globalAlpha = 0.85;
      g.fillRect(a, RIBBON + 8, Math.max(1, b - a), 2);
      g.globalAlpha = 1;
      this.label(fault.label, a + 5, RIBBON + 19, b - a - 8, colour);
    }
  }

  /** The end of a bar; an operation that is open fades out until the next in its row. */
  barEnd(row, i) {
    const op = row[i], { from, to } = this.axis;
    if (!this.isOpen(op)) return to[op];
    const next = i + 1 < row.length ? from[row[i + 1]] : Infinity;
    const reach = Math.max(Number.isNaN(to[op]) ? from[op] : to[op], from[op]) + (70 / (this.width - GUTTER)) * (this.b - this.a);
    return Math.min(next, reach);
  }

  paintBars() {
    this.font(12);
    for (const row of this.rows) {
      const { from } = this.axis;
      let i = Math.max(0, first(row.length, (j) => from[row[j]] >= this.a) - 1);
      let reached = -1;
      for (; i < row.length && from[row[i]] <= this.b; i++) {
        const x1 = this.x(from[row[i]]), x2 = this.x(this.barEnd(row, i));
        // What would fall on a pixel that is painted already is left out, unless it is what matters.
        if (x2 < GUTTER || (x2 < reached + 0.7 && row[i] !== this.found.stuck)) continue;
        const left = Math.max(x1, GUTTER - 6);
        this.paintBar(row[i], left, Math.min(Math.max(x2, left + 1.5), this.width + 6));
        reached = x2;
      }
    }
  }

  paintBar(op, x1, x2) {
    const { g, ink, c } = this, y = this.y(op), height = this.step - 6, stuck = op === this.found.stuck;
    const colour = stuck ? ink.bad : c.outcome[op] === 1 && !c.place[op] ? ink.fail : this.colours.get(c.name[op]);
    const other = c.key[op] !== this.key;
    const aside = other || (this.flags.core && !this.core.has(op)) || (!c.place[op] && !stuck && c.outcome[op] !== 2);
    g.globalAlpha = other ? 0.35 : aside ? 0.5 : 1;
    let fill = mix(colour, stuck ? 1 : aside ? 0.14 : 0.26, ink.surface);
    if (this.isOpen(op) && !stuck) {
      fill = g.createLinearGradient(x1, 0, x2, 0);
      fill.addColorStop(0, mix(colour, 0.34, ink.surface));
      fill.addColorStop(1, "transparent");
    }
    g.fillStyle = fill;
    g.beginPath();
    g.roundRect(x1, y, x2 - x1, height, Math.min(3, (x2 - x1) / 2));
    g.fill();
    if (x2 - x1 > 5) {
      g.fillStyle = colour;
      g.fillRect(x1, y, 2.5, height);
    }
    if (op === this.hover) {
      g.strokeStyle = ink.text;
      g.lineWidth = 1.5;
      g.stroke();
    }
    if (this.step >= 20 && x2 - x1 > 26) {
      const rank = this.rank.get(op), drawn = rank !== undefined && !other && this.at[rank] >= this.a && this.at[rank] <= this.b;
      const point = drawn ? this.x(this.at[rank]) : -1;
      // The text keeps clear of the point: it stands before it or after it, wherever there is more room.
      const left = Math.max(x1, GUTTER) + 7, before = point < 0 ? x2 - left - 3 : point - 7 - left;
      const after = point < 0 ? 0 : x2 - point - 10;
      const room = Math.max(before, after);
      this.label(this.text(c.text[op]), before >= after ? left : point + 8, y + height / 2 + 0.5, room, stuck ? ink.surface : ink.text);
    }
    g.globalAlpha = 1;
  }

  /** The visible part of the order, with one more on either side. */
  inSight() {
    const low = first(this.at.length, (i) => this.at[i] >= this.a), high = first(this.at.length, (i) => this.at[i] > this.b);
    return [Math.max(0, low - 1), Math.min(this.at.length, high + 1)];
  }

  paintOrder() {
    const { g, ink } = this, [low, high] = this.inSight(), height = this.step - 6;
    if (high - low > (this.width - GUTTER) / 5) return;
    g.strokeStyle = ink.text;
    g.globalAlpha = 0.45;
    g.lineWidth = 1.3;
    g.beginPath();
    let begun = false;
    for (let i = low; i < high; i++) {
      if (!this.isShown(this.order[i])) continue;
      const x = this.x(this.at[i]), y = this.y(this.order[i]) + height / 2;
      if (begun) g.lineTo(x, y); else g.moveTo(x, y);
      begun = true;
    }
    g.stroke();
    g.globalAlpha = 1;
    for (let i = low; i < high; i++) {
      if (!this.isShown(this.order[i])) continue;
      g.beginPath();
      g.arc(this.x(this.at[i]), this.y(this.order[i]) + height / 2, this.order[i] === this.hover ? 5.5 : 3.8, 0, 7);
      g.fillStyle = ink.surface;
      g.fill();
      g.strokeStyle = ink.text;
      g.lineWidth = 1.8;
      g.stroke();
    }
  }

  isShown(op) { return !this.flags.core || this.flags.others || this.core.has(op); }

  /** The state that the order passes through, above the rows. */
  paintRibbon() {
    const { g, ink } = this, [low, high] = this.inSight();
    g.fillStyle = ink.surface;
    g.fillRect(GUTTER, 0, this.width, RIBBON + 4);
    this.font(12, 600);
    const last = this.order.length;
    const stateOf = (i) => (i < 0 ? this.found.initial : this.c.state[this.order[i]]);
    for (let i = low === 0 ? -1 : low; i < high;) {
      let next = i + 1;
      while (next < last && stateOf(next) === stateOf(i) && this.at[next] <= this.b) next++;
      const begin = i < 0 ? this.axis.start : this.at[i], end = next < last ? this.at[next] : this.limit();
      this.paintState(stateOf(i), this.x(begin), this.x(end));
      i = next;
    }
    if (this.found.stuck >= 0) {
      const x = Math.max(GUTTER, this.x(this.limit()));
      g.fillStyle = ink.bad;
      g.globalAlpha = 0.16;
      g.fillRect(x, 6, this.width - x, RIBBON - 6);
      g.globalAlpha = 1;
      this.label("no legal order goes on", x + 8, RIBBON / 2 + 3.5, this.width - x - 12, ink.bad);
    }
  }

  paintState(state, x1, x2) {
    const { g, ink } = this;
    const left = Math.max(x1, GUTTER), right = Math.min(x2, this.width);
    if (right - left < 0.4) return;
    const spare = [ink.blue, ink.orange, ink.violet, ink.teal, ink.pink, ink.delay];
    g.fillStyle = state < 0 ? ink.fail : spare[(state * 7) % spare.length];
    g.globalAlpha = state === this.found.initial ? 0.1 : 0.2;
    g.fillRect(left, 6, Math.max(0.5, right - left - (right - left > 4 ? 1 : 0)), RIBBON - 6);
    g.globalAlpha = 1;
    if (right - left > 12 && state >= 0) this.label(this.text(state), left + 5, RIBBON / 2 + 3.5, right - left - 7, ink.text);
  }

  /** Where the legal prefix ends: the completion of the operation that cannot be placed. */
  limit() {
    const stuck = this.found.stuck, { to, end } = this.axis;
    return stuck < 0 || Number.isNaN(to[stuck]) ? end : to[stuck];
  }

  paintLimit() {
    if (this.found.stuck < 0) return;
    const { g, ink } = this, x = this.x(this.limit());
    g.strokeStyle = ink.bad;
    g.lineWidth = 1.5;
    g.setLineDash([5, 4]);
    g.beginPath();
    g.moveTo(x, 6);
    g.lineTo(x, this.height - FOOT);
    g.stroke();
    g.setLineDash([]);
  }

  paintRowNames() {
    const { g, ink } = this;
    g.fillStyle = ink.surface;
    g.fillRect(0, 0, GUTTER, this.height);
    this.font(11);
    g.textAlign = "right";
    this.label("state", GUTTER - 8, RIBBON / 2 + 3.5, GUTTER, ink.muted);
    const { from } = this.axis;
    if (this.step >= 12) {
      this.rows.forEach((row, i) => {
        // A row is named after the process that is in sight; rows are handed on when processes retire.
        const at = first(row.length, (j) => from[row[j]] > this.b) - 1;
        const process = this.c.process[row[Math.max(0, at)]];
        this.label(String(process), GUTTER - 8, this.top + i * this.step + (this.step - 6) / 2, GUTTER - 8, ink.muted);
      });
    }
    g.textAlign = "left";
  }

  paintOverview() {
    const [g, width] = this.context(this.overview, OVERVIEW), { ink } = this;
    const { start, end, from } = this.axis, x = (t) => GUTTER + ((t - start) / Math.max(end - start, 1)) * (width - GUTTER - 6);
    this.overX = (px) => start + ((px - GUTTER) / (width - GUTTER - 6)) * (end - start);
    const bins = new Float64Array(Math.ceil(width / 2) + 1);
    for (const op of this.own) bins[Math.floor(x(from[op]) / 2)]++;
    const most = bins.reduce((a, b) => Math.max(a, b), 1);
    for (const fault of this.faults) {
      g.fillStyle = ink[fault.kind] ?? ink.other;
      g.globalAlpha = 0.2;
      g.fillRect(x(fault.start), 0, Math.max(1, x(fault.end ?? end) - x(fault.start)), OVERVIEW);
    }
    g.globalAlpha = 0.75;
    g.fillStyle = ink.muted;
    bins.forEach((count, i) => {
      const height = count ? 2 + (count / most) * (OVERVIEW - 16) : 0;
      g.fillRect(i * 2, OVERVIEW - 5 - height, 1.6, height);
    });
    g.globalAlpha = 1;
    if (this.found.stuck >= 0) {
      g.fillStyle = ink.bad;
      g.fillRect(x(this.limit()) - 1, 3, 2.5, OVERVIEW - 6);
    }
    const a = Math.max(GUTTER, x(this.a)), b = Math.min(width - 2, x(this.b));
    g.fillStyle = ink.blue;
    g.globalAlpha = 0.14;
    g.fillRect(a, 2, Math.max(3, b - a), OVERVIEW - 4);
    g.globalAlpha = 1;
    g.strokeStyle = ink.blue;
    g.lineWidth = 1.5;
    g.strokeRect(a, 2, Math.max(3, b - a), OVERVIEW - 4);
  }

  /** The operation under a point of the canvas; -1 for none. */
  under(px, py) {
    const row = this.rows[Math.floor((py - this.top) / this.step)];
    if (!row || px < GUTTER) return -1;
    const { from } = this.axis, t = this.t(px);
    const i = first(row.length, (j) => from[row[j]] > this.t(px + 2)) - 1;
    if (i < 0) return -1;
    return t <= Math.max(this.barEnd(row, i), this.t(this.x(from[row[i]]) + 4)) ? row[i] : -1;
  }

  /** What is known of an operation, as pairs of name and text. */
  facts(op) {
    const { c } = this, { from, to } = this.times, place = c.place[op];
    const facts = [["process", String(c.process[op])]];
    if (c.node[op] >= 0) facts.push(["node", this.text(c.node[op])]);
    const last = c.events[op] < 0 ? "" : `–${thousands(this.events.to[op])}`;
    facts.push(["events", thousands(this.events.from[op]) + last]);
    if (this.timed) {
      facts.push(["invoked", time(from[op], 1e3)]);
      facts.push(["completed", Number.isNaN(to[op]) ? "never" : `${time(to[op], 1e3)}, after ${time(to[op] - from[op])}`]);
    }
    facts.push(["outcome", ["ok", "failed", "unknown: it may take effect at any later time"][c.outcome[op]]]);
    if (c.error[op] >= 0) facts.push(["error", this.text(c.error[op])]);
    if (this.data.keys.length > 1) facts.push(["key", this.data.keys[c.key[op]]?.name ?? ""]);
    if (place) facts.push(["place", `${thousands(place)} of the order`]);
    if (c.state[op] >= 0) facts.push(["state after", this.text(c.state[op])]);
    if (op === this.found.stuck) {
      facts.push(["place", "none: it fits at no moment while it was open"]);
      if (this.found.legal.length) facts.push(["legal", this.found.legal.join(" or ")]);
    }
    return facts;
  }

  /** Steps through the order. */
  walk(by) {
    if (!this.order.length) return;
    const here = this.rank.get(this.hover);
    const middle = first(this.at.length, (i) => this.at[i] >= (this.a + this.b) / 2);
    const to = Math.max(0, Math.min(this.order.length - 1, here === undefined ? middle : here + by));
    this.hover = this.order[to];
    if (this.at[to] < this.a || this.at[to] > this.b) this.look(this.at[to] - (this.b - this.a) / 2, this.at[to] + (this.b - this.a) / 2);
    const said = this.facts(this.hover).map(([name, text]) => `${name} ${text}`).join(", ");
    $("status").textContent = `${this.text(this.c.text[this.hover])}: ${said}`;
    this.draw();
  }

  toggle(flag) {
    if (flag === "axis") {
      if (!this.timed) return;
      this.axis = this.axis === this.times ? this.events : this.times;
    } else {
      this.flags[flag] = !this.flags[flag];
    }
    this.arrange();
    if (flag === "axis") this.goFailure();
  }
}

// Where everything is: lanes, rows and times, what is hidden, and what an event could have known, which follows from the
// vector clocks alone.

const GUTTER = 54, FOOT = 24, OVERVIEW = 46, BAND = 18, GAP = 40, ROW = 16, MOST_ROWS = 7;
const MARKS = ["up", "down", "paused", "resumed", "sent", "received", "timer", "synced", "told", "asked", "heard", "replied", "ended"];
const MARK = Object.fromEntries(MARKS.map((name, i) => [name, i]));
const FATES = ["arrived", "arrived late: a cut link held it", "arrived once more", "lost", "still under way when the trace ended"];
const LATE = 1, AGAIN = 2, LOST = 3, OPEN = 4;

/** Running sums of differences within each lane. */
function laneSums(differences, lanes, count) {
  const out = new Uint32Array(differences.length), known = new Uint32Array(count);
  for (let i = 0; i < out.length; i++) out[i] = known[lanes[i]] += differences[i];
  return out;
}

/** The distance of a point from a line between two others. */
function distance(x, y, x1, y1, x2, y2) {
  const dx = x2 - x1, dy = y2 - y1, length = dx * dx + dy * dy;
  const along = length ? Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / length)) : 0;
  return Math.hypot(x - x1 - along * dx, y - y1 - along * dy);
}

class Lanes {
  constructor(data) {
    const { moments: m, arrows, calls } = data;
    this.data = data;
    this.lanes = data.lanes.length;
    this.at = sums(m.at);
    this.vector = m.vector.map((column) => laneSums(column, m.lane, this.lanes));
    this.lamport = laneSums(m.lamport, m.lane, this.lanes);
    this.sentAt = sums(arrows.start);
    this.askedAt = sums(calls.start);
    this.joinEnds();
    this.hidden = new Set(data.kinds.flatMap((kind, i) => (kind.quiet ? [i] : [])));
    this.off = new Set();
    this.chosen = -1;
    this.hover = null;
    this.canvas = $("diagram");
    this.overview = $("overview");
    this.widths = new Map();
    this.readColours();
    this.arrange();
    this.flight = this.usualFlight();
  }

  text(number) { return number < 0 ? "" : this.data.texts[number]; }

  /** From moments back to the arrows and calls that they belong to. */
  joinEnds() {
    const count = this.at.length, { arrows, calls } = this.data;
    this.arrowOf = new Int32Array(count).fill(-1);
    this.callOf = new Int32Array(count).fill(-1);
    for (let i = 0; i < arrows.from.length; i++) {
      if (arrows.sent[i] >= 0 && this.arrowOf[arrows.sent[i]] < 0) this.arrowOf[arrows.sent[i]] = i;
      if (arrows.received[i] >= 0) this.arrowOf[arrows.received[i]] = i;
    }
    for (let i = 0; i < calls.node.length; i++) {
      for (const end of ["asked", "heard", "replied", "ended"]) if (calls[end][i] >= 0) this.callOf[calls[end][i]] = i;
    }
    this.byLane = Array.from({ length: this.lanes }, () => []);
    this.data.moments.lane.forEach((lane, i) => this.byLane[lane].push(i));
  }

  /** How long a message usually takes: half of them take longer. */
  usualFlight() {
    const { fate, length } = this.data.arrows;
    const took = length.filter((_, i) => fate[i] === 0).sort((a, b) => a - b);
    return took.length ? took[took.length >> 1] : 1e6;
  }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    const names = "surface paper text muted grid ok fail info bad blue orange violet teal pink delay kill pause partition loss other leader follower candidate silent on-dark";
    this.ink = Object.fromEntries(names.split(" ").map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    const { ink } = this, spare = [ink.teal, ink.violet, ink.orange, ink.pink, ink.partition, ink.delay, ink.loss, ink.blue];
    let next = 0;
    this.kindInk = this.data.kinds.map((kind) => (kind.quiet ? ink.fail : spare[next++ % spare.length]));
  }

  /** Lays out lanes, and rows of calls beneath each. */
  arrange() {
    const { calls, faults, nodes } = this.data;
    const ends = Array.from({ length: nodes }, () => []);
    this.row = calls.node.map((node, i) => {
      const rows = ends[node], start = this.askedAt[i];
      let row = rows.findIndex((end) => end <= start);
      if (row < 0) row = rows.length < MOST_ROWS ? rows.length : i % MOST_ROWS;
      rows[row] = this.endOf(i);
      return row;
    });
    const taken = [];
    this.faultRow = faults.map((fault) => {
      let row = taken.findIndex((end) => end <= fault.start);
      if (row < 0) row = Math.min(taken.length, 3);
      taken[row] = fault.end ?? Infinity;
      return row;
    });
    let y = 6 + taken.length * 16 + 24;
    this.laneY = [];
    for (let node = 0; node < nodes; node++) {
      this.laneY.push(y + BAND / 2);
      y += BAND + (this.off.has("clients") ? 0 : ends[node].length * ROW + 4) + GAP;
    }
    this.height = y - GAP + 18 + FOOT;
  }

  endOf(call) {
    const length = this.data.calls.length[call];
    return length < 0 ? this.data.end : this.askedAt[call] + length;
  }

  x(t) { return GUTTER + ((t - this.a) / (this.b - this.a)) * (this.width - GUTTER); }
  t(x) { return this.a + ((x - GUTTER) / (this.width - GUTTER)) * (this.b - this.a); }
  callY(call) { return this.laneY[this.data.calls.node[call]] + BAND / 2 + 4 + this.row[call] * ROW; }

  look(a, b) {
    const { start, end } = this.data, margin = (end - start) * 0.02 + 1e4, low = start - margin, high = end + margin;
    const span = Math.min(Math.max(b - a, 2000), high - low), middle = (a + b) / 2;
    this.a = Math.max(low, Math.min(middle - span / 2, high - span));
    this.b = this.a + span;
    this.draw();
  }

  zoom(factor, around = (this.a + this.b) / 2) { this.look(around - (around - this.a) * factor, around + (this.b - around) * factor); }
  pan(share) { const by = (this.b - this.a) * share; this.look(this.a + by, this.b + by); }

  /** What failed; of a long span its end. */
  goFocus() {
    let [a, b] = this.data.focus;
    const stuck = this.data.stuck;
    if (stuck >= 0) b = Math.max(b, this.endOf(stuck));
    a = Math.max(a, b - 1.5e9);
    const margin = Math.max((b - a) * 0.07, 2e5);
    this.look(a - margin, b + margin);
  }

  // Causes -------------------------------------------------------------------------------------------------

  /** How a moment stands to the chosen one: -1 before, 1 after, 0 itself, NaN neither. */
  relation(moment) {
    const { lane } = this.data.moments, chosen = this.chosen;
    if (moment === chosen) return 0;
    if (moment < 0) return NaN;
    const own = this.vector[lane[moment]];
    if (own[chosen] >= own[moment]) return -1;
    const theirs = this.vector[lane[chosen]];
    return theirs[moment] >= theirs[chosen] ? 1 : NaN;
  }

  /** The last moment of a lane that the chosen one could have known of, and the first that could know of it. */
  horizon(lane) {
    const list = this.byLane[lane], own = this.vector[lane], theirs = this.vector[this.data.moments.lane[this.chosen]];
    const known = first(list.length, (i) => own[list[i]] > own[this.chosen]);
    const after = first(list.length, (i) => theirs[list[i]] >= theirs[this.chosen]);
    return [known ? list[known - 1] : -1, after < list.length ? list[after] : -1];
  }

  choose(moment) {
    this.chosen = moment;
    this.draw();
    showChosen(this);
  }

  /** The next moment of the chosen one's lane that is drawn. */
  step(by) {
    if (this.chosen < 0) return;
    const list = this.byLane[this.data.moments.lane[this.chosen]];
    let i = list.indexOf(this.chosen) + by;
    while (i >= 0 && i < list.length && !this.isShown(list[i])) i += by;
    if (i < 0 || i >= list.length) return;
    this.choose(list[i]);
    const t = this.at[list[i]], half = (this.b - this.a) / 2;
    if (t < this.a || t > this.b) this.look(t - half, t + half);
  }

  isShown(moment) {
    const mark = this.data.moments.mark[moment];
    if (mark === MARK.timer) return !this.off.has("timers");
    if (mark === MARK.synced) return !this.off.has("syncs");
    if (mark === MARK.told) return !this.off.has("told");
    if (mark >= MARK.asked) return !this.off.has("clients");
    const arrow = this.arrowOf[moment];
    return arrow < 0 || !this.hidden.has(this.data.arrows.kind[arrow]);
  }

  // What is under the mouse ----------------------------------------------------------------------------------

  /** The moment, arrow, call or span at a point; null for none. */
  under(px, py) {
    if (px < GUTTER) return null;
    let best = 7, moment = -1;
    for (const [i, x, y] of this.points) {
      const away = Math.hypot(px - x, py - y);
      if (away < best) [best, moment] = [away, i];
    }
    if (moment >= 0) return { moment };
    let arrow = -1;
    best = 5;
    for (const [i, x1, y1, x2, y2] of this.lines) {
      const away = distance(px, py, x1, y1, x2, y2);
      if (away < best) [best, arrow] = [away, i];
    }
    if (arrow >= 0) return { arrow };
    return this.underBars(px, py, this.t(px));
  }

  underBars(px, py, t) {
    const { calls, spans } = this.data;
    for (let i = 0; i < calls.node.length && !this.off.has("clients"); i++) {
      const y = this.callY(i);
      if (py >= y && py < y + ROW - 2 && px >= this.x(this.askedAt[i]) - 2 && px <= Math.max(this.x(this.endOf(i)), this.x(this.askedAt[i]) + 3)) return { call: i };
    }
    const span = spans.lane.findIndex((lane, i) => Math.abs(py - this.laneY[lane]) <= BAND / 2 && spans.start[i] <= t && spans.end[i] >= t);
    return span >= 0 ? { span } : null;
  }
}

// Draws the space–time diagram: a lifeline for each node, messages as slanted arrows, the operations of clients as bars
// beneath the node that was asked.

class Diagram extends Lanes {
  constructor(data) {
    super(data);
    this.goFocus();
  }

  draw() {
    if (this.waiting || this.a === undefined) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.paint(); });
  }

  context(canvas, height) {
    const scale = window.devicePixelRatio || 1, width = canvas.parentElement.clientWidth;
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
    this.points = [];
    this.lines = [];
    g.save();
    g.beginPath();
    g.rect(GUTTER, 0, width - GUTTER, this.height);
    g.clip();
    this.paintGrid();
    this.paintFaults();
    if (this.chosen >= 0) this.paintCones();
    if (!this.off.has("clients")) this.paintCalls();
    this.paintSpans();
    this.paintArrows();
    this.paintMoments();
    g.restore();
    this.paintNames();
    this.paintOverview();
    $("range").textContent = [this.a, this.b].map((t) => time(t, (this.b - this.a) / 100, Math.abs(this.b))).join(" to ");
  }

  font(size, weight = 400) { this.g.font = `${weight} ${size}px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif`; }

  measure(text) {
    const name = `${this.g.font}|${text}`;
    let width = this.widths.get(name);
    if (width === undefined) {
      if (this.widths.size > 20000) this.widths.clear();
      this.widths.set(name, (width = this.g.measureText(text).width));
    }
    return width;
  }

  /** Writes a text, cut to the room there is. */
  label(text, x, y, room, colour) {
    const width = this.measure(text);
    if (width > room) {
      const fits = Math.floor((text.length * room) / width) - 1;
      if (fits < 3) return;
      text = `${text.slice(0, fits)}…`;
    }
    this.g.fillStyle = colour;
    this.g.fillText(text, x, y);
  }

  paintGrid() {
    const { g, ink } = this, foot = this.height - FOOT;
    const rough = (this.b - this.a) / Math.max(2, (this.width - GUTTER) / 110), power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
    this.font(11);
    g.textAlign = "center";
    for (let t = Math.ceil(this.a / step) * step; t <= this.b; t += step) {
      const x = this.x(t);
      g.fillStyle = ink.grid;
      g.fillRect(Math.round(x), 0, 1, foot);
      this.label(time(t, step), x, foot + FOOT / 2, 140, ink.muted);
    }
    g.textAlign = "left";
    // Beyond what was traced, or kept of it, there is nothing.
    g.fillStyle = ink.paper;
    const [left, right] = [this.x(this.data.start), this.x(this.data.end)];
    if (left > GUTTER) g.fillRect(GUTTER, 0, left - GUTTER, foot);
    if (right < this.width) g.fillRect(right, 0, this.width - right, foot);
  }

  paintFaults() {
    const { g, ink } = this;
    this.font(11, 600);
    this.data.faults.forEach((fault, i) => {
      const a = Math.max(GUTTER, this.x(fault.start)), b = Math.min(this.width, this.x(fault.end ?? this.data.end));
      if (b < GUTTER || a > this.width) return;
      const colour = ink[fault.kind] ?? ink.other, y = 6 + this.faultRow[i] * 16;
      g.fillStyle = colour;
      g.globalAlpha = 0.07;
      g.fillRect(a, y, Math.max(1, b - a), this.height - FOOT - y);
      g.globalAlpha = 0.9;
      g.fillRect(a, y, Math.max(1.5, b - a), 2);
      g.globalAlpha = 1;
      this.label(fault.label, a + 4, y + 9.5, b - a - 6, colour);
    });
  }

  /** The past to the left of what could be known of each node, and the future to the right. */
  paintCones() {
    const { g, ink } = this, top = this.laneY[0] - BAND, foot = this.height - FOOT;
    const ends = this.laneY.map((_, lane) => this.horizon(lane));
    for (const [side, colour, edge] of [[0, ink.blue, this.data.start], [1, ink.orange, this.data.end]]) {
      g.beginPath();
      g.moveTo(this.x(edge), top);
      ends.forEach((end, lane) => {
        const x = end[side] < 0 ? this.x(edge) : this.x(this.at[end[side]]);
        g.lineTo(x, lane ? this.laneY[lane] - BAND / 2 : top);
        g.lineTo(x, lane + 1 < this.laneY.length ? this.laneY[lane] + BAND / 2 : foot);
      });
      g.lineTo(this.x(edge), foot);
      g.closePath();
      g.fillStyle = colour;
      g.globalAlpha = 0.1;
      g.fill();
      g.globalAlpha = 1;
    }
  }

  paintSpans() {
    const { g } = this, { spans } = this.data;
    this.font(11, 600);
    for (let i = 0; i < spans.lane.length; i++) {
      const x1 = Math.max(GUTTER - 2, this.x(spans.start[i])), x2 = Math.min(this.width + 2, this.x(spans.end[i]));
      if (x2 < GUTTER || x1 > this.width) continue;
      g.globalAlpha = this.chosen < 0 ? 1 : 0.55;
      this.paintSpan(i, x1, Math.max(x2, x1 + 1));
      g.globalAlpha = 1;
    }
  }

  spanText(i) {
    const { spans } = this.data, role = this.text(spans.role[i]).replaceAll("-", " ");
    const told = role + (spans.term[i] >= 0 ? `, term ${spans.term[i]}` : "");
    return [["down"], ["up", told], ["paused", told]][spans.condition[i]].filter((text) => text && text !== "up").join(", ");
  }

  paintSpan(i, x1, x2) {
    const { g, ink } = this, { spans } = this.data, y = this.laneY[spans.lane[i]];
    if (spans.condition[i] === 0) {
      g.strokeStyle = ink.fail;
      g.setLineDash([2, 4]);
      g.beginPath();
      g.moveTo(x1, y);
      g.lineTo(x2, y);
      g.stroke();
      g.setLineDash([]);
      return this.label("down", x1 + 6, y - 8, x2 - x1 - 8, ink.muted);
    }
    const role = this.text(spans.role[i]), inks = { leader: ink.leader, primary: ink.leader, follower: ink.follower, backup: ink.follower };
    g.fillStyle = inks[role] ?? (role.includes("candidate") ? ink.candidate : role ? ink.silent : ink.follower);
    g.fillRect(x1, y - BAND / 2, x2 - x1, BAND);
    if (spans.condition[i] === 2) this.hatch(x1, x2, y);
    // The candidates' yellow is bright in light and dark.
    const colour = role.includes("candidate") ? "#14181f" : g.fillStyle === ink.leader ? ink["on-dark"] : ink.text;
    this.label(this.spanText(i), x1 + 6, y + 0.5, x2 - x1 - 8, colour);
  }

  /** Stripes over a node that is stopped. */
  hatch(x1, x2, y) {
    const { g, ink } = this;
    g.save();
    g.beginPath();
    g.rect(x1, y - BAND / 2, x2 - x1, BAND);
    g.clip();
    g.fillStyle = ink.surface;
    g.globalAlpha *= 0.45;
    g.fillRect(x1, y - BAND / 2, x2 - x1, BAND);
    g.strokeStyle = ink.pause;
    g.lineWidth = 2.5;
    g.beginPath();
    for (let x = x1 - BAND - ((x1 - this.x(0)) % 9); x < x2; x += 9) {
      g.moveTo(x, y + BAND / 2);
      g.lineTo(x + BAND, y - BAND / 2);
    }
    g.stroke();
    g.restore();
  }

  callInk(call) {
    return call === this.data.stuck ? this.ink.bad : [this.ink.ok, this.ink.fail, this.ink.info][this.data.calls.outcome[call]];
  }

  paintCalls() {
    const { g, ink } = this, { calls, stuck, setter } = this.data;
    this.font(11);
    for (let i = 0; i < calls.node.length; i++) {
      const x1 = this.x(this.askedAt[i]), x2 = Math.max(x1 + 2, this.x(this.endOf(i)));
      if (x2 < GUTTER || x1 > this.width) continue;
      const y = this.callY(i), colour = this.callInk(i), key = i === stuck || i === setter, height = ROW - 3;
      const faint = this.chosen >= 0 && Number.isNaN(this.relation(calls.ended[i])) && Number.isNaN(this.relation(calls.asked[i]));
      g.globalAlpha = faint && !key ? 0.3 : 1;
      this.paintRequest(i, x1, x2, y, colour);
      g.fillStyle = i === stuck ? colour : mix(colour, i === setter ? 0.45 : 0.2, ink.surface);
      g.fillRect(x1, y, Math.max(1.5, x2 - x1 - 1), height);
      g.fillStyle = colour;
      g.fillRect(x1, y, 2, height);
      if (key) {
        g.strokeStyle = i === stuck ? ink.bad : ink.text;
        g.lineWidth = 1.5;
        g.strokeRect(x1, y, x2 - x1, height);
      }
      const left = Math.max(x1, GUTTER) + 5;
      this.label(this.callText(i), left, y + height / 2 + 0.5, Math.min(x2, this.width) - left - 2, i === stuck ? ink.surface : ink.text);
      g.globalAlpha = 1;
    }
  }

  /** The operation with what it came to: `read → 5`. */
  callText(call) {
    const { calls } = this.data, name = this.text(calls.text[call]).replace(/ null$/, ""), result = this.text(calls.result[call]);
    const [, kind = "", value = ""] = /^(\w+): ?([^]*)$/.exec(result) ?? [];
    if (kind === "Ok") return value && value !== "null" && !name.endsWith(` ${value}`) ? `${name} → ${value}` : name;
    return result ? `${name} → ${kind.toLowerCase()}: ${value}` : `${name} → never ended`;
  }

  /** The way of a request to its node, and of the answer back. */
  paintRequest(call, x1, x2, y, colour) {
    const { g } = this, { calls } = this.data, foot = this.laneY[calls.node[call]] + BAND / 2;
    if (x2 - x1 < 4) return;
    g.strokeStyle = colour;
    g.lineWidth = 1;
    g.beginPath();
    if (calls.heard[call] >= 0) {
      g.moveTo(x1, y);
      g.lineTo(this.x(this.at[calls.heard[call]]), foot);
    }
    // An answer that came too late reached nobody.
    if (calls.replied[call] >= 0 && this.at[calls.replied[call]] <= this.endOf(call)) {
      g.moveTo(this.x(this.at[calls.replied[call]]), foot);
      g.lineTo(x2, y);
    }
    g.stroke();
  }

  /** The ends of an arrow on the canvas. */
  arrowEnds(i) {
    const { arrows } = this.data, down = arrows.to[i] > arrows.from[i] ? 1 : -1;
    const start = this.sentAt[i], [y1, y2] = [this.laneY[arrows.from[i]] + (down * BAND) / 2, this.laneY[arrows.to[i]] - (down * BAND) / 2];
    let end = start + arrows.length[i], share = 1;
    // What is lost where it is sent, or under way at the end, is drawn part of its way.
    if (arrows.fate[i] >= LOST && (arrows.length[i] < this.flight * 0.05 || arrows.fate[i] === OPEN)) {
      share = 0.35;
      end = start + this.flight * share;
    }
    return [this.x(start), y1, this.x(end), y1 + (y2 - y1) * share];
  }

  paintArrows() {
    const { arrows } = this.data, paths = new Map();
    for (let i = 0; i < arrows.from.length; i++) {
      if (this.hidden.has(arrows.kind[i]) || this.sentAt[i] > this.b) continue;
      const [x1, y1, x2, y2] = this.arrowEnds(i);
      if (x2 < GUTTER || x1 > this.width) continue;
      this.lines.push([i, x1, y1, x2, y2]);
    }
    // The more there are, the fainter each, so that what is dense stays a shade and does not become a wall.
    const alpha = Math.max(0.1, Math.min(0.85, 700 / (this.lines.length + 1))), heads = this.lines.length < 2500;
    for (const line of this.lines) {
      const [colour, opacity, dashed] = this.arrowLook(line[0], alpha), name = `${colour} ${opacity} ${dashed}`;
      if (!paths.has(name)) paths.set(name, { colour, alpha: opacity, dashed, lines: [] });
      paths.get(name).lines.push(line);
    }
    for (const path of [...paths.values()].sort((p, q) => p.alpha - q.alpha)) this.paintPath(path, heads);
  }

  /** Colour, opacity, and whether it is dashed. */
  arrowLook(i, alpha) {
    const { arrows } = this.data, { ink } = this, fate = arrows.fate[i], dashed = fate === LATE || fate === AGAIN;
    const usual = fate === LOST ? ink.bad : this.kindInk[arrows.kind[i]];
    if (this.chosen < 0) return [usual, fate === LOST ? Math.max(alpha, 0.5) : alpha, dashed];
    if (this.relation(arrows.received[i]) <= 0) return [ink.blue, Math.max(alpha, 0.3), dashed];
    if (this.relation(arrows.sent[i]) >= 0) return [ink.orange, Math.max(alpha, 0.3), dashed];
    return [usual, Math.min(alpha, 0.16), dashed];
  }

  paintPath({ colour, alpha, dashed, lines }, heads) {
    const { g } = this, { fate } = this.data.arrows;
    g.strokeStyle = g.fillStyle = colour;
    g.globalAlpha = alpha;
    g.lineWidth = 1.2;
    g.setLineDash(dashed ? [5, 3] : []);
    g.beginPath();
    for (const [, x1, y1, x2, y2] of lines) {
      g.moveTo(x1, y1);
      g.lineTo(x2, y2);
    }
    g.stroke();
    g.setLineDash([]);
    g.lineWidth = 1.6;
    for (const [i, x1, y1, x2, y2] of lines) {
      if (fate[i] === LOST) this.cross(x2, y2, 3.5);
      else if (heads && fate[i] !== OPEN) this.head(x1, y1, x2, y2);
    }
    g.globalAlpha = 1;
    const hovered = this.hover?.arrow ?? -1, line = lines.find(([i]) => i === hovered);
    if (!line) return;
    g.lineWidth = 3;
    g.beginPath();
    g.moveTo(line[1], line[2]);
    g.lineTo(line[3], line[4]);
    g.stroke();
  }

  cross(x, y, r) {
    const { g } = this;
    g.beginPath();
    g.moveTo(x - r, y - r);
    g.lineTo(x + r, y + r);
    g.moveTo(x - r, y + r);
    g.lineTo(x + r, y - r);
    g.stroke();
  }

  head(x1, y1, x2, y2) {
    const { g } = this, length = Math.hypot(x2 - x1, y2 - y1) || 1, ux = (x2 - x1) / length, uy = (y2 - y1) / length;
    g.beginPath();
    g.moveTo(x2, y2);
    g.lineTo(x2 - 7 * ux + 2.8 * uy, y2 - 7 * uy - 2.8 * ux);
    g.lineTo(x2 - 7 * ux - 2.8 * uy, y2 - 7 * uy + 2.8 * ux);
    g.fill();
  }

  /** Where a moment is drawn. */
  place(moment) {
    const { lane, mark } = this.data.moments, x = this.x(this.at[moment]), call = this.callOf[moment];
    if (mark[moment] === MARK.asked || mark[moment] === MARK.ended) return call < 0 ? [x, -99] : [x, this.callY(call) + (ROW - 3) / 2];
    const y = this.laneY[lane[moment]], arrow = this.arrowOf[moment];
    if (mark[moment] === MARK.timer) return [x, y - BAND / 2 - 4];
    if (mark[moment] === MARK.synced || mark[moment] === MARK.heard || mark[moment] === MARK.replied) return [x, y + BAND / 2];
    if (arrow < 0) return [x, y];
    const { from, to } = this.data.arrows, down = to[arrow] > from[arrow] === (mark[moment] === MARK.sent);
    return [x, y + (down ? BAND : -BAND) / 2];
  }

  paintMoments() {
    const from = first(this.at.length, (i) => this.at[i] >= this.a), to = first(this.at.length, (i) => this.at[i] > this.b);
    for (let i = from; i < to; i++) {
      if (!this.isShown(i)) continue;
      const [x, y] = this.place(i);
      this.points.push([i, x, y]);
    }
    const crowded = this.points.length > 2500, free = this.laneY.map(() => -Infinity);
    this.font(11, 600);
    for (const [i, x, y] of this.points) this.paintMoment(i, x, y, crowded, free);
    if (this.chosen >= 0) this.ring(this.chosen, 6.5, 2.5);
    if (this.hover?.moment >= 0) this.ring(this.hover.moment, 5, 1.5);
  }

  ring(moment, radius, width) {
    const { g, ink } = this, [x, y] = this.place(moment);
    g.strokeStyle = ink.text;
    g.lineWidth = width;
    g.beginPath();
    g.arc(x, y, radius, 0, 7);
    g.stroke();
  }

  paintMoment(i, x, y, crowded, free) {
    const { g, ink } = this, mark = this.data.moments.mark[i];
    const relation = this.chosen < 0 ? 0 : this.relation(i);
    g.globalAlpha = Number.isNaN(relation) ? 0.3 : 1;
    const tone = relation < 0 ? ink.blue : relation > 0 ? ink.orange : undefined;
    if (mark === MARK.told) this.paintTold(i, x, y, tone, free);
    else if (mark === MARK.down) {
      g.strokeStyle = ink.bad;
      g.lineWidth = 2.5;
      this.cross(x, y, 5);
    } else if (mark === MARK.up) {
      g.fillStyle = tone ?? ink.ok;
      g.fillRect(x - 1.5, y - BAND / 2 - 3, 3, BAND + 6);
    } else if (mark === MARK.timer) {
      g.fillStyle = tone ?? ink.muted;
      g.beginPath();
      g.moveTo(x, y + 4);
      g.lineTo(x - 3, y - 2);
      g.lineTo(x + 3, y - 2);
      g.fill();
    } else if (!crowded && mark !== MARK.asked && mark !== MARK.ended) {
      g.fillStyle = tone ?? (mark === MARK.synced ? ink.text : mark >= MARK.asked ? ink.ok : ink.muted);
      if (mark === MARK.synced) g.fillRect(x - 1.5, y - 1.5, 3, 3);
      else {
        g.beginPath();
        g.arc(x, y, 1.8, 0, 7);
        g.fill();
      }
    }
    g.globalAlpha = 1;
  }

  /** What a node told: a diamond, and its words where there is room. */
  paintTold(i, x, y, tone, free) {
    const { g, ink } = this, lane = this.data.moments.lane[i], text = this.text(this.data.moments.text[i]);
    g.fillStyle = tone ?? ink.text;
    g.beginPath();
    for (const [dx, dy] of [[0, -5], [5, 0], [0, 5], [-5, 0]]) g.lineTo(x + dx, y + dy);
    g.fill();
    const width = Math.min(220, this.measure(text));
    if (x - 4 < free[lane]) return;
    const above = y - BAND / 2 - 13;
    g.fillStyle = ink.surface;
    g.globalAlpha *= 0.8;
    g.fillRect(x - 5, above - 7, width + 6, 14);
    g.globalAlpha = Math.min(1, g.globalAlpha / 0.8);
    this.label(text, x - 3, above, 222, tone ?? ink.text);
    free[lane] = x + width + 8;
  }

  paintNames() {
    const { g, ink } = this;
    g.fillStyle = ink.surface;
    g.fillRect(0, 0, GUTTER, this.height);
    this.font(13, 650);
    g.textAlign = "right";
    this.laneY.forEach((y, lane) => this.label(this.data.lanes[lane], GUTTER - 10, y, GUTTER - 12, ink.text));
    g.textAlign = "left";
  }

  paintOverview() {
    const [g, width] = this.context(this.overview, OVERVIEW), { ink } = this, { start, end, stuck } = this.data;
    const across = width - GUTTER - 6, x = (t) => GUTTER + ((t - start) / Math.max(end - start, 1)) * across;
    this.overX = (px) => start + ((px - GUTTER) / across) * (end - start);
    const bins = new Float64Array(Math.ceil(width / 2) + 2);
    for (const t of this.at) bins[Math.max(0, Math.floor(x(t) / 2))]++;
    const most = bins.reduce((a, b) => Math.max(a, b), 1);
    for (const fault of this.data.faults) {
      const from = Math.max(GUTTER, x(fault.start)), to = Math.min(width - 6, x(fault.end ?? end));
      g.fillStyle = ink[fault.kind] ?? ink.other;
      g.globalAlpha = 0.2;
      g.fillRect(from, 0, Math.max(1, to - from), OVERVIEW);
    }
    g.globalAlpha = 0.7;
    g.fillStyle = ink.muted;
    bins.forEach((count, i) => {
      const height = count ? 2 + (count / most) * (OVERVIEW - 16) : 0;
      g.fillRect(i * 2, OVERVIEW - 5 - height, 1.6, height);
    });
    g.globalAlpha = 1;
    if (stuck >= 0) {
      g.fillStyle = ink.bad;
      g.fillRect(x(this.endOf(stuck)) - 1, 3, 2.5, OVERVIEW - 6);
    }
    const a = Math.max(GUTTER, x(this.a)), b = Math.min(width - 2, x(this.b));
    g.fillStyle = g.strokeStyle = ink.blue;
    g.globalAlpha = 0.14;
    g.fillRect(a, 2, Math.max(3, b - a), OVERVIEW - 4);
    g.globalAlpha = 1;
    g.lineWidth = 1.5;
    g.strokeRect(a, 2, Math.max(3, b - a), OVERVIEW - 4);
  }
}

"use strict";
// What all pictures on canvases share: data are unpacked, looked up, and put in words and colours.

const $ = (id) => document.getElementById(id);

/** The data as they were packed: base64 of gzip of JSON. */
async function unpack(text) {
  const bytes = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/** Running sums of differences. */
function sums(differences) {
  const out = new Float64Array(differences.length);
  let sum = 0;
  for (let i = 0; i < out.length; i++) out[i] = sum += differences[i];
  return out;
}

/** The first position in a list at which a test that stays true once it is true holds. */
function first(length, holds) {
  let low = 0, high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle; else low = middle + 1;
  }
  return low;
}

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** So much of one colour in another; both as #rrggbb. */
function mix(colour, share, ground) {
  const part = (text, at) => parseInt(text.slice(at, at + 2), 16);
  const blend = (at) => Math.round(part(colour, at) * share + part(ground, at) * (1 - share));
  return `rgb(${blend(1)} ${blend(3)} ${blend(5)})`;
}

const thousands = (n) => Math.round(n).toLocaleString("en-US");

/** Nanoseconds as precisely as a step asks for, in the unit that suits `like`. */
function time(ns, step = ns, like = step) {
  const [unit, size] = like >= 1e8 ? ["s", 1e9] : like >= 1e5 ? ["ms", 1e6] : like >= 100 ? ["µs", 1e3] : ["ns", 1];
  const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10(step / size) - 1e-9) + (step === ns ? 2 : 0)));
  return `${(ns / size).toFixed(digits)} ${unit}`;
}

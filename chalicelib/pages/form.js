// What the form can do with a script: keep a draft on this phone, wait for a signal, take the place from the phone or
// from a map. Without one, or where the phone forbids something, the form works as it is.
(() => {
"use strict";
const KEY = "sambat-draft", DAYS = 7;
const form = document.getElementById("complaint"), words = form.dataset, fields = form.elements;
const by = (id) => document.getElementById(id);
const key = fields.idempotency_key.value, sendWords = by("send").textContent;
let waiting = false, leaving = false, timer = 0;

const tell = (text) => {
  by("draft").textContent = text;
  by("draft").parentNode.classList.toggle("wait", waiting);
};

// ---------------------------------------------------------------- the draft
const stored = () => { try { return JSON.parse(localStorage.getItem(KEY)); } catch (denied) { return null; } };
const store = (draft) => {
  try {
    if (draft) localStorage.setItem(KEY, JSON.stringify(draft)); else localStorage.removeItem(KEY);
    return true;
  } catch (denied) { return false; }
};
const typed = () => {
  const found = {};
  new FormData(form).forEach((value, name) => { if (value && name !== "idempotency_key" && name !== "lang") found[name] = value; });
  return found;
};
const isEmpty = (values) => !Object.keys(values).length;
// The key goes with the words: the same draft sent twice is one complaint.
const save = () => {
  clearTimeout(timer);
  const values = typed(), empty = isEmpty(values);
  const kept = store(empty ? null : {at: Date.now(), key: fields.idempotency_key.value, values, waiting}) && !empty;
  by("no-draft").hidden = !kept;
  return kept;
};
const soon = () => {
  clearTimeout(timer);
  timer = setTimeout(() => { if (save() && by("draft").textContent === "") tell(words.kept); }, 500);
};
const fill = (values) => {
  for (const name of Object.keys(values)) {
    const field = fields[name];
    if (!field) continue;
    if (field.type === "checkbox") field.checked = true; else field.value = values[name];
    const fold = field.closest && field.closest("details");
    if (fold) fold.open = true;
  }
};
const restore = () => {
  const draft = stored();
  if (!draft || !draft.values || !isEmpty(typed())) return;
  if (!(Date.now() - draft.at < DAYS * 864e5)) { store(null); return; }
  fill(draft.values);
  if (typeof draft.key === "string") fields.idempotency_key.value = draft.key;
  by("no-draft").hidden = false;
  tell(draft.waiting ? words.unsent : words.found);
};
by("no-draft").onclick = () => {
  waiting = false;
  for (const field of fields) {
    if (field.type === "checkbox") field.checked = false;
    else if (field.type === "radio") field.checked = field.value === "";
    else if (field.name && field.name !== "lang") field.value = "";
  }
  fields.idempotency_key.value = key;
  showPoint();
  save();
  tell(words.gone);
  fields.text.focus();
};
form.addEventListener("input", soon);

// ---------------------------------------------------------------- sending, at once or when the signal is back
form.addEventListener("submit", (event) => {
  waiting = navigator.onLine === false;
  leaving = !waiting;
  const kept = save();
  if (waiting) {
    event.preventDefault();
    tell(kept ? words.offline : words.unkept);
  } else {
    by("send").textContent = words.sending;
  }
});
addEventListener("online", () => {
  if (!waiting) return;
  tell(words.online);
  if (form.requestSubmit) form.requestSubmit();
  else { waiting = false; leaving = true; form.submit(); }
});
addEventListener("pagehide", () => { if (!leaving) save(); });
addEventListener("pageshow", () => { leaving = false; by("send").textContent = sendWords; });

// ---------------------------------------------------------------- the place
const showPoint = () => {
  const there = fields.lat.value && fields.long.value;
  by("point").textContent = there ? words.point + " " + fields.lat.value + ", " + fields.long.value : "";
  by("no-point").hidden = !there;
};
const setPoint = (lat, long) => {
  fields.lat.value = lat === null ? "" : lat.toFixed(6);
  fields.long.value = long === null ? "" : long.toFixed(6);
  showPoint();
  soon();
};
by("no-point").onclick = () => { setPoint(null, null); fields.address.focus(); };
if (navigator.geolocation && isSecureContext) {
  by("here").hidden = false;
  by("here").onclick = () => {
    by("point").textContent = words.looking;
    navigator.geolocation.getCurrentPosition(
      (found) => setPoint(found.coords.latitude, found.coords.longitude),
      (error) => { showPoint(); by("point").textContent = error.code === 1 ? words.denied : words.unknown; },
      {enableHighAccuracy: true, timeout: 15000, maximumAge: 60000});
  };
}
let map = null;
const draw = () => {
  by("map-box").hidden = false;
  const from = fields.lat.value ? [+fields.lat.value, +fields.long.value] : [+words.lat, +words.long];
  map = L.map("map", {attributionControl: false, zoomControl: false, zoomAnimation: false, fadeAnimation: false, scrollWheelZoom: false});
  L.control.zoom({zoomInTitle: words.nearer, zoomOutTitle: words.farther}).addTo(map);
  // OpenStreetMap gives nothing to who does not say whence they come; the address of this page is not told.
  L.tileLayer(words.tiles, {maxZoom: 19, referrerPolicy: "origin"}).addTo(map);
  map.setView(from, fields.lat.value ? 17 : +words.zoom);
  map.on("click", (event) => map.panTo(event.latlng));
  by("map").focus();
};
if (words.map) {
  by("open-map").hidden = false;
  by("open-map").onclick = () => {
    if (map) { by("map-box").hidden = !by("map-box").hidden; map.invalidateSize(); return; }
    if (window.L) { draw(); return; }
    const script = document.createElement("script");
    script.src = words.map;
    script.onload = draw;
    script.onerror = () => { script.remove(); by("point").textContent = words.away; };
    document.head.appendChild(script);
  };
  by("use-point").onclick = () => {
    const at = map.getCenter();
    setPoint(at.lat, at.wrap().lng);
    by("map-box").hidden = true;
    by("open-map").focus();
  };
}

restore();
if (!isEmpty(typed())) save();
showPoint();
})();

// What the form can do with a script: keep a draft on this phone, wait for a signal, take the place from the phone or
// from a map. Without one, or where the phone forbids something, the form works as it is.
(() => {
"use strict";
const KEY = "sambat-draft", FILED = "sambat-filed", DAYS = 7;
const form = document.getElementById("complaint"), words = form.dataset, fields = form.elements;
const by = (id) => document.getElementById(id);
const sendWords = by("send").textContent;
let waiting = false, dirty = false, timer = 0;

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
// What was filed is no draft again, for whoever has this phone next: filed.js wrote its key down.
const isFiled = (key) => {
  try { return JSON.parse(localStorage.getItem(FILED) || "[]").includes(key); } catch (denied) { return false; }
};
// The key goes with the words: the same draft sent twice is one complaint.
const save = () => {
  clearTimeout(timer);
  dirty = false;
  if (isFiled(fields.idempotency_key.value)) return false;
  const values = typed(), empty = isEmpty(values);
  const kept = store(empty ? null : {at: Date.now(), key: fields.idempotency_key.value, values, waiting}) && !empty;
  by("no-draft").hidden = !kept;
  return kept;
};
const soon = () => {
  dirty = true;
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
  if (!draft || !draft.values) return;
  if (!(Date.now() - draft.at < DAYS * 864e5) || isFiled(draft.key)) { store(null); return; }
  if (!isEmpty(typed())) return;
  fill(draft.values);
  if (typeof draft.key === "string") fields.idempotency_key.value = draft.key;
  by("no-draft").hidden = false;
  tell(draft.waiting ? words.unsent : words.found);
};
const clear = () => {
  waiting = false;
  for (const field of fields) {
    if (field.type === "checkbox") field.checked = false;
    else if (field.type === "radio") field.checked = field.value === "";
    else if (field.name && field.name !== "lang") field.value = "";
  }
  const random = crypto.getRandomValues(new Uint8Array(18));
  fields.idempotency_key.value = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  showPoint();
};
by("no-draft").onclick = () => {
  clear();
  save();
  tell(words.gone);
  fields.text.focus();
};
// After Back the browser fills in again what was sent from here, under the key of then or of now; some only at the end.
const forgetFiled = () => {
  const sent = history.state && history.state.sent;
  if (!isFiled(fields.idempotency_key.value) && !isFiled(sent)) return false;
  clear();
  by("no-draft").hidden = true;
  tell("");
  return true;
};
form.addEventListener("input", soon);

// ---------------------------------------------------------------- sending, at once or when the signal is back
form.addEventListener("submit", (event) => {
  waiting = navigator.onLine === false;
  history.replaceState({sent: fields.idempotency_key.value}, "");
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
  waiting = false;
  if (!form.checkValidity()) { // changed since it was sent: it waits for its writer, not for the signal
    tell(save() ? words.kept : "");
    form.reportValidity();
    return;
  }
  tell(words.online);
  if (form.requestSubmit) form.requestSubmit(); else form.submit();
});
addEventListener("pagehide", () => { if (dirty) save(); });
addEventListener("pageshow", () => {
  dirty = false;
  by("send").textContent = sendWords;
  if (forgetFiled()) history.replaceState(null, "");
});

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

forgetFiled();
restore();
if (words.typed) save(); // given back by the service, to be mended
showPoint();
})();

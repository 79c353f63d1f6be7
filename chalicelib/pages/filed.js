// The complaint is filed: its draft is done with, and its key says so to the form. Copying and printing are offered where
// there is a script.
(() => {
"use strict";
const FILED = "sambat-filed", LAST = 20;
const by = (id) => document.getElementById(id), copy = by("copy");
try {
  localStorage.removeItem("sambat-draft");
  const known = JSON.parse(localStorage.getItem(FILED) || "[]"), key = by("slip").dataset.key;
  if (key) localStorage.setItem(FILED, JSON.stringify([key, ...known.filter((one) => one !== key)].slice(0, LAST)));
} catch (denied) { /* then no draft was kept either */ }
if (!copy) return;
const tell = (text) => { by("copied").textContent = text; };
copy.hidden = by("print").hidden = false;
by("print").onclick = () => window.print();
const text = by("slip-ticket").textContent + "\n" + by("slip-receipt").textContent;
const theOldWay = () => {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.appendChild(area);
  area.select();
  let ok = false;
  try { ok = document.execCommand("copy"); } catch (denied) { /* said below */ }
  area.remove();
  copy.focus();
  tell(ok ? copy.dataset.done : copy.dataset.failed);
};
copy.onclick = () => {
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => tell(copy.dataset.done), theOldWay);
  else theOldWay();
};
})();

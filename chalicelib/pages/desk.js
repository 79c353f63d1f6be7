// The officer's desk: shortcuts, ready answers, drafts. Everything works without it, only slower.
(() => {
  "use strict";
  const all = (what) => [...document.querySelectorAll(what)];
  const byId = (id) => document.getElementById(id);
  // A browser may refuse to keep anything: then nothing is kept.
  const kept = (area, does) => {
    try {
      return does(window[area]);
    } catch {
      return null;
    }
  };

  // Drafts: what is typed stays in this tab until it was sent, whatever becomes of the session.
  const OURS = "sambat:";
  const keyOf = (box) => `${OURS}${box.form.dataset.ticket}:${box.id}`;
  const forget = (start) =>
    kept("sessionStorage", (store) =>
      Object.keys(store).filter((key) => key.startsWith(start)).forEach((key) => store.removeItem(key)));
  all("[data-sent]").forEach((notice) => forget(`${OURS}${notice.dataset.sent}:`));
  all("form[action*='/keluar']").forEach((form) => form.addEventListener("submit", () => forget(OURS)));
  all("form[data-ticket] textarea").forEach((box) => {
    const draft = kept("sessionStorage", (store) => store.getItem(keyOf(box)));
    if (draft && box.value === "") {
      box.value = draft;
      if (box.id === "text") byId("draft").hidden = false;
      else box.closest("details").open = true;
    }
    box.addEventListener("input", () => {
      kept("sessionStorage", (store) =>
        box.value ? store.setItem(keyOf(box), box.value) : store.removeItem(keyOf(box)));
    });
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) box.form.requestSubmit();
      if (event.key === "Escape") box.blur();
    });
  });

  // A form is sent once, however often its button is pressed; after ten seconds without an answer it may be again.
  const under = new Set();
  addEventListener("pageshow", () => under.clear());
  all("form[data-ticket]").forEach((form) => form.addEventListener("submit", (event) => {
    if (under.has(form)) {
      event.preventDefault();
      return;
    }
    under.add(form);
    setTimeout(() => under.delete(form), 10000);
  }));

  // Ready answers go in at once, behind what was typed; another one takes the place of the last.
  const text = byId("text");
  const ready = byId("template");
  if (text && ready) {
    const BLANK = /\[[^[\]]+\]/;
    const blanks = [...ready.options].flatMap((one) => (one.dataset.text || "").match(/\[[^[\]]+\]/g) || []);
    const check = () =>
      text.setCustomValidity(blanks.some((blank) => text.value.includes(blank)) ? ready.dataset.blank : "");
    let before = "";
    let put = ready.value ? text.value : "";
    let pointed = false;
    const insert = () => {
      const chosen = ready.selectedOptions[0];
      if (!put || text.value !== before + put) before = text.value.trim() ? `${text.value.trimEnd()}\n\n` : "";
      put = chosen.dataset.text || "";
      text.value = before + put;
      byId("interim").checked = chosen.dataset.final === "no";
      text.dispatchEvent(new Event("input"));
      const blank = BLANK.exec(put);
      if (pointed) text.focus();
      if (blank) text.setSelectionRange(before.length + blank.index, before.length + blank.index + blank[0].length);
    };
    ready.addEventListener("pointerdown", () => { pointed = true; });
    ready.addEventListener("keydown", () => { pointed = false; });
    ready.addEventListener("change", insert);
    ready.form.addEventListener("submit", (event) => {
      event.preventDefault();
      insert();
      text.focus();
    });
    ready.form.querySelector("button").hidden = true;
    text.addEventListener("input", check);
    check();
  }

  // Shortcuts of one letter: never while typing, and they can be switched off.
  const help = byId("keys");
  const choice = byId("keys-on");
  const cards = all("a.card");
  const step = (by) => {
    const at = cards.indexOf(document.activeElement) + by;
    if (cards.length) cards[Math.min(Math.max(at, 0), cards.length - 1)].focus();
  };
  const go = (where) => { if (where) where.focus(); };
  const does = {
    j: () => step(1),
    k: () => step(-1),
    a: () => go(text),
    t: () => go(ready),
    g: () => { location.href = help.dataset.list; },
    "?": () => {
      help.open = !help.open;
      help.querySelector("summary").focus();
    },
  };
  const show = () => all(".keys-hint").forEach((hint) => { hint.hidden = !choice.checked; });
  choice.checked = kept("localStorage", (store) => store.getItem("sambat-keys")) !== "off";
  choice.closest("label").hidden = false;
  choice.addEventListener("change", () => {
    kept("localStorage", (store) => store.setItem("sambat-keys", choice.checked ? "on" : "off"));
    show();
  });
  show();
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (!choice.checked || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = does[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();

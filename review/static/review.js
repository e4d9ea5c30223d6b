// Keys and small comforts. Every page works without: what changes something is a form.
"use strict";

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);
const rows = all("[data-row]");
const note = one("[data-note]");
const hint = one("[data-hint]");
let waiting = null; // the button that waits for a note

const boxOf = (row) => one("input[type=checkbox]:not(:disabled)", row);
const current = () => document.activeElement && document.activeElement.closest("[data-row]");

function go(row) {
  if (!row) return;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  if (rows.length && one("#decide .bar")) sessionStorage.setItem("row", String(rows.indexOf(row)));
}

function move(step) {
  const at = rows.indexOf(current());
  go(rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1)]);
}

function checked() {
  return rows.filter((row) => boxOf(row) && boxOf(row).checked);
}

function count() {
  const label = one("[data-selected]");
  if (label) label.textContent = `Selected: ${checked().length}`;
  rows.forEach((row) => row.classList.toggle("chosen", Boolean(boxOf(row) && boxOf(row).checked)));
}

function press(button) {
  // In the queue a key without a selection means the row that has the focus.
  if (button.hasAttribute("data-on-rows") && !checked().length) {
    const box = current() && boxOf(current());
    if (!box) {
      if (hint) hint.textContent = "Select a batch first: j and k move, x selects.";
      return;
    }
    box.checked = true;
    count();
  }
  button.click();
}

all("[data-needs-note]").forEach((button) =>
  button.addEventListener("click", (event) => {
    if (!note || note.value.trim()) return;
    event.preventDefault();
    waiting = button;
    const keys = note.tagName === "TEXTAREA" ? "Ctrl+Enter" : "Enter";
    hint.textContent = `A rejection needs a note: write why, then ${keys}.`;
    note.focus();
  })
);

if (note) {
  note.addEventListener("keydown", (event) => {
    const sends = event.key === "Enter" && (note.tagName !== "TEXTAREA" || event.ctrlKey || event.metaKey);
    if (sends && !event.isComposing) {
      event.preventDefault();
      if (waiting && note.value.trim()) waiting.click();
    }
  });
}

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.key === "Escape" && target.matches("input, textarea, select")) {
    target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (target.matches("input:not([type=checkbox]), textarea, select") || one("dialog[open]")) return;
  if (event.key === "Enter") {
    const link = target.matches("[data-row]") && one("[data-open]", target);
    if (link) link.click();
    return;
  }
  const named = one(`[data-key="${CSS.escape(event.key)}"]`);
  if (rows.length && (event.key === "j" || event.key === "k")) {
    move(event.key === "j" ? 1 : -1);
  } else if (rows.length && event.key === "x") {
    const box = current() && boxOf(current());
    if (box) box.click();
  } else if (event.key === "u" && one("[data-undo]") && !checked().length) {
    one("[data-undo]").click();
  } else if (event.key === "?" && one("#keys").showModal) {
    one("#keys").showModal();
  } else if (named && named.matches("input")) {
    named.focus();
    named.select();
  } else if (named) {
    press(named);
  } else {
    return;
  }
  event.preventDefault();
});

const everyBox = one("[data-all]");
if (everyBox) {
  everyBox.hidden = false;
  everyBox.addEventListener("change", () => {
    rows.forEach((row) => boxOf(row) && (boxOf(row).checked = everyBox.checked));
    count();
  });
}

rows.forEach((row) => row.addEventListener("change", count));

// The marks that are not on this page are counted by the server, those on it as they are set.
const marked = one("[data-marked]");
if (marked) {
  const elsewhere = Number(marked.textContent) - checked().length;
  rows.forEach((row) =>
    row.addEventListener("change", () => (marked.textContent = String(elsewhere + checked().length)))
  );
}

count();
const said = one(".refusal, .notice:not(.empty)");
if (said && said.matches(".refusal")) {
  said.focus();
} else if (said && rows.length && one("#decide .bar")) {
  // Back in the queue after a decision: go on with the row that took the decided one's place.
  go(rows[Math.min(Number(sessionStorage.getItem("row") || 0), rows.length - 1)]);
}

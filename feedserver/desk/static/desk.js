// What the desk has beside its forms; all of it works without.
"use strict";

// --- the inbox: j and k move, a approves, s is spam, d deletes, u undoes ---
(() => {
  const PLACE = "feedserver-inbox";
  const ACTIONS = { a: "approve", s: "spam", d: "delete" };
  const thoughts = [...document.querySelectorAll("article.thought")];
  const undo = document.querySelector("[data-key=u]");
  let at = -1;
  let isSent = false;
  if (!thoughts.length && !undo) return;

  const go = (index) => {
    at = Math.max(0, Math.min(index, thoughts.length - 1));
    if (!thoughts.length) return;
    thoughts[at].tabIndex = -1;
    thoughts[at].focus();
  };
  const press = (button) => {
    if (!button || isSent) return;
    isSent = true; // the page that follows goes on at the same place
    sessionStorage.setItem(PLACE, at);
    button.click();
  };
  thoughts.forEach((thought, index) => thought.addEventListener("focusin", () => { at = index; }));
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (isTyping || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "j") go(at + 1);
    else if (event.key === "k") go(at - 1);
    else if (event.repeat) return;
    else if (event.key === "u") press(undo);
    else if (ACTIONS[event.key] && at < 0) go(0); // nobody decides on what he has not seen
    else if (ACTIONS[event.key]) press(thoughts[at].querySelector(`button[value=${ACTIONS[event.key]}]`));
  });
  addEventListener("pageshow", () => { isSent = false; });
  document.querySelectorAll(".keys").forEach((line) => { line.hidden = false; });
  if (sessionStorage.getItem(PLACE) !== null) {
    go(Number(sessionStorage.getItem(PLACE)));
    sessionStorage.removeItem(PLACE);
  }
})();

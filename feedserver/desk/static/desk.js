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

// --- the editor: text stays until it is saved, files are dropped into it, a preview stands beside it ---
(() => {
  function write(form) {
    const body = form.elements.body;
    const typed = () => JSON.stringify([...new FormData(form)].filter(([name, value]) => isTyped(name) && typeof value === "string"));
    const shown = typed();
    let leaving = false;

    keep(form, typed, shown);
    const takesFiles = files(form, body);
    beside(form, body);

    form.addEventListener("submit", event => { leaving = event.submitter?.formTarget !== "_blank" && !event.submitter?.dataset.beside; });
    addEventListener("pageshow", () => { leaving = false; });
    addEventListener("beforeunload", event => {
      if (!leaving && ("unsaved" in form.dataset || typed() !== shown || takesFiles())) event.preventDefault();
    });
  }

  const SENT = "feedserver sent"; // names the copy of the form that was sent last
  const isTyped = name => !["form_token", "submission", "file", "do"].includes(name);

  // Text that was not saved stays in this tab: browsers give back no form of a page that they do not store.
  // The page says whether the text in it is that of a save just now, or is not saved; else it is what is stored.
  function keep(form, typed, shown) {
    const key = `feedserver ${form.dataset.editor}`;
    const note = () => {
      try {
        sessionStorage.setItem(key, typed());
      } catch {
        // There is no room: the warning stays.
      }
    };
    if ("saved" in form.dataset) {
      sessionStorage.removeItem(sessionStorage.getItem(SENT) ?? key);
      history.replaceState(null, "", location.pathname); // what is typed from now on survives a reload
    }
    if ("unsaved" in form.dataset) note();
    const kept = sessionStorage.getItem(key);
    if (kept && kept !== shown) {
      for (const [name, value] of JSON.parse(kept)) if (form.elements[name]) form.elements[name].value = value;
      tell(form, "What you had typed here and not saved is filled in again.", "Forget it", () => {
        for (const [name, value] of JSON.parse(shown)) form.elements[name].value = value;
        sessionStorage.removeItem(key);
      });
    }
    form.addEventListener("input", note);
    form.addEventListener("submit", event => {
      note();
      if (event.submitter?.value !== "preview") sessionStorage.setItem(SENT, key);
    });
  }

  function tell(form, words, action, act) {
    const line = document.createElement("p");
    line.className = "notice";
    line.setAttribute("role", "status");
    line.textContent = `${words} `;
    if (action) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = action;
      button.addEventListener("click", () => { act(); line.remove(); });
      line.append(button);
    }
    form.before(line);
    return line;
  }

  // Pictures and files that are dropped or pasted into the text are added, and named where the cursor is.
  function files(form, body) {
    let waiting = 0;
    const take = async list => {
      for (const file of list) {
        const mark = `![${file.name} …]()`;
        insert(body, mark);
        waiting += 1;
        try {
          replace(body, mark, await add(form, file));
        } catch (error) {
          replace(body, mark, "");
          tell(form, `${file.name}: ${error.message}`, "Close", () => {});
        } finally {
          waiting -= 1;
        }
      }
    };
    body.addEventListener("paste", event => {
      if (event.clipboardData.files.length && !event.clipboardData.types.includes("text/plain")) {
        event.preventDefault();
        take([...event.clipboardData.files]);
      }
    });
    body.addEventListener("dragover", event => {
      if (event.dataTransfer.types.includes("Files")) {
        event.preventDefault();
        body.classList.add("dropping");
      }
    });
    body.addEventListener("dragleave", () => body.classList.remove("dropping"));
    body.addEventListener("drop", event => {
      body.classList.remove("dropping");
      if (event.dataTransfer.files.length) {
        event.preventDefault();
        take([...event.dataTransfer.files]);
      }
    });
    return () => waiting > 0;
  }

  async function add(form, file) {
    const data = new FormData();
    data.append("form_token", form.elements.form_token.value);
    data.append("file", file);
    const answer = await fetch(form.dataset.media, { method: "POST", body: data, headers: { Accept: "application/json" } });
    if (!answer.headers.get("Content-Type").startsWith("application/json"))
      throw new Error(answer.status === 413 ? "is too large" : "was not taken; save the text, sign in anew and try again");
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.error);
    return found[0][form.dataset.format];
  }

  function insert(body, text) {
    const start = body.selectionStart;
    const before = body.value.slice(0, start).replace(/\n*$/, start ? "\n\n" : "");
    const after = body.value.slice(body.selectionEnd).replace(/^\n*/, "\n\n");
    change(body, before + text + after, (before + text).length);
  }

  function replace(body, mark, text) {
    const at = body.value.indexOf(mark);
    if (at >= 0) change(body, body.value.slice(0, at) + text + body.value.slice(at + mark.length), at + text.length);
  }

  function change(body, value, cursor) {
    body.value = value;
    body.setSelectionRange(cursor, cursor);
    body.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // The preview beside the text: the same form, sent into a frame whose page can do nothing.
  function beside(form, body) {
    const preview = form.querySelector("button[value=preview]");
    if (!preview) return;
    const toggle = document.createElement("button");
    toggle.type = "button";
    toggle.textContent = "Preview beside the text";
    toggle.setAttribute("aria-pressed", "false");
    preview.after(toggle);
    const sender = document.createElement("button");
    Object.assign(sender, { name: "do", value: "preview", hidden: true, formNoValidate: true });
    sender.dataset.beside = "yes";
    form.append(sender);
    let place = null, timer = 0;

    const show = () => {
      // A new frame each time: its first page is no step of the tab's history.
      const frame = document.createElement("iframe");
      frame.name = `beside-${Date.now()}`;
      frame.title = "Preview";
      frame.sandbox = "";
      frame.addEventListener("load", () => { for (const old of place.querySelectorAll("iframe")) if (old !== frame) old.remove(); });
      place.append(frame);
      sender.formTarget = frame.name;
      const picked = [...form.querySelectorAll("[type=file]")];
      for (const one of picked) one.disabled = true;
      form.requestSubmit(sender);
      for (const one of picked) one.disabled = false;
    };
    const later = () => { clearTimeout(timer); timer = setTimeout(show, 700); };
    toggle.addEventListener("click", () => {
      const opens = !place;
      toggle.setAttribute("aria-pressed", String(opens));
      form.classList.toggle("with-preview", opens);
      if (opens) {
        place = document.createElement("div");
        place.className = "beside";
        form.querySelector(".text").after(place);
        form.addEventListener("input", later);
        show();
      } else {
        clearTimeout(timer);
        form.removeEventListener("input", later);
        place.remove();
        place = null;
      }
    });
  }

  const editor = document.querySelector("form[data-editor]");
  if (editor) write(editor);
})();

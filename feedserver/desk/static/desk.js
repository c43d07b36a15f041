// What the desk has beside its forms; all of it works without.
"use strict";

// --- the inbox: j and k move, a approves, s is spam, d deletes, u undoes ---
(() => {
  const PLACE = "feedserver-inbox";
  const ACTIONS = { a: "approve", s: "spam", d: "delete" };
  const thoughts = [...document.querySelectorAll("article.thought")];
  const undo = document.querySelector("[data-key=u]");
  let at = -1, isSent = false;
  if (!thoughts.length && !undo) return;

  const go = index => {
    at = Math.max(0, Math.min(index, thoughts.length - 1));
    if (!thoughts.length) return;
    thoughts[at].tabIndex = -1;
    thoughts[at].focus();
  };
  const press = button => {
    if (!button || isSent) return;
    isSent = true; // the page that follows goes on at the same place
    sessionStorage.setItem(PLACE, at);
    button.click();
  };
  thoughts.forEach((thought, index) => thought.addEventListener("focusin", () => { at = index; }));
  document.addEventListener("keydown", event => {
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
  document.querySelectorAll(".keys").forEach(line => { line.hidden = false; });
  const place = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  if (place !== null) go(Number(place));
})();

// --- the editor: text stays until it is saved, files are dropped into it, a preview stands beside it ---
(() => {
  function write(form) {
    const body = form.elements.body;
    files(form, body); // first: it holds back what is sent
    const typed = () => JSON.stringify([...new FormData(form)].filter(([name]) => isTyped(name)));
    const shown = typed();
    let leaving = false;

    keep(form, typed, shown);
    beside(form, body);

    form.addEventListener("submit", event => { leaving = !isPreview(event); });
    addEventListener("pageshow", () => { leaving = false; });
    addEventListener("beforeunload", event => {
      if (!leaving && ("unsaved" in form.dataset || typed() !== shown)) event.preventDefault();
    });
  }

  const SENT = "feedserver sent"; // names the copy of the form that was sent last
  const isTyped = name => !["form_token", "submission", "file", "do"].includes(name);
  const isPreview = event => event.submitter?.value === "preview";

  // The page comes after a save: the copy of what was sent goes.
  function forgetSent(otherwise) {
    sessionStorage.removeItem(sessionStorage.getItem(SENT) ?? otherwise);
    history.replaceState(null, "", location.pathname); // what is typed since survives a reload
  }

  // Text that was not saved stays in this tab: browsers give back no form of a page that they do not store.
  // The page says whether its text was saved just now, or is not saved; else it is what is stored.
  function keep(form, typed, shown) {
    const key = `feedserver ${form.dataset.editor}`;
    const note = () => {
      try { sessionStorage.setItem(key, typed()); } catch { /* There is no room: the warning stays. */ }
    };
    if ("saved" in form.dataset) forgetSent(key);
    if ("unsaved" in form.dataset) note();
    const kept = sessionStorage.getItem(key);
    const fill = fields => {
      for (const [name, value] of JSON.parse(fields)) if (form.elements[name]) form.elements[name].value = value;
    };
    if (kept && kept !== shown) {
      fill(kept);
      tell(form, "What you had typed here and not saved is filled in again.", "Forget it", () => {
        fill(shown);
        sessionStorage.removeItem(key);
      });
    }
    form.addEventListener("input", note);
    form.addEventListener("submit", event => {
      note();
      if (!isPreview(event)) sessionStorage.setItem(SENT, key);
    });
  }

  const element = (name, more) => Object.assign(document.createElement(name), more);
  const button = (words, onclick) => element("button", { type: "button", textContent: words, onclick });

  function tell(form, words, action = "Close", act = () => {}) {
    const line = element("p", { className: "notice", role: "status" });
    line.append(`${words} `, button(action, () => { act(); line.remove(); }));
    form.before(line);
    return line;
  }

  // Pictures and files that are dropped or pasted into the text are added, and named where the cursor was. Until then
  // a mark stands there, which is neither kept nor sent; what would save the text waits for them.
  function files(form, body) {
    const marks = [];
    let coming = 0, composed = null, waits = null; // the line that says so: without it, nothing is sent
    const put = (text, from, to, cursor) => {
      body.setRangeText(text, from, to, cursor);
      body.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const insert = text => {
      const { value, selectionStart, selectionEnd } = body;
      const from = value.slice(0, selectionStart).replace(/\n*$/, "").length;
      const to = value.length - value.slice(selectionEnd).replace(/^\n*/, "").length;
      put(`${from ? "\n\n" : ""}${text}\n\n`, from, to, "end");
    };
    const take = async (event, list) => {
      if (!list.length) return;
      event.preventDefault();
      coming += 1;
      const marked = [...list].map(file => {
        const mark = `![${file.name} … ${marks.length + 1}]()`;
        marks.push(mark);
        insert(mark);
        return [file, mark];
      });
      for (const [file, mark] of marked) {
        const found = await add(form, file).catch(error => {
          waits?.remove();
          tell(form, `${file.name}: ${error.message}`);
          return "";
        });
        await composed; // a word that is being composed stays whole
        const at = body.value.indexOf(mark);
        if (at >= 0) put(found, at, at + mark.length, "preserve"); // the cursor stays where somebody types
      }
      coming -= 1;
      if (!coming && waits?.isConnected) {
        waits.remove();
        form.requestSubmit(waits.sender);
      }
    };
    form.onformdata = ({ formData }) =>
      formData.set("body", marks.reduce((text, mark) => text.replace(mark, ""), formData.get("body")));
    form.addEventListener("submit", event => {
      if (!coming || isPreview(event)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      waits?.remove();
      waits = tell(form, "It is sent as soon as the files are there.", "Do not send");
      waits.sender = event.submitter;
      waits.scrollIntoView({ block: "nearest" });
    });
    body.addEventListener("compositionstart", () => {
      composed = new Promise(done => body.addEventListener("compositionend", done, { once: true }));
    });
    body.onpaste = event => {
      if (!event.clipboardData.types.includes("text/plain")) take(event, event.clipboardData.files);
    };
    body.ondragover = event => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      body.classList.add("dropping");
    };
    body.ondragleave = () => body.classList.remove("dropping");
    body.ondrop = event => {
      body.classList.remove("dropping");
      take(event, event.dataTransfer.files);
    };
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

  // The preview beside the text: the same form, sent into a frame whose page can do nothing.
  function beside(form, body) {
    const preview = form.querySelector("button[value=preview]");
    if (!preview) return;
    preview.formNoValidate = true;
    let place = null, timer = 0;

    const show = () => {
      // A new frame each time: its first page is no step of the tab's history.
      const frame = element("iframe", { name: `beside-${Date.now()}`, title: "Preview", sandbox: "" });
      frame.onload = () => { for (const old of [...place.children]) if (old !== frame) old.remove(); };
      place.append(frame);
      preview.formTarget = frame.name;
      const picked = [...form.querySelectorAll("[type=file]")];
      for (const one of picked) one.disabled = true;
      form.requestSubmit(preview);
      preview.formTarget = "_blank";
      for (const one of picked) one.disabled = false;
    };
    const later = () => { clearTimeout(timer); timer = setTimeout(show, 700); };
    const toggle = button("Preview beside the text", () => {
      const opens = !place;
      toggle.setAttribute("aria-pressed", opens);
      form.classList.toggle("with-preview", opens);
      if (opens) {
        place = element("div", { className: "beside" });
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
    toggle.setAttribute("aria-pressed", "false");
    preview.after(toggle);
  }

  const editor = document.querySelector("form[data-editor]");
  if (editor) write(editor);
  else if (document.querySelector("[data-deleted]")) forgetSent();
})();

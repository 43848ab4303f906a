"use strict";

// What makes the pages nicer where there is JavaScript. Every page works without it.

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// What is wrong is read first, and its links lead to the field with its question. Newer
// browsers go there by themselves: it has autofocus.
function problems() {
  const summary = document.querySelector(".problems");
  if (summary && document.activeElement !== summary) summary.focus();
  return summary;
}
window.addEventListener("load", () => requestAnimationFrame(problems));

document.addEventListener("click", (event) => {
  const link = event.target.closest && event.target.closest(".problems a[href^='#']");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  const question = field.closest(".field") || field;
  question.scrollIntoView({ block: "start" });
  field.focus({ preventScroll: true });
});

// A menu closes when one goes elsewhere.
function closeMenus(except) {
  for (const menu of all("details[data-menu][open]")) if (!menu.contains(except)) menu.open = false;
}
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("focusin", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of all("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A form is sent once: two taps are one. After a while, or when the page comes back, it
// may be sent again, for an answer can get lost. The server makes twice the same as once.
const again = 10000;

function rest(form) {
  clearTimeout(form.rest);
  form.sending = false;
  for (const button of all("button.is-sending", form)) {
    button.classList.remove("is-sending");
    button.removeAttribute("aria-disabled");
  }
}

function busy(form, button) {
  form.sending = true;
  const pressed = button || form.querySelector("button[type=submit], button:not([type])");
  if (!pressed) return;
  pressed.classList.add("is-sending");
  pressed.setAttribute("aria-disabled", "true");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.sending) {
    event.preventDefault();
    return;
  }
  busy(form, event.submitter);
  if (carries(form)) {
    event.preventDefault();
    upload(form, event.submitter);
    return;
  }
  form.rest = setTimeout(() => rest(form), again);
});

window.addEventListener("pageshow", () => all("form").forEach(rest));

// Files: their names, sizes and small pictures, and how far they are on their way.

const filesOf = (part) => [...part.querySelector("input[type=file]").files];
const carries = (form) => all("[data-upload]", form).some((part) => filesOf(part).length > 0);

function size(bytes) {
  const [amount, unit] = bytes < 1e6 ? [bytes / 1e3, "kilobyte"] : [bytes / 1e6, "megabyte"];
  return new Intl.NumberFormat(document.documentElement.lang, {
    style: "unit", unit, maximumFractionDigits: amount < 10 ? 1 : 0, numberingSystem: "latn",
  }).format(amount);
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  if (text) made.textContent = text;
  return made;
}

function picture(file, words) {
  const image = element("img", "");
  const address = URL.createObjectURL(file);
  image.onload = () => URL.revokeObjectURL(address);
  image.onerror = () => { // a kind that this browser cannot show
    URL.revokeObjectURL(address);
    image.remove();
  };
  image.alt = words;
  image.src = address;
  return image;
}

function chosen(part) {
  const list = part.querySelector(".upload-files");
  list.replaceChildren(...filesOf(part).map((file) => {
    const line = element("li", "upload-file");
    if (file.type.startsWith("image/")) line.append(picture(file, part.dataset.preview));
    const name = element("span", "upload-name");
    const said = element("bdi", "", file.name);
    name.append(said, element("span", "upload-size", size(file.size)));
    line.append(name);
    return line;
  }));
  list.hidden = list.children.length === 0;
  say(part, list.hidden ? "" : part.dataset.chosen);
}

function say(part, words, wrong) {
  const place = part.querySelector(".upload-words");
  place.textContent = words;
  place.classList.toggle("is-wrong", Boolean(wrong));
}

document.addEventListener("change", (event) => {
  const part = event.target.closest("[data-upload]");
  if (part && event.target.type === "file") chosen(part);
});

// A file may also be dropped on the box.
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const box = event.target.closest && event.target.closest(".upload-box");
    if (!box) return;
    event.preventDefault();
    box.classList.toggle("is-over", kind === "dragover");
    if (kind !== "drop" || !event.dataTransfer.files.length) return;
    const input = box.querySelector("input[type=file]");
    const taken = new DataTransfer();
    [...event.dataTransfer.files].slice(0, input.multiple ? undefined : 1).forEach((file) => taken.items.add(file));
    input.files = taken.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

// A form with files is sent beside the page, so that one sees how far it is and still
// has the file when the connection breaks.
function upload(form, button) {
  const part = all("[data-upload]", form).find((one) => filesOf(one).length > 0);
  const bar = part.querySelector(".upload-sending");
  const progress = bar.querySelector("progress");
  const values = new FormData(form);
  const action = button && button.hasAttribute("formaction") ? button.formAction : form.getAttribute("action") || location.href;
  if (button && button.name) values.append(button.name, button.value);

  const request = new XMLHttpRequest();
  request.open("POST", action);
  request.upload.onprogress = (event) => {
    if (event.lengthComputable) progress.value = (100 * event.loaded) / event.total;
  };
  request.upload.onload = () => say(part, part.dataset.checking);
  request.onload = () => {
    const page = request.status && /html/.test(request.getResponseHeader("Content-Type") || "");
    if (!page) failed();
    else if (request.status < 300) location.assign(request.responseURL);
    else show(request.responseText);
  };
  const failed = () => {
    bar.hidden = true;
    progress.value = 0;
    say(part, part.dataset.failed, true);
    rest(form);
  };
  request.onerror = request.onabort = request.ontimeout = failed;
  bar.hidden = false;
  say(part, part.dataset.sending);
  request.send(values);
}

// The answer to a form that has to be corrected takes the place of the page.
function show(answer) {
  const next = new DOMParser().parseFromString(answer, "text/html");
  const main = next.querySelector("main");
  if (!main) return location.reload();
  for (const first of all("[autofocus]", main)) first.removeAttribute("autofocus");
  document.title = next.title;
  document.querySelector("main").replaceWith(document.adoptNode(main));
  film();
  if (!problems()) document.querySelector("main").focus();
  window.scrollTo(0, 0);
}

// A chapter of the film counts once its length has passed: the button looks as if it
// waits until then. Pressed early it is sent all the same, and the server says why not.
function film() {
  const video = document.querySelector("video[data-seconds]");
  const seconds = video ? Number(video.dataset.seconds) : 0;
  const button = document.querySelector("form.questions button[type=submit]");
  if (!button || !(seconds > 0)) return;
  const ready = () => {
    clearTimeout(timer);
    button.removeAttribute("aria-disabled");
  };
  const timer = setTimeout(ready, seconds * 1000);
  button.setAttribute("aria-disabled", "true");
  video.addEventListener("ended", ready);
}

// Two minutes before a session ends without a sign of life, it is asked whether to go
// on. Pages of the same browser tell each other when one of them had an answer.
function timeout() {
  const box = document.getElementById("timeout");
  if (!box || !box.showModal) return;
  const idle = Number(box.dataset.idle) * 1000;
  const notice = Math.min(120000, idle / 2);
  const words = box.querySelector(".timeout-words");
  const button = box.querySelector("[data-stay-button]");
  const heading = box.querySelector("h2");
  const asking = [heading.textContent, words.textContent, button.textContent];
  const others = "BroadcastChannel" in window ? new BroadcastChannel("peercert-stay") : null;
  let seen = Date.now();
  let ended = false; // the session has: what is typed can only be copied

  const alive = () => {
    seen = Date.now();
    ended = false;
    [heading.textContent, words.textContent, button.textContent] = asking;
    if (box.open) box.close();
  };
  const over = () => {
    heading.textContent = box.dataset.overHeading;
    words.textContent = box.dataset.over;
    button.textContent = box.dataset.close;
    ended = true;
    if (!box.open) box.showModal();
  };
  // Without a connection nothing is known: the box stays, and one may try again.
  const stay = () =>
    fetch(box.dataset.stay, { method: "POST", redirect: "manual" }).then((answer) => {
      if (answer.type === "opaqueredirect") return over(); // led to the page to sign in
      if (!answer.ok) return;
      alive();
      if (others) others.postMessage("alive");
    }, () => {});

  // A page that slept, on a phone in a pocket, looks at the clock when it wakes.
  const look = () => {
    const passed = Date.now() - seen;
    if (ended) return;
    if (passed >= idle) over();
    else if (passed >= idle - notice && !box.open) box.showModal();
  };
  setInterval(look, Math.min(5000, notice / 4));
  document.addEventListener("visibilitychange", look);

  button.addEventListener("click", () => {
    if (ended) box.close();
    else stay();
  });
  box.addEventListener("cancel", (event) => {
    event.preventDefault();
    button.click();
  });
  if (others) {
    others.onmessage = alive;
    others.postMessage("alive"); // this page was just sent
  }

  // Whoever types is here.
  let asked = Date.now();
  document.addEventListener("input", () => {
    if (Date.now() - asked < 60000 || box.open || ended) return;
    asked = Date.now();
    stay();
  });
}

film();
timeout();

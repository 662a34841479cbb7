// Makes the desk nicer where there is JavaScript; everything works without it.
"use strict";

// Progress of a batch: <section data-progress="URL"> is replaced by what the server renders, until it says it is done.
const watched = document.querySelector("[data-progress]");
if (watched) {
  const poll = async () => {
    try {
      const answer = await fetch(watched.dataset.progress, { headers: { Accept: "text/html" }, credentials: "same-origin" });
      if (answer.ok) {
        const text = await answer.text();
        const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-progress]");
        if (!fresh || fresh.dataset.done !== undefined) { location.reload(); return; }
        watched.replaceChildren(...fresh.childNodes);
        if (fresh.dataset.title) document.title = fresh.dataset.title;
        // A live region must have been there before its words: it stands outside what is replaced.
        const said = document.getElementById("progress-said");
        if (said && fresh.dataset.say && said.textContent !== fresh.dataset.say) said.textContent = fresh.dataset.say;
      }
    } catch { /* the network went away: the next turn tries again */ }
    setTimeout(poll, 1000);
  };
  setTimeout(poll, 700);
}

// Copy buttons: <button data-copy="#id"> copies that element's text or value.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.querySelector(button.dataset.copy);
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    const said = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = said; }, 2000);
  });
}

// A file dropped anywhere on the form is chosen.
for (const form of document.querySelectorAll("form.drop")) {
  const input = form.querySelector("input[type=file]");
  for (const kind of ["dragover", "dragenter"]) form.addEventListener(kind, (event) => { event.preventDefault(); form.classList.add("over"); });
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => { event.preventDefault(); form.classList.remove("over"); if (event.dataTransfer.files.length) input.files = event.dataTransfer.files; });
}

// A form is sent once: the second click does nothing, and the server would not do it twice either.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 8000);
  });
}

// Errors are read first.
document.getElementById("error-summary")?.focus();

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

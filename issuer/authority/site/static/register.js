"use strict";
// Makes the lists easier to reach: a search over titles, references, developers and providers. The data file is
// fetched when somebody first looks for something. Without this script every page is still one or two links away.
(() => {
  const MOST = 60;
  const form = document.getElementById("search");
  const field = document.getElementById("q");
  const found = document.getElementById("found");
  const results = document.getElementById("results");
  let entries = null;
  let asked = false;

  const folded = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

  const listing = ([ref, en, mi, level, credits, developer]) => ({
    href: `listings/${ref}.html`,
    title: en || mi || ref,
    language: en ? null : mi ? "mi" : null,
    note: `${ref} · ${level === null ? "level not recorded" : `level ${level}`} · ${credits === null ? "credits not recorded" : `${credits} credits`}`,
    exact: folded(ref),
    text: folded([ref, en, mi, developer].join(" ")),
  });
  const provider = ([number, name, trading]) => ({
    href: `providers/${number}.html`,
    title: name,
    language: null,
    note: `Provider ${number}${trading ? ` · trading as ${trading}` : ""}`,
    exact: number,
    text: folded([number, name, trading].join(" ")),
  });

  window.registerEntries = (data) => {
    entries = [...data.providers.map(provider), ...data.listings.map(listing)];
    look();
  };

  function fetchEntries() {
    if (asked) return;
    asked = true;
    const script = document.createElement("script");
    script.src = "assets/search-data.js";
    script.addEventListener("error", () => {
      asked = false;
      found.textContent = "The search could not be loaded; the lists below lead to every page.";
    });
    document.head.append(script);
  }

  function look() {
    const words = folded(field.value).split(/\s+/).filter(Boolean);
    results.replaceChildren();
    if (words.length === 0 || entries === null) {
      found.textContent = words.length === 0 ? "" : "Loading…";
      return;
    }
    const hits = entries.filter((entry) => words.every((word) => entry.text.includes(word)));
    hits.sort((one, two) => Number(two.exact === words[0]) - Number(one.exact === words[0]));
    found.textContent = hits.length === 0 ? "Nothing found. The register may still hold it under another word: try the lists below."
      : hits.length > MOST ? `${hits.length} found; the first ${MOST} are shown.` : `${hits.length} found.`;
    for (const hit of hits.slice(0, MOST)) {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = hit.href;
      link.textContent = hit.title;
      if (hit.language) link.lang = hit.language;
      const note = document.createElement("span");
      note.textContent = hit.note;
      item.append(link, note);
      results.append(item);
    }
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    fetchEntries();
    look();
  });
  field.addEventListener("focus", fetchEntries);
  field.addEventListener("input", look);
  const given = new URLSearchParams(location.search).get("q");
  if (given) {
    field.value = given;
    fetchEntries();
    look();
  }
})();

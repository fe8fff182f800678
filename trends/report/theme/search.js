// Search over pages, findings and figures. The index is a script, loaded when somebody searches: that works from a folder.
(function () {
  "use strict";
  var tag = document.currentScript.dataset, index = null, dialog, field, list, told, wait;

  // As report/search.py folds the words of the index.
  function plain(text) {
    return text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f\u064b-\u065f\u0670\u0640\u2066-\u2069]/g, "")
      .replace(/\u0671/g, "\u0627").replace(/\u0649/g, "\u064a").replace(/\u0629/g, "\u0647");
  }

  function split(text) { return plain(text).match(/[\p{L}\p{N}]+/gu) || []; }

  // An element of the kind, HTML or SVG, of the one that it goes into.
  function make(name, inside, attributes, text) {
    var made = document.createElementNS(inside ? inside.namespaceURI : document.body.namespaceURI, name);
    for (var key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    return inside ? inside.appendChild(made) : made;
  }

  // The scripts of figures and tables, which come after this one, write in the same letters.
  window.trends = { make: make, plain: plain };

  // Where each form of a word stands, a title counting three times, and which forms share a stem.
  function read(given) {
    given.where = new Map();
    given.same = new Map();
    given.entries.forEach((entry, number) => {
      [4, 3].forEach(part => split(entry[part]).forEach(form => {
        if (!given.where.has(form)) given.where.set(form, new Map());
        given.where.get(form).set(number, part < 4 ? 3 : 1);
      }));
    });
    given.stems.forEach(forms => {
      forms.forEach((form, at) => { if (at || !given.same.has(form)) given.same.set(form, forms); });
    });
    return given;
  }

  // The forms that a typed word may mean, each with how well it fits.
  function meant(word) {
    var found = new Map();
    function add(form, fit) { if (index.where.has(form) && !(found.get(form) >= fit)) found.set(form, fit); }
    var shorter = [word, word.replace(/^[\u0648\u0641\u0628\u0643]?\u0627\u0644|^\u0644\u0644|^[\u0648\u0641\u0628\u0643\u0644]/, "")];
    shorter.filter(one => one === word || one.length > 2).forEach((one, cut) => {
      (index.same.get(one) || []).forEach(form => { add(form, 0.8); });
      if (one.length > 1) index.where.forEach((_, form) => { if (form.startsWith(one)) add(form, 0.6); });
      add(one, cut ? 0.8 : 1);
    });
    // A form that the site never says: the longest stem that it begins with.
    if (!found.size) {
      var best = index.stems.filter(forms => {
        return forms[0].length > 2 && word.startsWith(forms[0]) && word.length - forms[0].length < 5;
      }).sort((a, b) => b[0].length - a[0].length)[0];
      (best || []).forEach(form => { add(form, 0.5); });
    }
    return found;
  }

  function find(asked) {
    var words = [...new Set(split(asked))], scores = new Map(), forms = new Set(), mass = 0;
    var telling = words.filter(word => !index.common.includes(word));
    (telling.length ? telling : words).forEach(word => {
      var best = new Map();
      meant(word).forEach((fit, form) => {
        forms.add(form);
        index.where.get(form).forEach((weight, number) => {
          best.set(number, Math.max(best.get(number) || 0, fit * weight));
        });
      });
      var rare = Math.log(1 + index.entries.length / (1 + best.size));
      mass += rare;
      best.forEach((score, number) => {
        var sum = scores.get(number) || [0, 0];
        scores.set(number, [sum[0] + rare, sum[1] + rare * score]);
      });
    });
    // Kept is what answers most of what was asked, words weighed by how rare they are.
    var kept = [...scores].filter(one => one[1][0] > 0.6 * mass);
    kept.sort((a, b) => b[1][0] - a[1][0] || b[1][1] - a[1][1] || a[0] - b[0]);
    return { forms: forms, entries: kept.map(one => index.entries[one[0]]) };
  }

  // A stretch of text round the first word that was meant, such words marked.
  function excerpt(inside, text, forms, limit) {
    var parts = text.split(/([\p{L}\p{N}\p{M}]+)/u), at = 0, first = -1;
    parts.forEach((part, number) => {
      if (first < 0 && number % 2 && forms.has(plain(part))) first = at;
      at += part.length;
    });
    var from = text.length > limit && first > limit / 3 ? text.indexOf(" ", first - limit / 3) + 1 : 0;
    if (from) inside.append("\u2026 ");
    at = 0;
    parts.forEach((part, number) => {
      var inReach = at >= from && at < from + limit;
      at += part.length;
      if (!inReach) return;
      if (number % 2 && forms.has(plain(part))) make("mark", inside, {}, part);
      else inside.append(part);
    });
    if (at > from + limit) inside.append(" \u2026");
  }

  function show() {
    wait = clearTimeout(wait);
    list.textContent = told.textContent = "";
    if (!index || !field.value.trim()) return;
    var found = find(field.value), words = index.words;
    told.textContent = found.entries.length ? words.count.replace("{n}", found.entries.length) : words.none;
    ["page", "finding", "figure"].forEach(kind => {
      var all = found.entries.filter(entry => entry[0] === kind);
      if (!all.length) return;
      make("h2", list, {}, words[kind] + ": " + words.of.replace("{n}", Math.min(8, all.length)).replace("{all}", all.length));
      var items = make("ul", list);
      all.slice(0, 8).forEach(entry => {
        var page = index.pages[entry[1]], hash = entry[2] ? "#" + encodeURIComponent(entry[2]) : "";
        var link = make("a", make("li", items), { href: tag.root + page[0] + hash });
        var named = kind === "page" && page[1] !== entry[3] ? page[1] + " \u203a " : "";
        excerpt(make("span", link, { "class": "search-title" }), named + entry[3], found.forms, 240);
        excerpt(make("span", link), entry[4], found.forms, 150);
      });
    });
  }

  function move(event) {
    if (wait) show();
    var stops = [field, ...list.querySelectorAll("a")];
    var at = stops.indexOf(document.activeElement);
    var step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" && at === 0 && stops.length > 1) {
      event.preventDefault();
      stops[1].click();
    } else if (step && at >= 0) {
      event.preventDefault();
      stops[Math.max(0, Math.min(stops.length - 1, at + step))].focus();
    }
  }

  function build() {
    dialog = make("dialog", document.body, { "class": "search", "aria-label": tag.label });
    var bar = make("div", dialog, { "class": "search-bar" });
    field = make("input", bar, { role: "searchbox", autocomplete: "off", spellcheck: "false", "aria-label": tag.label });
    var close = make("button", bar, { type: "button" });
    told = make("p", dialog, { role: "status" });
    list = make("div", dialog, { "class": "search-found" });
    var keys = make("p", dialog, { "class": "search-keys" });
    window.trendsSearch = async packed => {
      var bytes = Uint8Array.from(atob(packed), one => one.charCodeAt());
      var unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
      index = read(await new Response(unpacked).json());
      field.placeholder = index.words.hint;
      close.textContent = index.words.close;
      keys.textContent = index.words.keys;
      show();
    };
    make("script", document.head, { src: tag.root + tag.index });
    field.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(show, 30); });
    dialog.addEventListener("keydown", move);
    dialog.addEventListener("click", event => {
      // What a link leads to may stand on the page below.
      if (event.target === dialog || event.target.closest("a, button")) dialog.close();
    });
  }

  function open() {
    if (!dialog) build();
    if (!dialog.open) dialog.showModal();
    field.select();
  }

  var button = document.querySelector(".search-open");
  if (!button) {
    // Pages of Quarto have it at the end of their bar, or where there is none above their text.
    button = make("button", null, { type: "button", "class": "search-open", "aria-keyshortcuts": "/" }, tag.label);
    var bar = document.querySelector(".navbar-container, main");
    bar.insertBefore(button, bar.querySelector("main > header"));
  }
  button.addEventListener("click", open);
  document.addEventListener("keydown", event => {
    var writes = event.target.closest("input, select, textarea, [contenteditable]");
    if (writes || event.ctrlKey || event.metaKey || event.altKey) return;
    // An Arabic keyboard has another letter on that key.
    if (event.key !== "/" && event.key !== "\u0638") return;
    event.preventDefault();
    open();
  });
})();

// Search, filters and sorting for a table of class `figures`, built beside it so that the table is whole without script.
(function () {
  "use strict";

  // Those of search.js.
  var make = window.trends.make, plain = window.trends.plain;

  function labelled(text, control) {
    var label = make("label", null, {}, text + " ");
    label.appendChild(control);
    return label;
  }

  function value(row, column) {
    var cell = row.cells[column];
    return cell.dataset.n !== undefined ? Number(cell.dataset.n) : cell.dataset.s || cell.textContent;
  }

  function start(table) {
    var words = table.dataset, lang = document.documentElement.lang;
    var body = table.tBodies[0], rows = [...body.rows];
    var heads = [...table.tHead.rows[0].cells];
    var texts = new Map(rows.map(row => [row, plain(row.textContent + " " + row.id)]));
    var bar = table.parentElement.previousElementSibling;
    var search = make("input", null, { type: "search", autocomplete: "off" });
    var count = make("p", null, { role: "status" });
    var filters = [];

    bar.appendChild(labelled(words.search, search));
    heads.forEach((head, column) => {
      if (head.dataset.filter === undefined) return;
      var select = make("select", null);
      var kept = new Set();
      rows.forEach(row => {
        (row.cells[column].dataset.f || row.cells[column].textContent).split("|").forEach(one => { kept.add(one); });
      });
      select.appendChild(make("option", null, { value: "" }, words.all));
      [...kept].filter(Boolean).sort((a, b) => a.localeCompare(b, lang, { numeric: true }))
        .forEach(one => { select.appendChild(make("option", null, { value: one }, one)); });
      filters.push([select, column]);
      bar.appendChild(labelled(head.textContent, select));
    });
    var clear = make("button", null, { type: "button" }, words.clear);
    bar.appendChild(clear);
    bar.appendChild(count);

    function show() {
      var asked = plain(search.value).split(/\s+/).filter(Boolean), shown = 0;
      rows.forEach(row => {
        var fits = asked.every(word => texts.get(row).includes(word))
          && filters.every(pair => {
            if (!pair[0].value) return true;
            var cell = row.cells[pair[1]];
            return (cell.dataset.f || cell.textContent).split("|").includes(pair[0].value);
          });
        row.hidden = !fits;
        shown += fits;
      });
      count.textContent = words.count.replace("{n}", shown).replace("{all}", rows.length);
    }

    heads.forEach((head, column) => {
      var button = make("button", null, { type: "button" }, head.textContent);
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", () => {
        var down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach(one => { one.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        rows.sort((a, b) => {
          var one = value(a, column), other = value(b, column);
          var order = typeof one === "number" ? one - other : one.localeCompare(other, lang, { numeric: true });
          return down ? -order : order;
        });
        rows.forEach(row => { body.appendChild(row); });
      });
    });

    search.addEventListener("input", show);
    filters.forEach(pair => { pair[0].addEventListener("change", show); });
    clear.addEventListener("click", () => {
      search.value = "";
      filters.forEach(pair => { pair[0].value = ""; });
      show();
      search.focus();
    });
    // What a link asks for is shown, whatever is filtered.
    function called() {
      var row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (row && body.contains(row) && row.hidden) clear.click();
      if (row && body.contains(row)) row.scrollIntoView({ block: "center", behavior: "instant" });
    }
    addEventListener("hashchange", called);
    show();
    if (location.hash) called();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("table.figures").forEach(start);
  });
})();

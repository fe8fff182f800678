// A chart over a table of counts of class `explore`: one counter at a time, a range of years, the value of each month.
(function () {
  "use strict";
  // That of search.js.
  var make = window.trends.make;

  function start(box) {
    var view = box.querySelector(".explore-view"), words = view.dataset, table = box.querySelector("table");
    var all = [...table.tBodies[0].rows], heads = [...table.tHead.rows[0].cells].slice(1);
    var bar = make("div", view, { "class": "explore-bar" }), rows = [], places = [];

    function choose(label, options) {
      var select = make("select", make("label", bar, {}, label + " "));
      options.forEach(one => { make("option", select, { value: one[0] }, one[1]); });
      select.addEventListener("change", draw);
      return select;
    }

    function shape(name, attributes, text) {
      var made = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (var key in attributes) made.setAttribute(key, attributes[key]);
      if (text !== undefined) made.textContent = text;
      return chart.appendChild(made);
    }

    function year(row) { return row.dataset.month.slice(0, 4); }

    var years = [...new Set(all.map(year))].map(one => [one, one]);
    var source = choose(words.source, heads.map((head, at) => [at + 1, head.textContent]));
    var first = choose(words.from, years), last = choose(words.to, years);
    last.value = years[years.length - 1][0];
    var chart = document.createElementNS("http://www.w3.org/2000/svg", "svg"), cursor;
    chart.setAttribute("viewBox", "0 0 640 230");
    chart.setAttribute("aria-hidden", "true");
    view.appendChild(chart);
    var at = make("input", view, { type: "range", dir: "ltr", min: 0, "aria-label": words.at });
    var told = make("output", view);

    function tell() {
      var row = rows[at.value];
      if (!row) return;
      told.textContent = row.cells[0].textContent + ": " + (row.cells[source.value].textContent || words.none);
      at.setAttribute("aria-valuetext", told.textContent);
      cursor.setAttribute("d", "M" + places[at.value] + " 10V205");
    }

    function draw() {
      if (last.value < first.value) last.value = first.value;
      all.forEach(row => { row.hidden = year(row) < first.value || year(row) > last.value; });
      rows = all.filter(row => !row.hidden);
      var counts = rows.map(row => {
        var cell = row.cells[source.value];
        return cell.textContent ? Number(cell.dataset.n || cell.textContent) : NaN;
      });
      var known = counts.filter(isFinite), most = Math.max.apply(null, known.concat(4));
      var step = Math.pow(10, Math.floor(Math.log10(most)));
      step *= most / step > 5 ? 2 : most / step > 2 ? 1 : 0.5;
      var top = Math.ceil(most / step) * step, line = "", dots = "", before = false;
      function high(count) { return 205 - 190 * count / top; }
      chart.textContent = "";
      for (var tick = 0; tick <= top; tick += step) {
        shape("path", { d: "M44 " + high(tick) + "H636", "class": "explore-grid" });
        shape("text", { x: 38, y: high(tick) + 4, "text-anchor": "end" }, tick);
      }
      places = rows.map((_, number) => 50 + 580 * number / Math.max(1, rows.length - 1));
      counts.forEach((count, number) => {
        var here = places[number] + " " + high(count);
        if (isFinite(count)) {
          line += (before ? "L" : "M") + here;
          dots += "M" + here + "h0";
        }
        before = isFinite(count);
        if (/-01$/.test(rows[number].dataset.month)) shape("text", { x: places[number], y: 224, "text-anchor": "middle" }, year(rows[number]));
      });
      shape("path", { d: line, "class": "explore-line" });
      shape("path", { d: dots, "class": "explore-dots" });
      cursor = shape("path", { "class": "explore-at" });
      at.max = rows.length - 1;
      at.value = rows.length - 1;
      tell();
    }

    at.addEventListener("input", tell);
    chart.addEventListener("pointermove", event => {
      var box = chart.getBoundingClientRect();
      at.value = Math.round(((event.clientX - box.left) / box.width * 640 - 50) / 580 * (rows.length - 1));
      tell();
    });
    draw();
  }

  // Of what a reader may suppose, one supposition is shown at a time.
  function suppose(box) {
    var items = [...box.querySelectorAll("li")], asked = box.querySelector("p");
    var select = make("select", make("label", null, {}, asked.textContent + " "));
    items.forEach((item, number) => {
      var name = item.querySelector("strong");
      make("option", select, { value: number }, name.textContent);
      name.hidden = true;
    });
    function show() { items.forEach((item, number) => { item.hidden = number !== Number(select.value); }); }
    select.addEventListener("change", show);
    asked.replaceWith(select.parentElement);
    show();
  }

  document.querySelectorAll(".explore").forEach(start);
  document.querySelectorAll(".what-if").forEach(suppose);
})();

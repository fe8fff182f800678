// A chart over a table of counts of class `explore`: one counter at a time, a range of years, the value of each month.
(function () {
  "use strict";
  // That of search.js.
  var make = window.trends.make;

  function start(box) {
    var view = box.querySelector(".explore-view"), words = view.dataset, table = box.querySelector("table");
    var all = [...table.tBodies[0].rows], heads = [...table.tHead.rows[0].cells].slice(1);
    var bar = make("div", view, { "class": "explore-bar" }), rows = [], places = [];

    function choose(label, options, then) {
      var select = make("select", make("label", bar, {}, label + " "));
      options.forEach(one => { make("option", select, { value: one[0] }, one[1]); });
      select.addEventListener("change", then);
      return select;
    }

    function year(row) { return row.dataset.month.slice(0, 4); }

    // Where a counter is chosen, the years in which it counted are.
    function reach() {
      var counted = all.filter(row => row.cells[source.value].textContent);
      first.value = year(counted[0]);
      last.value = year(counted[counted.length - 1]);
      draw();
    }

    var years = [...new Set(all.map(year))].map(one => [one, one]);
    var source = choose(words.source, heads.map((head, at) => [at + 1, head.textContent]), reach);
    var first = choose(words.from, years, draw), last = choose(words.to, years, draw);
    var chart = document.createElementNS("http://www.w3.org/2000/svg", "svg"), cursor, wide;
    view.appendChild(chart).setAttribute("aria-hidden", "true");
    var at = make("input", view, { type: "range", dir: "ltr", min: 0, "aria-label": words.at });
    var told = make("output", view);

    function tell() {
      var row = rows[at.value];
      told.textContent = row.cells[0].textContent + ": " + (row.cells[source.value].textContent || words.none);
      at.setAttribute("aria-valuetext", told.textContent);
      cursor.setAttribute("d", "M" + places[at.value] + " 10V205");
    }

    function draw() {
      if (last.value < first.value) last.value = first.value;
      all.forEach(row => { row.hidden = year(row) < first.value || year(row) > last.value; });
      rows = all.filter(row => !row.hidden);
      wide = Math.max(260, view.clientWidth);
      places = rows.map((_, number) => 50 + (wide - 65) * number / (rows.length - 1));
      var counts = rows.map(row => {
        var cell = row.cells[source.value];
        return cell.textContent ? Number(cell.dataset.n || cell.textContent) : NaN;
      });
      var most = Math.max(4, ...counts.filter(isFinite)), step = Math.pow(10, Math.floor(Math.log10(most)));
      step *= most / step > 5 ? 2 : most / step > 2 ? 1 : 0.5;
      var top = Math.ceil(most / step) * step, line = "", dots = "", newest = 0;
      var high = count => 205 - 190 * count / top;
      chart.textContent = "";
      chart.setAttribute("viewBox", "0 0 " + wide + " 230");
      for (var tick = 0; tick <= top; tick += step) {
        make("path", chart, { d: "M44 " + high(tick) + "H" + wide, "class": "grid" });
        make("text", chart, { x: 38, y: high(tick) + 4, "text-anchor": "end" }, tick);
      }
      counts.forEach((count, number) => {
        var here = places[number] + " " + high(count), month = rows[number].dataset.month;
        if (isFinite(count)) {
          line += (isFinite(counts[number - 1]) ? "L" : "M") + here;
          dots += "M" + here + "h0";
          newest = number;
        }
        if (/-01$/.test(month) && number / 12 % Math.ceil(rows.length * 4 / wide) === 0) make("text", chart, { x: places[number], y: 224, "text-anchor": "middle" }, year(rows[number]));
      });
      make("path", chart, { d: line, "class": "line" });
      make("path", chart, { d: dots, "class": "dots" });
      cursor = make("path", chart, { "class": "at" });
      at.max = rows.length - 1;
      at.value = newest;
      tell();
    }

    at.addEventListener("input", tell);
    box.addEventListener("toggle", draw);
    chart.addEventListener("pointermove", event => {
      var box = chart.getBoundingClientRect();
      at.value = Math.round((event.clientX - box.left - 50) / (wide - 65) * (rows.length - 1));
      tell();
    });
    reach();
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

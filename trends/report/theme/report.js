// The light-or-dark switch, and saving a figure as a picture. Everything else works without script.
(function () {
  "use strict";
  var root = document.documentElement;
  root.dataset.script = "";
  var kept;
  try { kept = localStorage.getItem("scheme"); } catch (error) { /* private window */ }
  if (kept === "light" || kept === "dark") root.dataset.scheme = kept;

  function isDark() {
    var chosen = root.dataset.scheme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function offer(address, name) {
    var link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
  }

  // A figure as a file of its own: the colours of print, whatever the scheme of the page.
  function save(button) {
    var drawn = button.parentElement.previousElementSibling.querySelector("svg");
    var copy = drawn.cloneNode(true);
    var { width, height } = drawn.viewBox.baseVal;
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("font-family", getComputedStyle(drawn.querySelector("text") || drawn).fontFamily);
    var text = new XMLSerializer().serializeToString(copy).replace(/var\(--fig-[a-z]+,\s(#[0-9a-f]{6})\)/g, "$1");
    var address = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
    if (button.dataset.save === "svg") return offer(address, button.dataset.name + ".svg");
    var picture = new Image();
    picture.onload = () => {
      var canvas = document.createElement("canvas");
      canvas.width = 3 * width;
      canvas.height = 3 * height;
      var paper = canvas.getContext("2d");
      paper.fillStyle = "#ffffff";
      paper.fillRect(0, 0, canvas.width, canvas.height);
      paper.drawImage(picture, 0, 0, canvas.width, canvas.height);
      offer(canvas.toDataURL("image/png"), button.dataset.name + ".png");
    };
    picture.src = address;
  }

  document.addEventListener("DOMContentLoaded", () => {
    var toggle = document.querySelector(".scheme-toggle");
    if (toggle) {
      toggle.setAttribute("aria-pressed", isDark());
      toggle.addEventListener("click", () => {
        var next = isDark() ? "light" : "dark";
        root.dataset.scheme = next;
        toggle.setAttribute("aria-pressed", isDark());
        try { localStorage.setItem("scheme", next); } catch (error) { /* private window */ }
      });
    }
    document.querySelectorAll("[data-save]").forEach(button => {
      button.addEventListener("click", () => { save(button); });
    });
    var fold = document.querySelector(".sidebar-fold");
    if (fold && matchMedia("(max-width: 59.99rem)").matches) fold.open = false;
    if (fold) fold.dataset.ready = "";
  });
})();

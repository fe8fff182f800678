// The light-or-dark switch, and hovering on a finding. Everything else works without script.
(function () {
  "use strict";
  var root = document.documentElement;
  root.dataset.script = "";
  var kept = null;
  try { kept = localStorage.getItem("scheme"); } catch (error) { kept = null; }
  if (kept === "light" || kept === "dark") root.dataset.scheme = kept;

  function isDark() {
    return root.dataset.scheme
      ? root.dataset.scheme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  document.addEventListener("DOMContentLoaded", function () {
    var toggle = document.querySelector(".scheme-toggle");
    if (toggle) {
      toggle.hidden = false;
      toggle.setAttribute("aria-pressed", String(isDark()));
      toggle.addEventListener("click", function () {
        var next = isDark() ? "light" : "dark";
        root.dataset.scheme = next;
        toggle.setAttribute("aria-pressed", String(next === "dark"));
        try { localStorage.setItem("scheme", next); } catch (error) { /* private window */ }
      });
    }
    var fold = document.querySelector(".sidebar-fold");
    if (fold && matchMedia("(max-width: 59.99rem)").matches) fold.open = false;
    if (fold) fold.dataset.ready = "";
  });
})();

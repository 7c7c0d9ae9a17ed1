// Runs before the first paint: language and theme of this browser, from the cookies or from what the browser asks for.
(function () {
  var root = document.documentElement;
  var cookie = function (name) {
    var found = document.cookie.match("(?:^|; )" + name + "=([^;]*)");
    return found ? found[1] : "";
  };
  var wanted = cookie("orch_lang") || (/^pt/i.test(navigator.language || "") ? "pt-BR" : "en");
  var language = wanted === "en" ? "en" : "pt-BR";
  root.setAttribute("lang", language);
  root.setAttribute("data-theme", cookie("orch_theme") === "light" ? "light" : "dark");
  try {
    // The days of the dashboard are those of this clock.
    localStorage.setItem("orch_zone", Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
  } catch (refused) {
    // A browser that keeps nothing sees days in UTC.
  }
  // The exported page is written in pt-BR: wait for the translation instead of flashing the wrong language.
  if (language !== "pt-BR") root.setAttribute("data-pending", "");
})();

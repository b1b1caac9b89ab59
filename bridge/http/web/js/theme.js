/* Loaded before anything is drawn, so that a chosen theme does not flash. */
(function () {
  try {
    const chosen = localStorage.getItem("bridgehead.theme");
    if (chosen) document.documentElement.dataset.theme = chosen;
  } catch {
    // Without storage the system's theme stands.
  }
})();

// The desk's map on one day, or from today on.
(function (geo) {
  "use strict";
  document.getElementById("day").addEventListener("change", (event) => geo.showDay(event.target.value || null));
})(window.GeoService);

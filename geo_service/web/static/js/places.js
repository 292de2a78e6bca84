// Lists beside the map: a name leads to its place on it.
(function (geo) {
  "use strict";
  const go = (lon, lat) => geo.map.setView([Number(lat), Number(lon)], Math.max(geo.map.getZoom(), 18));
  document.getElementById("in-street")?.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-lon]");
    if (button && button.dataset.lon) go(button.dataset.lon, button.dataset.lat);
  });
  const field = document.getElementById("street");
  field?.addEventListener("input", () => {
    const found = [...document.getElementById("streets").options].find((one) => one.value === field.value);
    if (found) go(found.dataset.lon, found.dataset.lat);
  });
  // Enter looks for the street; it does not send the form that the field lies in.
  field?.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
})(window.GeoService);

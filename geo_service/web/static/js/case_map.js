// The area of one case on its map, and where its findings are.
(function (geo) {
  "use strict";
  const shown = JSON.parse(document.getElementById("case").textContent);
  const area = L.geoJSON({ type: "Feature", geometry: shown.geometry, properties: {} }, { pane: "drawing", interactive: false, style: { color: "#10222e", weight: 3, fillColor: "#10222e", fillOpacity: 0.25 } }).addTo(geo.map);
  const stated = shown.detour || null;
  geo.showDetour(geo.detourLayer(geo.map), stated || shown.detour_offer, !stated);
  geo.showOverlaps(geo.overlapLayer(geo.map), shown.findings);
  geo.map.fitBounds(area.getBounds().pad(1.5), { maxZoom: 19, animate: false });
})(window.GeoService);

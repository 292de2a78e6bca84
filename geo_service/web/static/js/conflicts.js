// The findings of the conflicts page on its map: fetched from their own address, drawn by severity, found from the table.
(function (geo) {
  "use strict";
  const source = JSON.parse(document.getElementById("conflicts-source").textContent);
  const colours = { block: "#9b1c1c", undetermined: "#7b3fa0", warn: "#c77700", info: "#0a4a5f", chance: "#1b6137" };
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const shapes = new Map();

  const named = (thing) => (thing ? [thing.reference, geo.language === "en" ? thing.label_en : thing.label].filter(Boolean).join(" · ") : "");
  function content(one) {
    return geo.el("div", { class: "popup" },
      geo.el("p", { class: "popup-kind" }, `${one.number} · ${one.title[geo.language]}`),
      geo.el("h3", { class: "popup-heading" }, named(one.mine)),
      one.other ? geo.el("p", {}, `↔ ${named(one.other)}`) : null,
      geo.el("p", {}, one.explanation[geo.language]));
  }
  function style(feature) {
    const colour = colours[feature.properties.severity] || "#10222e";
    return { color: colour, weight: 3, fillColor: colour, fillOpacity: 0.4 };
  }
  const layer = L.geoJSON(null, {
    pane: "drawing",
    style,
    pointToLayer: (feature, place) => L.circleMarker(place, { ...style(feature), pane: "drawing", radius: 7 }),
    onEachFeature(feature, shape) {
      shapes.set(feature.id, shape);
      shape.on("click", (event) => {
        L.DomEvent.stop(event);
        show(feature.id, event.latlng);
      });
    },
  }).addTo(geo.map);
  // A link of some metres is smaller than a pixel from afar: a dot where it is.
  const dots = L.layerGroup().addTo(geo.map);

  const middle = (shape) => (shape.getBounds ? shape.getBounds().getCenter() : shape.getLatLng());
  function show(id, place) {
    const shape = shapes.get(id);
    L.popup({ maxWidth: 340, className: "town-popup" }).setLatLng(place || middle(shape)).setContent(content(shape.feature.properties)).openOn(geo.map);
  }
  function dot(shape) {
    const { color } = style(shape.feature);
    L.circleMarker(middle(shape), { pane: "drawing", radius: 6, color: "#ffffff", weight: 1.5, fillColor: color, fillOpacity: 1 })
      .on("click", (event) => {
        L.DomEvent.stop(event);
        show(shape.feature.id);
      })
      .addTo(dots);
  }

  async function load() {
    const answer = await fetch(source.address, { headers: { Accept: "application/geo+json" } });
    if (!answer.ok) throw new Error(`${source.address} ${answer.status}`);
    const features = (await answer.json()).features.filter((one) => one.geometry).reverse(); // the worst on top
    layer.addData({ type: "FeatureCollection", features });
    for (const shape of shapes.values()) dot(shape);
    if (features.length) geo.map.fitBounds(layer.getBounds().pad(0.2), { maxZoom: 18, animate: false });
    geo.map.getContainer().setAttribute("data-conflicts", String(features.length));
  }

  document.querySelectorAll("button[data-finding]").forEach((button) => button.addEventListener("click", () => {
    const shape = shapes.get(button.dataset.finding);
    if (!shape) return;
    geo.map.setView(middle(shape), Math.max(geo.map.getZoom(), 18), { animate: false });
    show(button.dataset.finding);
    document.getElementById("conflict-map").scrollIntoView({ behavior: still ? "auto" : "smooth", block: "center" });
  }));
  load().catch(() => geo.state.failed({ name: "conflicts", title: { de: "Konflikte", en: "Conflicts" } }));
})(window.GeoService);

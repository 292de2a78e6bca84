// Starts a map from its view: panes, layers in order, legend, attribution, loading when the map rests.
(function (geo) {
  "use strict";
  // A credit comes from a town's folder: the control takes markup, so it is made text first.
  const asText = (words) => geo.el("span", {}, words).innerHTML;

  function addPanes(map) {
    for (const [name, order] of [["streets", 200], ["veil", 250], ["boundaries", 300], ["names", 450], ["drawing", 420], ["overlap", 430]]) {
      const pane = map.createPane(name);
      pane.classList.add(`pane-${name}`);
      pane.style.zIndex = order;
      if (["streets", "veil", "boundaries", "names"].includes(name)) pane.style.pointerEvents = "none";
    }
  }

  function symbolOf(entry, style) {
    const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    drawing.setAttribute("viewBox", "0 0 28 16");
    drawing.setAttribute("class", `symbol symbol-${entry.symbol}`);
    drawing.setAttribute("aria-hidden", "true");
    const add = (name, attributes) => {
      const part = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
      drawing.append(part);
    };
    const line = { x1: 1, y1: 8, x2: 27, y2: 8 };
    if (entry.symbol.startsWith("road-")) {
      const look = geo.streetLook[entry.symbol.slice(5)];
      add("line", { ...line, stroke: look.casing, "stroke-width": 8 });
      add("line", { ...line, stroke: look.fill, "stroke-width": 6 });
    } else if (entry.symbol === "boundary") add("line", { ...line, stroke: "#4a443b", "stroke-width": 2.2, "stroke-dasharray": "6 4" });
    else if (entry.symbol === "line") add("line", { ...line, stroke: style.stroke, "stroke-width": style.width, "stroke-dasharray": style.dash || "" });
    else add("rect", { x: 3, y: 2, width: 22, height: 12, rx: 1.5, fill: style.fill, "fill-opacity": style.fill_opacity, stroke: style.stroke, "stroke-width": style.width });
    return drawing;
  }

  function legend(layers, width) {
    const control = L.control({ position: "bottomright" });
    control.onAdd = () => {
      const entries = layers.flatMap((layer) => layer.legend.map((entry) => geo.el("li", {}, symbolOf(entry, layer.style || {}), geo.label(entry.text))));
      const box = geo.el("details", { class: "legend" }, geo.el("summary", {}, geo.t("Legende", "Legend")), geo.el("ul", {}, entries));
      box.open = width > 760;
      L.DomEvent.disableClickPropagation(box);
      L.DomEvent.disableScrollPropagation(box);
      return box;
    };
    return control;
  }

  function notices(map) {
    const box = geo.el("div", { class: "map-notice", role: "status", hidden: true });
    map.getContainer().append(box);
    const reasons = new Map();
    const write = () => {
      box.hidden = reasons.size === 0;
      box.textContent = [...new Set(reasons.values())].join(" ");
    };
    return {
      report(name, cut) {
        if (cut) reasons.set(name, geo.t("Hier ist mehr, als gezeigt wird. Bitte näher heranzoomen.", "There is more here than is shown. Please zoom in."));
        else reasons.delete(name);
        write();
      },
      failed(layer) {
        reasons.set(layer.name, geo.t(`„${geo.label(layer.title)}“ konnte nicht geladen werden.`, `“${geo.label(layer.title)}” could not be loaded.`));
        write();
      },
    };
  }

  // A click into the street asks for the segment there; what stands in the street has its own popup.
  function clickLayer(map, layer, state) {
    map.on("click", async (event) => {
      if (map.getZoom() < layer.min_zoom || state.data) return;
      const at = map.latLngToContainerPoint(event.latlng);
      const box = L.latLngBounds(map.containerPointToLatLng(at.subtract([6, 6])), map.containerPointToLatLng(at.add([6, 6])));
      const answer = await fetch(`${state.base}${layer.address}?${new URLSearchParams(geo.boxQuery(box, layer.limit))}`);
      if (!answer.ok) return;
      const found = (await answer.json()).features.filter((one) => one.properties.in_service !== false);
      const feature = found.find((one) => one.properties.street_name) || found[0];
      if (feature) L.popup({ maxWidth: 320, className: "town-popup" }).setLatLng(event.latlng).setContent(geo.popupContent(layer.popup, feature.properties)).openOn(map);
    });
  }

  geo.startMap = function (map, config) {
    geo.language = config.language;
    geo.map = map;
    addPanes(map);
    const [west, south, east, north] = config.bounds;
    const state = { base: config.base, day: config.day, focus: config.focus, data: config.data, today: new Date().toLocaleDateString("sv-SE", { timeZone: "Europe/Berlin" }), ...notices(map) };
    geo.state = state;
    const credit = L.control.attribution({ prefix: false }).addTo(map);
    const loading = [];
    for (const layer of config.layers) {
      for (const words of config.credits[layer.attribution] || []) credit.addAttribution(asText(words));
      if (layer.kind === "streets") {
        const source = config.data ? geo.embeddedStreets(config.data.streets || []) : geo.fetchedStreets(config.base + layer.address);
        geo.streets = new geo.StreetTiles(source, { maxZoom: map.getMaxZoom() }).addTo(map);
        new geo.StreetNames(geo.streets).addTo(map);
      } else if (layer.kind === "click") clickLayer(map, layer, state);
      else {
        const made = geo.featureLayer(map, layer, state);
        made.group.addTo(map);
        loading.push(made);
      }
    }
    L.control.zoom({ position: "topright", zoomInTitle: geo.t("Vergrößern", "Zoom in"), zoomOutTitle: geo.t("Verkleinern", "Zoom out") }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
    legend(config.layers, map.getSize().x).addTo(map);
    map.fitBounds([[south, west], [north, east]], { animate: false, maxZoom: 18 });
    const town = config.layers.find((layer) => layer.kind === "boundaries");
    if (config.focus && town && !config.data) geo.veil(map, `${config.base}${town.address}/${config.focus}?f=json`);
    if (config.data && config.data.focus) geo.drawVeil(map, config.data.focus);
    const loadAll = (force) => Promise.all(loading.map((one) => one.load(force)));
    const later = geo.debounce(120, () => loadAll(false));
    map.on("moveend", later);
    geo.showDay = (day) => {
      state.day = day;
      return loadAll(true);
    };
    geo.reload = () => loadAll(true);
    loadAll(true).then(() => map.getContainer().setAttribute("data-ready", "yes"));
  };
})(window.GeoService);

// Layers of features: GeoJSON asked for by box when the map rests, or found in the page of a map on disk.
(function (geo) {
  "use strict";

  const leafletStyle = (style) => ({
    color: style.stroke, weight: style.width, opacity: style.opacity, dashArray: style.dash,
    fill: Boolean(style.fill), fillColor: style.fill || undefined, fillOpacity: style.fill_opacity,
  });

  // Every feature of a box, page by page; at most five pages, then `cut` is true.
  async function fetchBox(address, query, signal) {
    const features = [];
    let next = `${address}?${new URLSearchParams(query)}`;
    for (let page = 0; next && page < 5; page += 1) {
      const answer = await fetch(next, { signal, headers: { Accept: "application/geo+json" } });
      if (!answer.ok) throw new Error(`${address} ${answer.status}`);
      const found = await answer.json();
      features.push(...found.features);
      const link = (found.links || []).find((one) => one.rel === "next");
      next = link ? new URL(link.href, location.href).pathname + new URL(link.href, location.href).search : null;
    }
    return { features, cut: Boolean(next) };
  }

  geo.boxQuery = (bounds, limit) => ({
    f: "json", limit,
    bbox: [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((v) => v.toFixed(6)).join(","),
  });

  // A map of a whole town is drawn from shapes simplified for it; once it is zoomed in, each layer is asked for anew.
  const WHOLE_TOWN_ZOOM = 13;
  const isFar = (map, layer) => layer.address.startsWith("/ogc/") && map.getZoom() <= WHOLE_TOWN_ZOOM;

  // An area too small or thin to be seen at this zoom gets a bold outline, and a dot where even that is short.
  const THIN_PX = 5;
  const SHORT_PX = 18;
  const areaOf = (ring) => Math.abs(ring.reduce((sum, at, i) => sum + at.x * ring[(i + 1) % ring.length].y - at.y * ring[(i + 1) % ring.length].x, 0)) / 2;
  const ringsOf = (places) => (Array.isArray(places[0]) ? places.flatMap(ringsOf) : [places]);

  function makeLegible(map, group, marks, style) {
    marks.clearLayers();
    group.eachLayer((shape) => {
      if (!(shape instanceof L.Polygon)) return;
      const rings = ringsOf(shape.getLatLngs()).map((ring) => ring.map((place) => map.latLngToLayerPoint(place)));
      const size = L.bounds(rings.flat()).getSize();
      const longest = Math.hypot(size.x, size.y);
      const across = rings.reduce((sum, ring) => sum + areaOf(ring), 0) / Math.max(longest, 1);
      shape.setStyle({ weight: across < THIN_PX ? Math.max(style.width, THIN_PX) : style.width });
      if (longest >= SHORT_PX) return;
      L.circleMarker(shape.getBounds().getCenter(), { radius: 6, color: "#ffffff", weight: 1.5, fillColor: style.stroke, fillOpacity: 1 })
        .on("click", (event) => shape.fire("click", { latlng: event.latlng, originalEvent: event.originalEvent }))
        .addTo(marks);
    });
  }

  // One dated or undated layer of the view; `state` is shared by all layers of the map.
  geo.featureLayer = function (map, layer, state) {
    const group = L.geoJSON(null, {
      pane: layer.kind === "boundaries" ? "boundaries" : "overlayPane",
      style: layer.kind === "boundaries" ? { color: "#6b6257", weight: 1.6, dashArray: "6 4", fill: false, interactive: false } : leafletStyle(layer.style),
      interactive: layer.kind !== "boundaries",
      filter: (feature) => layer.kind !== "boundaries" || feature.id !== state.focus, // drawn with the veil
      pointToLayer: (_, place) => L.circleMarker(place, { radius: 7 }),
      onEachFeature(feature, shape) {
        if (layer.popup) shape.on("click", (event) => {
          if (state.busy && state.busy()) return;
          L.DomEvent.stop(event);
          L.popup({ maxWidth: 320, className: "town-popup" }).setLatLng(event.latlng).setContent(geo.popupContent(layer.popup, feature.properties)).openOn(map);
        });
      },
    });
    const marks = L.layerGroup();
    const shown = L.layerGroup([group, marks]);
    const legible = () => layer.kind === "features" && makeLegible(map, group, marks, layer.style);
    map.on("zoomend", legible);
    let running = null;
    let known = null;
    async function load(force) {
      if (map.getZoom() < layer.min_zoom) {
        group.clearLayers();
        marks.clearLayers();
        return;
      }
      if (state.data) {
        if (!group.getLayers().length) group.addData({ type: "FeatureCollection", features: state.data[layer.name] || [] });
        legible();
        return;
      }
      const far = isFar(map, layer);
      if (!force && known && known.box.contains(map.getBounds()) && (far || !known.far)) return;
      const box = map.getBounds().pad(0.25);
      const query = geo.boxQuery(box, layer.limit);
      if (far) query["zoom-level"] = WHOLE_TOWN_ZOOM;
      if (layer.dated) query.datetime = state.day ? state.day : `${state.today}/..`;
      if (running) running.abort();
      running = new AbortController();
      try {
        const { features, cut } = await fetchBox(state.base + layer.address.replace("{town}", state.focus), query, running.signal);
        group.clearLayers().addData({ type: "FeatureCollection", features });
        legible();
        known = cut ? null : { box, far };
        state.report(layer.name, cut);
        map.fire("featuresshown", { layer: layer.name, features });
      } catch (error) {
        if (error.name !== "AbortError") state.failed(layer);
      }
    }
    return { group: shown, load, name: layer.name };
  };

  // Everything but the town itself stands back a little.
  geo.veil = async function (map, address) {
    const answer = await fetch(address, { headers: { Accept: "application/geo+json" } });
    if (!answer.ok) return;
    geo.drawVeil(map, (await answer.json()).geometry);
  };
  geo.drawVeil = function (map, geometry) {
    const around = [[-85, -180], [-85, 180], [85, 180], [85, -180]];
    const parts = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    const holes = parts.map((rings) => rings[0].map(([lon, lat]) => [lat, lon]));
    L.polygon([around, ...holes], { pane: "veil", stroke: false, fillColor: "#8d8a83", fillOpacity: 0.16, interactive: false }).addTo(map);
    L.polygon(holes, { pane: "boundaries", fill: false, color: "#4a443b", weight: 2.2, dashArray: "8 5", interactive: false }).addTo(map);
  };
})(window.GeoService);

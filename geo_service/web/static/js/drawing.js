// Drawing one area or line: by its corners, or as a rectangle by size; moved by mouse, by buttons or by keyboard.
(function (geo) {
  "use strict";
  const EARTH = 6378137;
  const STYLE = { color: "#10222e", weight: 2.5, fillColor: "#10222e", fillOpacity: 0.22 };
  const metresAt = (lat) => ({ lat: (Math.PI / 180) * EARTH * 0.99664, lon: (Math.PI / 180) * EARTH * Math.cos((lat * Math.PI) / 180) * 1.0021 });

  // A rectangle around a place, `turn` degrees counterclockwise from east; metres.
  function corners(centre, length, depth, turn) {
    const unit = metresAt(centre.lat);
    const [cos, sin] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
    return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([a, b]) => {
      const [x, y] = [(a * length) / 2, (b * depth) / 2];
      return [centre.lat + (x * sin + y * cos) / unit.lat, centre.lng + (x * cos - y * sin) / unit.lon];
    });
  }

  // Direction of the street next to a place, so that a rectangle lies along it; null farther than 30 px.
  function streetTurn(map, place) {
    const at = map.latLngToContainerPoint(place);
    let best = { gap: 30, turn: null };
    for (const street of geo.streets.visibleStreets()) {
      for (let i = 1; i < street.points.length; i += 1) {
        const [ax, ay] = street.points[i - 1];
        const [bx, by] = street.points[i];
        const long = (bx - ax) ** 2 + (by - ay) ** 2;
        if (!long) continue;
        const part = Math.min(1, Math.max(0, ((at.x - ax) * (bx - ax) + (at.y - ay) * (by - ay)) / long));
        const gap = Math.hypot(at.x - ax - part * (bx - ax), at.y - ay - part * (by - ay));
        if (gap < best.gap) best = { gap, turn: (Math.atan2(ay - by, bx - ax) * 180) / Math.PI };
      }
    }
    return best.turn;
  }

  // `form`: "area" or "line".
  geo.drawing = function (map, changed, form = "area") {
    const isLine = form === "line";
    let shape = null; // what is drawn and can be changed here
    let kept = null; // what was stored with holes or in several parts: shown, and replaced by drawing anew
    let points = []; // set one by one without a mouse
    const trail = L.layerGroup().addTo(map);
    map.pm.setGlobalOptions({ pathOptions: STYLE, templineStyle: { color: STYLE.color }, hintlineStyle: { color: STYLE.color, dashArray: [5, 5] }, allowSelfIntersection: isLine, layerGroup: undefined, snappable: false, panes: { vertexPane: "markerPane", layerPane: "drawing", markerPane: "markerPane" } });
    map.pm.setLang(geo.language === "en" ? "en" : "de");

    function take(layer) {
      if (shape && shape !== layer) shape.remove();
      if (kept) kept.layer.remove();
      kept = null;
      shape = layer;
      shape.pm.enable({ allowSelfIntersection: isLine, draggable: true, snappable: false });
      shape.on("pm:edit pm:dragend pm:markerdragend pm:vertexremoved", () => changed());
      changed();
    }
    map.on("pm:create", (event) => {
      map.pm.disableDraw();
      points = [];
      trail.clearLayers();
      take(event.layer);
    });
    const set = (latlngs) => {
      const ring = latlngs.map(([lat, lng]) => L.latLng(lat, lng));
      if (!shape) return take((isLine ? L.polyline(ring, { ...STYLE, weight: 5, fill: false, pane: "drawing" }) : L.polygon(ring, { ...STYLE, pane: "drawing" })).addTo(map));
      shape.pm.disable();
      shape.setLatLngs(isLine ? ring : [ring]);
      take(shape);
    };
    const ring = () => (isLine ? shape.getLatLngs() : shape.getLatLngs()[0]);
    return {
      isLine,
      start: () => map.pm.enableDraw(isLine ? "Line" : "Polygon", { finishOn: null, tooltips: true, cursorMarker: true }),
      stop: () => map.pm.disableDraw(),
      active: () => map.pm.globalDrawModeEnabled(),
      clear() {
        if (shape) shape.remove();
        if (kept) kept.layer.remove();
        shape = kept = null;
        points = [];
        trail.clearLayers();
        changed();
      },
      // A corner in the middle of the map; the shape is there as soon as it has enough of them.
      addPoint() {
        if (!points.length && shape) this.clear();
        const middle = map.getCenter();
        points.push([middle.lat, middle.lng]);
        L.circleMarker(middle, { radius: 5, color: STYLE.color, fillOpacity: 1, pane: "drawing", interactive: false }).addTo(trail);
        if (points.length >= (isLine ? 2 : 3)) set(points);
        else changed();
      },
      // What is stored: changed in place, or shown until it is drawn anew where it has holes or several parts.
      load(geometry) {
        const plain = isLine ? geometry.type === "LineString" : geometry.type === "Polygon" && geometry.coordinates.length === 1;
        if (plain) set((isLine ? geometry.coordinates : geometry.coordinates[0].slice(0, -1)).map(([lon, lat]) => [lat, lon]));
        else {
          kept = { geometry, layer: L.geoJSON({ type: "Feature", geometry, properties: {} }, { pane: "drawing", interactive: false, style: STYLE }).addTo(map) };
          changed();
        }
        const layer = shape || kept.layer;
        map.fitBounds(layer.getBounds().pad(isLine ? 0.2 : 1.5), { maxZoom: 19, animate: false });
      },
      // Once it is filed: what is drawn stays where it is.
      fix() {
        map.pm.disableDraw();
        trail.clearLayers();
        if (shape) shape.pm.disable();
        if (shape) shape.off("pm:edit pm:dragend pm:markerdragend pm:vertexremoved");
      },
      begun: () => Boolean(shape || kept || points.length),
      movable: () => Boolean(shape),
      rectangle(length, depth, turn) {
        const centre = map.getCenter();
        set(corners(centre, length, depth, turn));
        map.fitBounds(shape.getBounds().pad(2), { maxZoom: 20, animate: false });
      },
      streetTurn: () => streetTurn(map, map.getCenter()),
      move(east, north) {
        if (!shape) return;
        const unit = metresAt(ring()[0].lat);
        set(ring().map((p) => [p.lat + north / unit.lat, p.lng + east / unit.lon]));
      },
      turn(degrees) {
        if (!shape) return;
        const centre = shape.getBounds().getCenter();
        const unit = metresAt(centre.lat);
        const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
        set(ring().map((p) => {
          const [x, y] = [(p.lng - centre.lng) * unit.lon, (p.lat - centre.lat) * unit.lat];
          return [centre.lat + (x * sin + y * cos) / unit.lat, centre.lng + (x * cos - y * sin) / unit.lon];
        }));
      },
      // A polygon of somebody else, GeoJSON, in place of the one drawn; the map follows where it is out of sight.
      show(polygon) {
        set(polygon.coordinates[0].slice(0, -1).map(([lon, lat]) => [lat, lon]));
        if (!map.getBounds().contains(shape.getBounds())) map.panTo(shape.getBounds().getCenter(), { animate: false });
      },
      geometry: () => (shape ? shape.toGeoJSON(8).geometry : kept ? kept.geometry : null),
      set,
    };
  };
})(window.GeoService);

// The base map: our own streets, drawn as casing and fill per class onto canvas tiles.
(function (geo) {
  "use strict";
  const UNITS = 4096;
  const MARGIN = 256;

  // Order of drawing, lowest first; widths in pixels at zoom 12, 14, 16 and 18.
  const LOOK = {
    path: { order: 0, fill: "#c9bfae", widths: [0, 0, 1, 2], dash: [3, 3] },
    service: { order: 1, fill: "#ffffff", casing: "#d8d5cd", widths: [0, 0, 2.5, 7] },
    pedestrian: { order: 2, fill: "#ece8f0", casing: "#c9c2d1", widths: [0.6, 1.8, 6, 16] },
    street: { order: 3, fill: "#ffffff", casing: "#c3c0b8", widths: [0.7, 2.2, 7, 18] },
    district: { order: 4, fill: "#fff7d6", casing: "#bfae7a", widths: [1.6, 4, 10, 22] },
    state: { order: 5, fill: "#fdeaa7", casing: "#b59b52", widths: [2.2, 5, 11, 24] },
    federal: { order: 6, fill: "#f9cf8a", casing: "#b8823a", widths: [2.8, 6, 13, 27] },
  };
  geo.streetLook = LOOK;

  function widthAt(look, zoom) {
    const place = Math.min(Math.max((zoom - 12) / 2, 0), 3);
    const below = Math.floor(place);
    const above = Math.min(below + 1, 3);
    const width = look.widths[below] + (look.widths[above] - look.widths[below]) * (place - below);
    return zoom > 18 ? width * 2 ** ((zoom - 18) * 0.8) : width;
  }

  const linesOf = (shape) => (shape.type === "LineString" ? [shape.coordinates] : shape.type === "MultiLineString" ? shape.coordinates : []);

  function trace(context, lines, scale) {
    context.beginPath();
    for (const line of lines) {
      line.forEach(([x, y], i) => (i ? context.lineTo(x * scale, y * scale) : context.moveTo(x * scale, y * scale)));
    }
  }

  function drawTile(canvas, size, streets, zoom) {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    canvas.width = canvas.height = size * ratio;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.lineJoin = "round";
    context.lineCap = "round";
    const scale = size / UNITS;
    const sorted = streets
      .filter((street) => LOOK[street.k])
      .sort((a, b) => LOOK[a.k].order - LOOK[b.k].order);
    for (const pass of ["casing", "fill"]) {
      for (const street of sorted) {
        const look = LOOK[street.k];
        const width = widthAt(look, zoom);
        if (width <= 0 || !look[pass] || (pass === "casing" && width < 2)) continue;
        context.strokeStyle = width < 2 && look.casing ? look.casing : look[pass];
        context.lineWidth = pass === "casing" ? width + 1.6 : width;
        context.setLineDash(look.dash && pass === "fill" ? look.dash : []);
        context.lineCap = look.dash ? "butt" : "round";
        trace(context, linesOf(street.g), scale);
        context.stroke();
      }
    }
  }

  // Tiles fetched by address; kept while the page is open.
  geo.fetchedStreets = function (address) {
    return async (coords, signal) => {
      const at = address.replace("{z}", coords.z).replace("{x}", coords.x).replace("{y}", coords.y);
      const answer = await fetch(at, { signal });
      if (!answer.ok) throw new Error(`streets ${answer.status}`);
      return answer.json();
    };
  };

  // Tiles cut from lines in the page itself (a map on disk): [{k, n, r, l: [[lon, lat], …]}].
  geo.embeddedStreets = function (streets) {
    const world = streets.map((street) => {
      const points = street.l.map(([lon, lat]) => {
        const sine = Math.sin((lat * Math.PI) / 180);
        return [lon / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
      });
      const xs = points.map((p) => p[0]);
      const ys = points.map((p) => p[1]);
      return { ...street, points, box: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)] };
    });
    const least = { service: 15, path: 16, street: 12, pedestrian: 12, district: 11 };
    return async ({ z, x, y }) => {
      const tiles = 2 ** z;
      const edge = MARGIN / UNITS / tiles;
      const [west, north, east, south] = [x / tiles - edge, y / tiles - edge, (x + 1) / tiles + edge, (y + 1) / tiles + edge];
      return world
        .filter((s) => z >= (least[s.k] || 0) && s.box[0] <= east && s.box[2] >= west && s.box[1] <= south && s.box[3] >= north)
        .map((s) => ({
          k: s.k, n: s.n, r: s.r,
          g: { type: "LineString", coordinates: s.points.map(([px, py]) => [(px * tiles - x) * UNITS, (py * tiles - y) * UNITS]) },
        }));
    };
  };

  geo.StreetTiles = L.GridLayer.extend({
    options: { pane: "streets", maxNativeZoom: 20, updateWhenZooming: false, keepBuffer: 1 },
    initialize(source, options) {
      L.setOptions(this, options);
      this.source = source;
      this.loaded = new Map();
    },
    createTile(coords, done) {
      const canvas = L.DomUtil.create("canvas", "street-tile");
      const size = this.getTileSize().x;
      const zoom = this._map ? this._map.getZoom() : coords.z;
      const stop = new AbortController();
      canvas.stop = stop;
      this.source(coords, stop.signal)
        .then((streets) => {
          drawTile(canvas, size, streets, zoom);
          this.loaded.set(this._tileCoordsToKey(coords), { coords: { ...coords }, streets });
          done(null, canvas);
        })
        .catch((error) => done(error.name === "AbortError" ? null : error, canvas));
      return canvas;
    },
    _removeTile(key) {
      const tile = this._tiles[key];
      if (tile && tile.el.stop) tile.el.stop.abort();
      this.loaded.delete(key);
      L.GridLayer.prototype._removeTile.call(this, key);
    },
    // Lines of all visible tiles of this zoom in pixels of the map's container.
    visibleStreets() {
      const map = this._map;
      const found = [];
      if (!map) return found;
      const size = 256 * map.getZoomScale(map.getZoom(), this._tileZoom);
      for (const { coords, streets } of this.loaded.values()) {
        if (coords.z !== this._tileZoom) continue;
        const native = this._tileZoom;
        const corner = map.latLngToContainerPoint(map.unproject([coords.x * 256, coords.y * 256], native));
        const scale = size / UNITS;
        for (const street of streets) {
          for (const line of linesOf(street.g)) {
            found.push({ kind: street.k, name: street.n, number: street.r, points: line.map(([x, y]) => [corner.x + x * scale, corner.y + y * scale]) });
          }
        }
      }
      return found;
    },
  });
})(window.GeoService);

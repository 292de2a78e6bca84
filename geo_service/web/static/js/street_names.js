// Street names along the streets, on one canvas above the shapes' pane; rewritten when the map rests.
(function (geo) {
  "use strict";
  const FONT = 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

  function pointAt(points, lengths, at) {
    let i = 1;
    while (i < lengths.length - 1 && lengths[i] < at) i += 1;
    const part = (at - lengths[i - 1]) / (lengths[i] - lengths[i - 1] || 1);
    return [points[i - 1][0] + (points[i][0] - points[i - 1][0]) * part, points[i - 1][1] + (points[i][1] - points[i - 1][1]) * part];
  }

  // A straight enough piece of the line for a text of this width: {x, y, angle}, or null.
  function findPlace(points, width, size) {
    const lengths = [0];
    for (let i = 1; i < points.length; i += 1) lengths.push(lengths[i - 1] + Math.hypot(points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]));
    const whole = lengths[lengths.length - 1];
    if (whole < width + 8) return null;
    for (const share of [0.5, 0.35, 0.65, 0.2, 0.8]) {
      const start = whole * share - width / 2;
      if (start < 2 || start + width > whole - 2) continue;
      const a = pointAt(points, lengths, start);
      const b = pointAt(points, lengths, start + width);
      const chord = Math.hypot(b[0] - a[0], b[1] - a[1]);
      const x = (a[0] + b[0]) / 2;
      const y = (a[1] + b[1]) / 2;
      if (chord < width * 0.96 || x < 10 || y < 10 || x > size.x - 10 || y > size.y - 10) continue;
      let angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
      if (angle > Math.PI / 2) angle -= Math.PI;
      if (angle < -Math.PI / 2) angle += Math.PI;
      return { x, y, angle };
    }
    return null;
  }

  geo.StreetNames = L.Layer.extend({
    initialize(streets) {
      this.streets = streets;
    },
    onAdd(map) {
      this.canvas = L.DomUtil.create("canvas", "street-names leaflet-zoom-hide", map.getPane("names"));
      this.later = geo.debounce(60, () => this.draw());
      map.on("moveend resize", this.later, this);
      map.on("zoomstart", this.clear, this);
      this.streets.on("tileload load", this.later, this);
      this.later();
    },
    clear() {
      this.canvas.width = 0;
    },
    draw() {
      const map = this._map;
      if (!map) return;
      const size = map.getSize();
      const ratio = Math.min(window.devicePixelRatio || 1, 2);
      L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint([0, 0]));
      this.canvas.width = size.x * ratio;
      this.canvas.height = size.y * ratio;
      this.canvas.style.width = `${size.x}px`;
      this.canvas.style.height = `${size.y}px`;
      const zoom = map.getZoom();
      if (zoom < 13) return;
      const context = this.canvas.getContext("2d");
      context.scale(ratio, ratio);
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.lineJoin = "round";
      this.place(context, size, zoom);
    },
    place(context, size, zoom) {
      const look = geo.streetLook;
      const taken = [];
      const written = new Map();
      const lines = this.streets
        .visibleStreets()
        .filter((line) => line.name && line.kind !== "path" && (zoom >= 15 || look[line.kind].order >= 4))
        .map((line) => ({ ...line, order: look[line.kind].order, reach: line.points.length ? Math.hypot(line.points[0][0] - line.points.at(-1)[0], line.points[0][1] - line.points.at(-1)[1]) : 0 }))
        .sort((a, b) => b.order - a.order || b.reach - a.reach);
      for (const line of lines) {
        const pixels = zoom >= 17 ? 13 : line.order >= 4 ? 12 : 11;
        context.font = `500 ${pixels}px ${FONT}`;
        const width = context.measureText(line.name).width;
        const at = findPlace(line.points, width, size);
        if (!at) continue;
        if ((written.get(line.name) || []).some((other) => Math.hypot(other.x - at.x, other.y - at.y) < 380)) continue;
        const reach = [Math.abs(Math.cos(at.angle)) * width + pixels, Math.abs(Math.sin(at.angle)) * width + pixels];
        const box = [at.x - reach[0] / 2, at.y - reach[1] / 2, at.x + reach[0] / 2, at.y + reach[1] / 2];
        if (taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) continue;
        taken.push(box);
        written.set(line.name, [...(written.get(line.name) || []), at]);
        context.save();
        context.translate(at.x, at.y);
        context.rotate(at.angle);
        context.strokeStyle = "rgba(255,255,255,0.92)";
        context.lineWidth = 3;
        context.strokeText(line.name, 0, 0);
        context.fillStyle = "#3d3a33";
        context.fillText(line.name, 0, 0);
        context.restore();
      }
    },
  });
})(window.GeoService);

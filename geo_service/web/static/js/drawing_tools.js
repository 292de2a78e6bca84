// The buttons beside the map: draw, rectangle by size, points without a mouse, move, turn, delete.
(function (geo) {
  "use strict";
  const at = (id) => document.getElementById(id);
  const number = (id) => Number(at(id).value.replace(",", "."));

  geo.drawingTools = function (map, drawing) {
    const nearer = (zoom) => map.getZoom() < zoom && map.setZoom(18, { animate: false });
    geo.state.busy = () => drawing.active();
    at("draw-polygon").addEventListener("click", () => {
      const begin = !drawing.active();
      if (begin) drawing.start();
      else drawing.stop();
      at("draw-polygon").setAttribute("aria-pressed", String(begin));
      if (begin) nearer(drawing.isLine ? 15 : 18);
    });
    at("draw-rectangle")?.addEventListener("click", () => {
      const open = at("rectangle").hidden;
      at("rectangle").hidden = !open;
      at("draw-rectangle").setAttribute("aria-expanded", String(open));
      drawing.stop();
    });
    at("place-rectangle")?.addEventListener("click", () => {
      nearer(17);
      const along = drawing.streetTurn();
      if (along !== null && number("turn") === 0) at("turn").value = Math.round(along);
      drawing.rectangle(number("length_m"), number("depth_m"), number("turn"));
    });
    at("add-point")?.addEventListener("click", () => drawing.addPoint());
    at("draw-clear").addEventListener("click", () => drawing.clear());
    at("move-tools").addEventListener("click", (event) => {
      const button = event.target.closest("[data-move]");
      if (button) drawing.move(...button.dataset.move.split(",").map((step) => Number(step) * 0.5));
      else if (event.target.closest("#turn-right")) drawing.turn(-5);
    });
  };

  // After each change of the drawing.
  geo.showTools = function (drawing) {
    at("draw-polygon").setAttribute("aria-pressed", String(drawing.active()));
    at("draw-clear").hidden = !drawing.begun();
    // Corners are dragged by mouse; who has none moves by the buttons, and need not pass every corner with the tab key.
    for (const corner of document.querySelectorAll(".town-map .marker-icon")) corner.tabIndex = -1;
    at("move-tools").hidden = !drawing.movable();
  };
})(window.GeoService);

// The popup of a feature: built from elements, every value as text.
(function (geo) {
  "use strict";

  // A property as a person reads it: the label instead of the code, the unit behind the number.
  function shown(properties, field) {
    if (field.field === "period") return geo.period(properties.from, properties.until);
    const value = properties[`${field.field}_label_${geo.language}`] ?? properties[field.field];
    if (value === null || value === undefined || value === "") return null;
    if (typeof value === "number") return `${geo.number(value)}${field.unit ? ` ${field.unit}` : ""}`;
    return Array.isArray(value) ? value.join(", ") : String(value);
  }

  // A path of this service and nothing else may become a link.
  const ownPath = (path) => typeof path === "string" && /^\/[^/\\]/.test(path);

  geo.popupContent = function (popup, properties) {
    const heading = shown(properties, { field: popup.heading }) || geo.label(popup.kind);
    const rows = popup.fields
      .map((field) => [geo.label(field.text), shown(properties, field)])
      .filter(([, value]) => value !== null);
    return geo.el(
      "div",
      { class: "popup" },
      geo.el("p", { class: "popup-kind" }, geo.label(popup.kind)),
      geo.el("h3", { class: "popup-heading" }, heading),
      geo.el("dl", {}, rows.map(([name, value]) => geo.el("div", {}, geo.el("dt", {}, name), geo.el("dd", {}, value)))),
      popup.page && ownPath(properties[popup.page]) ? geo.el("p", {}, geo.el("a", { href: properties[popup.page] }, geo.t("Öffnen", "Open"))) : null,
    );
  };
})(window.GeoService);

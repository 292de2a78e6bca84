// Words, dates and elements. Text of users enters a page here, through textContent, and nowhere else.
window.GeoService = window.GeoService || {};
(function (geo) {
  "use strict";
  geo.language = document.documentElement.lang === "en" ? "en" : "de";

  // The one of two texts that the page's language needs.
  geo.t = (de, en) => (geo.language === "en" ? en : de);
  geo.label = (text) => (text ? text[geo.language] : "");

  // An element; attributes as given, children are elements or text.
  geo.el = function (name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      made.setAttribute(key, value === true ? "" : String(value));
    }
    for (const child of children.flat()) {
      if (child === null || child === undefined) continue;
      made.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
    return made;
  };

  const asDay = (iso) => {
    const [year, month, day] = iso.split("-").map(Number);
    return geo.language === "en"
      ? new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(Date.UTC(year, month - 1, day))
      : iso.split("-").reverse().join("."); // TT.MM.JJJJ, as day_text of as_written.py
  };
  geo.day = (iso) => (iso ? asDay(iso) : "");
  // A day in words, with the year only where it is another one: 6. Juni.
  geo.dayOfYear = function (iso) {
    const [year, month, day] = iso.split("-").map(Number);
    const parts = { day: "numeric", month: "long", timeZone: "UTC", ...(year === new Date().getFullYear() ? {} : { year: "numeric" }) };
    return new Intl.DateTimeFormat(geo.language === "en" ? "en-GB" : "de-DE", parts).format(Date.UTC(year, month - 1, day));
  };
  geo.period = function (from, until) {
    if (!from) return geo.t("keine Angabe", "not stated");
    if (!until) return `${geo.t("ab", "from")} ${asDay(from)}, ${geo.t("Ende offen", "end open")}`;
    return from === until ? asDay(from) : `${asDay(from)} – ${asDay(until)}`;
  };
  geo.number = (value, digits) =>
    new Intl.NumberFormat(geo.language === "en" ? "en-GB" : "de-DE", { maximumFractionDigits: digits ?? 2 }).format(value);
  geo.euro = (value) =>
    new Intl.NumberFormat(geo.language === "en" ? "en-GB" : "de-DE", { style: "currency", currency: "EUR" }).format(Number(value));

  geo.debounce = function (milliseconds, deed) {
    let waiting = null;
    return function (...values) {
      clearTimeout(waiting);
      waiting = setTimeout(() => deed(...values), milliseconds);
    };
  };
})(window.GeoService);

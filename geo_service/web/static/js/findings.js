// The answer of a check as elements: verdict, findings with reason, legal source and advice, the fee with its lines.
(function (geo) {
  "use strict";
  const VERDICT = {
    blocked: ["So nicht möglich", "Not possible like this", "Mindestens ein Hindernis steht entgegen. Sie können die Fläche oder die Tage ändern – oder trotzdem einreichen; erlaubt werden kann es so nicht.", "At least one obstacle stands against it. You can change the area or the days – or file it all the same; it cannot be granted like this."],
    review: ["Muss geprüft werden", "Needs review", "Es spricht nichts zwingend dagegen; die Sachbearbeitung prüft die Hinweise.", "Nothing forbids it outright; the desk reviews the findings."],
    clear: ["Keine Konflikte gefunden", "No conflicts found", "Sie können den Antrag einreichen.", "You can file the request."],
  };
  const SEVERITY = { block: ["Hindernis", "Blocking"], warn: ["Warnung", "Warning"], info: ["Hinweis", "Information"], chance: ["Gelegenheit", "Chance"], undetermined: ["Nicht feststellbar", "Undetermined"] };
  geo.severityLabel = (severity) => (SEVERITY[severity] ? geo.t(...SEVERITY[severity]) : severity);

  function finding(one) {
    const measured = one.measured === null || one.measured === undefined || !one.unit ? null : `${geo.number(one.measured)} ${one.unit === "m2" ? "m²" : one.unit}`;
    return geo.el(
      "li", { class: `finding finding-${one.severity}`, "data-rule": one.rule },
      geo.el("span", { class: `tag tag-${one.severity}` }, geo.severityLabel(one.severity)),
      geo.el("p", {}, geo.label(one.explanation)),
      geo.label(one.advice) ? geo.el("p", {}, geo.el("strong", {}, geo.t("Rat: ", "Advice: ")), geo.label(one.advice)) : null,
      geo.el("p", { class: "quiet" }, [one.number, one.legal_source, measured].filter(Boolean).join(" · ")),
    );
  }

  geo.findingItem = finding;

  function fee(found) {
    if (!found) return geo.el("p", { class: "quiet" }, geo.t("Gebühr: Für diese Kommune ist kein Tarif hinterlegt.", "Fee: no tariff is stored for this municipality."));
    const rows = found.lines.map((line) => geo.el("tr", {}, geo.el("td", {}, geo.t(line.text, line.text_en || line.text)), geo.el("td", {}, geo.euro(line.amount_eur))));
    return geo.el("div", {},
      geo.el("table", { class: "fee" },
        geo.el("caption", { class: "visually-hidden" }, geo.t("Gebühr", "Fee")),
        geo.el("tbody", {}, rows, geo.el("tr", {}, geo.el("th", { scope: "row" }, geo.t("Voraussichtliche Gebühr", "Expected fee")), geo.el("th", { class: "fee-total" }, geo.euro(found.total_eur))))),
      found.official ? null : geo.el("p", { class: "tag tag-warn" }, geo.t("Beispieltarif, nicht amtlich", "Example tariff, not official")));
  }

  geo.resultContent = function (answer) {
    const [de, en, textDe, textEn] = VERDICT[answer.verdict];
    const box = geo.el("div", { class: "result" },
      geo.el("div", { class: `message verdict-${answer.verdict}`, "data-verdict": answer.verdict }, geo.el("h3", {}, geo.t(de, en)), geo.el("p", {}, geo.t(textDe, textEn))),
      answer.verdict === "blocked" ? geo.el("div", { class: "alternatives", role: "status" }, geo.el("p", { class: "quiet" }, geo.t("Es wird nach freien Tagen und einer freien Stelle gesucht …", "Looking for free days and a free place …"))) : null,
      geo.el("p", {}, `${geo.t("Fläche", "Area")}: ${geo.number(answer.area_m2, 1)} m²`),
      answer.findings.length ? geo.el("ul", { class: "findings" }, answer.findings.map(finding)) : null);
    if (!answer.street_known) box.append(geo.el("p", { class: "quiet", id: "no-street" }, geo.t("Hier ist keine Straße erfasst: Freie Breiten, Rettungswege und das Straßennetz sind nicht geprüft.", "No street is recorded here: free widths, rescue ways and the network are not checked.")));
    if (answer.detour_offer) box.append(geo.el("p", { class: "quiet", id: "detour-offer" }, geo.t(`Vorschlag für eine Umleitung: ${geo.number(answer.detour_offer.length_m, 0)} m, auf der Karte gestrichelt. Die Sachbearbeitung kann ihn übernehmen.`, `Suggested detour: ${geo.number(answer.detour_offer.length_m, 0)} m, dashed on the map. The desk can take it over.`)));
    if (answer.findings_total > answer.findings.length) box.append(geo.el("p", { class: "quiet" }, geo.t(`${answer.findings_total} Befunde insgesamt.`, `${answer.findings_total} findings in all.`)));
    box.append(fee(answer.fee));
    return box;
  };

  // "From 6 June, or 7 metres further": two buttons, or a sentence where there is nothing to offer.
  geo.alternativesContent = function (found, choose) {
    if (!found) return [];
    const buttons = [];
    if (found.time) buttons.push(button("alternative-time", geo.t(`Ab ${geo.dayOfYear(found.time.from)} frei`, `Free from ${geo.dayOfYear(found.time.from)}`), () => choose.time(found.time)));
    if (found.place && found.place.geometry.type === "Polygon") buttons.push(button("alternative-place", geo.t(`${geo.number(found.place.shift_m)} m weiter frei`, `Free ${geo.number(found.place.shift_m)} m further`), () => choose.place(found.place.geometry)));
    const parts = buttons.length ? [geo.el("h3", {}, geo.t("Stattdessen möglich", "Possible instead")), geo.el("div", { class: "buttons" }, buttons)] : [];
    if (found.incomplete) parts.push(geo.el("p", { class: "quiet" }, geo.t("Die Suche hat zu lange gedauert; vielleicht ist mehr frei, als hier steht.", "The search took too long; more may be free than is shown here.")));
    else if (!buttons.length) parts.push(geo.el("p", { class: "quiet" }, geo.t("In den nächsten Wochen ist hier nichts frei, und in der Nähe auch nicht.", "Nothing is free here in the coming weeks, nor nearby.")));
    return parts;
  };
  function button(id, text, chosen) {
    const made = geo.el("button", { type: "button", class: "button second", id }, text);
    made.addEventListener("click", chosen);
    return made;
  }

  // The places of the findings, on top of what they concern.
  geo.overlapLayer = (map) => L.geoJSON(null, {
    pane: "overlap", interactive: false,
    style: (feature) => {
      const colour = feature.properties.severity === "block" ? "#c1121f" : "#c77700";
      return { color: colour, weight: 3, fillColor: colour, fillOpacity: 0.55 };
    },
    pointToLayer: (_, place) => L.circleMarker(place, { pane: "overlap", radius: 7 }),
  }).addTo(map);
  geo.showOverlaps = function (layer, findings) {
    layer.clearLayers();
    for (const one of findings) {
      if (one.geometry && ["block", "warn", "undetermined"].includes(one.severity)) layer.addData({ type: "Feature", geometry: one.geometry, properties: { severity: one.severity } });
    }
  };

  // A detour that is stated (solid) or offered (dashed), beneath the findings.
  geo.detourLayer = (map) => L.geoJSON(null, {
    pane: "drawing", interactive: false,
    style: (feature) => ({ color: "#1d5fa8", weight: 5, opacity: 0.8, dashArray: feature.properties.offered ? "10 8" : null, className: feature.properties.offered ? "detour-offer" : "detour" }),
  }).addTo(map);
  geo.showDetour = function (layer, geometry, offered) {
    layer.clearLayers();
    if (geometry) layer.addData({ type: "Feature", geometry, properties: { offered } });
  };
})(window.GeoService);

// What a clerk gets to see once a paper application is filed: the receipt to print, the case, the next one.
(function (geo) {
  "use strict";
  geo.ownReceipt = function (told, box) {
    const form = document.getElementById("apply-form");
    const follow = `${geo.state.base}/permits/${encodeURIComponent(told.reference)}?token=${encodeURIComponent(told.token)}`;
    const query = new URLSearchParams(location.search).get("lang") ? location.search : "";
    const link = (id, address, words, more) => geo.el("a", { class: "button second", id, href: address, ...more }, words);
    box.replaceChildren(
      geo.el("div", { class: "message message-good" }, geo.el("h2", {}, geo.t("Der Antrag ist aufgenommen", "The request is filed")),
        geo.el("p", {}, `${geo.t("Aktenzeichen", "Reference")}: `, geo.el("strong", { id: "reference" }, told.reference))),
      geo.el("p", {}, geo.t("Die Quittung zum Mitgeben zeigt den Stand und enthält den Zugang der Antragsteller:in.", "The receipt to hand out shows the state and holds the applicant's access.")),
      geo.el("div", { class: "buttons" },
        link("print-receipt", follow, geo.t("Quittung zum Drucken", "Receipt to print"), { target: "_blank", rel: "noopener" }),
        told.town === form.dataset.town ? link("to-case", `${form.dataset.desk}/cases/${encodeURIComponent(told.reference)}${query}`, geo.t("Zum Vorgang", "To the case")) : null,
        link("next-request", location.pathname + query, geo.t("Nächster Antrag", "Next request"))));
  };
})(window.GeoService);

// What a clerk gets to see once a paper application is filed: the receipt to print, the case, the next one.
(function (geo) {
  "use strict";
  geo.ownReceipt = function (told, box, linkByMail) {
    const form = document.getElementById("apply-form");
    const permit = `${geo.state.base}/permits/${encodeURIComponent(told.reference)}`;
    const ours = told.town === form.dataset.town; // else another desk decides, and only the applicant's link opens it
    const query = new URLSearchParams(location.search).get("lang") ? location.search : "";
    const link = (id, address, words, more) => geo.el("a", { class: "button second", id, href: address, ...more }, words);
    box.replaceChildren(
      geo.el("div", { class: "message message-good" }, geo.el("h2", {}, geo.t("Der Antrag ist aufgenommen", "The request is filed")),
        geo.el("p", {}, `${geo.t("Aktenzeichen", "Reference")}: `, geo.el("strong", { id: "reference" }, told.reference))),
      geo.el("p", {}, geo.t("Mit dem Zugang verfolgt und ändert die Antragsteller:in den Antrag selbst; wer ihn hat, kann das auch.", "With the access the applicant follows and changes the request alone; so can whoever has it.")),
      linkByMail,
      geo.el("div", { class: "buttons" },
        ours ? link("print-receipt", `${permit}/receipt.pdf${query}`, geo.t("Quittung zum Drucken (PDF)", "Receipt to print (PDF)"), { target: "_blank", rel: "noopener" }) : null,
        link("follow-link", `${permit}?token=${encodeURIComponent(told.token)}`, geo.t("Zugang der Antragsteller:in", "Applicant's access"), { target: "_blank", rel: "noopener" }),
        ours ? link("to-case", `${form.dataset.desk}/cases/${encodeURIComponent(told.reference)}${query}`, geo.t("Zum Vorgang", "To the case")) : null,
        link("next-request", location.pathname + query, geo.t("Nächster Antrag", "Next request"))));
  };
})(window.GeoService);

// A problem answer in words; the fields that its pointers name are marked in the form.
(function (geo) {
  "use strict";
  geo.problemContent = async function (answer, form, fieldOf) {
    let told = {};
    try {
      told = await answer.json();
    } catch {
      told = {};
    }
    const parts = [...new Set((told.errors || []).map((one) => one.detail))];
    if (answer.status === 429) parts.unshift(geo.t("Zu viele Anfragen. Bitte warten Sie einen Augenblick.", "Too many requests. Please wait a moment."));
    for (const one of told.errors || []) {
      const field = fieldOf(one.pointer);
      if (field && form.contains(field)) field.setAttribute("aria-invalid", "true");
    }
    return geo.el("div", { class: "message message-block" },
      geo.el("h3", {}, geo.t("Das geht so nicht", "This does not work")),
      (parts.length ? parts : [told.detail || geo.t("Der Dienst antwortet nicht. Bitte später noch einmal versuchen.", "The service does not answer. Please try again later.")]).map((text) => geo.el("p", {}, text)),
      (told.findings || []).length ? geo.el("ul", { class: "findings" }, told.findings.map(geo.findingItem)) : null);
  };
  geo.unmark = (form) => form.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
})(window.GeoService);

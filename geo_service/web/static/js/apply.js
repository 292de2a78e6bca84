// The citizen's way: draw, see at once what conflicts and what it costs, file.
(function (geo) {
  "use strict";
  const form = document.getElementById("apply-form");
  const at = (id) => document.getElementById(id);
  const map = geo.map;
  const overlaps = geo.overlapLayer(map);
  const detour = geo.detourLayer(map);
  let asking = null;
  let filing = null;

  function properties() {
    const value = (name) => form.elements[name].value.trim();
    const given = { use_type: value("use_type"), from: value("from"), until: value("until"), restriction: value("restriction"), language: geo.language };
    for (const name of ["excavation", "commercial", "charitable"]) if (form.elements[name].checked) given[name] = true;
    for (const name of ["count", "frontage_m"]) if (value(name)) given[name] = Number(value(name));
    for (const name of ["address_text", "urgent_reason"]) if (value(name)) given[name] = value(name);
    return given;
  }

  const send = (path, body, headers, signal) =>
    fetch(geo.state.base + path, { method: "POST", signal, headers: { "Content-Type": "application/json", Accept: "application/json", "Accept-Language": geo.language, ...(form.dataset.csrf ? { "X-CSRF-Token": form.dataset.csrf } : {}), ...headers }, body: JSON.stringify(body) });

  const problem = (answer) => geo.problemContent(answer, form, (pointer) => at(pointer.split("/").pop()));
  const unmark = () => geo.unmark(form);

  async function check() {
    const geometry = drawing.geometry();
    geo.showTools(drawing);
    filing = null;
    if (asking) asking.abort();
    if (!geometry) {
      overlaps.clearLayers();
      detour.clearLayers();
      at("result").replaceChildren(geo.el("p", { class: "quiet" }, geo.t("Noch ist keine Fläche eingezeichnet.", "No area is drawn yet.")));
      return;
    }
    asking = new AbortController();
    at("result").setAttribute("aria-busy", "true");
    try {
      const answer = await send("/api/v1/conflict-checks", { type: "Feature", geometry, properties: properties() }, {}, asking.signal);
      unmark();
      if (!answer.ok) {
        overlaps.clearLayers();
        detour.clearLayers();
        at("result").replaceChildren(await problem(answer));
      } else {
        const found = await answer.json();
        geo.showOverlaps(overlaps, found.findings);
        geo.showDetour(detour, found.detour_offer && found.detour_offer.geometry, true);
        at("urgent-field").hidden = !found.findings.some((one) => one.number === "K23");
        at("result").replaceChildren(geo.resultContent(found));
        if (found.verdict === "blocked") lookForAlternatives(geometry, asking.signal);
      }
      at("result").removeAttribute("aria-busy");
    } catch (error) {
      if (error.name !== "AbortError") at("result").replaceChildren(geo.el("p", { class: "message message-block" }, geo.t("Die Prüfung ist gerade nicht erreichbar.", "The check cannot be reached right now.")));
    }
  }

  // Asked beside the check, so that nobody waits for them; what is chosen is checked like everything that is drawn.
  async function lookForAlternatives(geometry, signal) {
    const place = at("result").querySelector(".alternatives");
    try {
      const answer = await send("/api/v1/conflict-checks", { type: "Feature", geometry, properties: { ...properties(), alternatives: true } }, {}, signal);
      const found = answer.ok ? (await answer.json()).alternatives : null;
      place.replaceChildren(...geo.alternativesContent(found, {
        time(days) {
          form.elements.from.value = days.from;
          form.elements.until.value = days.until;
          at("result-heading").focus(); // the button goes with the answer it stood in
          check();
        },
        place(there) {
          at("result-heading").focus();
          drawing.show(there);
        },
      }));
    } catch (error) {
      if (error.name !== "AbortError") place.replaceChildren();
    }
  }

  const later = geo.debounce(250, check);
  const drawing = geo.drawing(map, () => {
    at("draw-polygon").setAttribute("aria-pressed", "false");
    later();
  });
  geo.applyDrawing = drawing;
  geo.drawingTools(map, drawing);
  for (const name of ["use_type", "from", "until", "restriction", "count", "frontage_m", "excavation", "commercial", "charitable"]) form.elements[name].addEventListener("change", later);

  // Which papers the chosen use needs; they are added on the page of the case, after filing.
  function showPapers() {
    const papers = form.elements.use_type.selectedOptions[0].dataset.papers;
    at("needed-papers").hidden = !papers;
    at("needed-papers").textContent = papers ? `${geo.t("Dazu werden gebraucht (nach dem Einreichen hinzuzufügen):", "Needed with it (to be added after filing):")} ${papers}` : "";
  }
  form.elements.use_type.addEventListener("change", showPapers);
  showPapers();

  function receipt(told, email) {
    if (geo.ownReceipt) {
      geo.ownReceipt(told, at("receipt"), linkByMail(email));
      return showReceipt();
    }
    const address = `${geo.state.base}/permits/${encodeURIComponent(told.reference)}?token=${encodeURIComponent(told.token)}`;
    const box = at("receipt");
    box.replaceChildren(
      geo.el("div", { class: "message message-good" }, geo.el("h2", {}, geo.t("Ihr Antrag ist eingegangen", "Your request has arrived")),
        geo.el("p", {}, `${geo.t("Aktenzeichen", "Reference")}: `, geo.el("strong", { id: "reference" }, told.reference))),
      geo.el("p", {}, geo.t("Heben Sie diesen Link gut auf: Damit sehen Sie den Stand und können den Antrag zurückziehen. Wer ihn hat, kann das auch.", "Keep this link: it shows the state of your case and lets you withdraw it. So can anybody who has it.")),
      linkByMail(email),
      geo.el("p", {}, geo.el("a", { class: "button", id: "follow-link", href: address }, geo.t("Zum Stand des Antrags", "To the state of the case"))),
      ...(at("needed-papers").hidden ? [] : [geo.el("p", { class: "message message-warn" }, `${geo.t("Dort fügen Sie noch hinzu:", "Add there:")} ${form.elements.use_type.selectedOptions[0].dataset.papers}`)]),
      geo.el("p", {}, geo.el("a", { href: location.pathname + location.search }, geo.t("Weiteren Antrag stellen", "File another request"))));
    showReceipt();
  }
  function linkByMail(email) {
    if (!email || form.dataset.mails !== "yes") return "";
    return geo.el("p", { id: "link-by-mail" }, `${geo.t("Der Link kommt auch per E-Mail an", "The link also comes by e-mail to")} ${email}.`);
  }
  function showReceipt() {
    drawing.fix();
    form.hidden = true;
    at("receipt").hidden = false;
    at("receipt").focus();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    unmark();
    const told = (text, field) => {
      at("file-message").replaceChildren(geo.el("p", { class: "message message-block" }, text));
      if (field) {
        field.setAttribute("aria-invalid", "true");
        field.focus();
      }
    };
    const geometry = drawing.geometry();
    if (!geometry) return told(geo.t("Bitte zeichnen Sie zuerst die Fläche ein.", "Please draw the area first."), null);
    if (!at("name").value.trim()) return told(geo.t("Bitte nennen Sie Ihren Namen oder Ihre Firma.", "Please state your name or firm."), at("name"));
    if (!["email", "phone", "address"].some((name) => at(name).value.trim())) return told(geo.t("Bitte nennen Sie E-Mail, Telefon oder Anschrift, damit die Kommune antworten kann.", "Please state an e-mail address, a phone number or a postal address, so that the town can answer."), at("email"));
    if (at("email").value && !at("email").checkValidity()) return told(geo.t("Diese E-Mail-Adresse ist nicht vollständig.", "This e-mail address is not complete."), at("email"));
    const applicant = { name: at("name").value.trim() };
    for (const name of ["email", "phone", "address"]) if (at(name).value.trim()) applicant[name] = at(name).value.trim();
    const given = { ...properties(), applicant };
    if (at("purpose").value.trim()) given.purpose = at("purpose").value.trim();
    const body = { type: "Feature", geometry, properties: given };
    // The same request sent twice stays one case, a changed one is another.
    const text = JSON.stringify(body);
    if (!filing || filing.text !== text) filing = { text, key: crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2) + Date.now() };
    at("file-button").disabled = true;
    try {
      const answer = await send("/api/v1/permits", body, { "Idempotency-Key": filing.key });
      if (answer.ok) receipt(await answer.json(), applicant.email);
      else at("file-message").replaceChildren(await problem(answer));
    } catch {
      told(geo.t("Der Antrag konnte nicht gesendet werden. Bitte noch einmal versuchen; er wird nicht doppelt angelegt.", "The request could not be sent. Please try again; it will not be filed twice."), null);
    } finally {
      at("file-button").disabled = false;
    }
  });
})(window.GeoService);

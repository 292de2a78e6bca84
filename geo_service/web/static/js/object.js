// The form of one thing on the desk's map: reads its fields by their names, sends it to the case API, shows what is said.
(function (geo) {
  "use strict";
  const form = document.getElementById("object-form");
  const at = (id) => document.getElementById(id);
  const map = geo.map;
  const known = JSON.parse(at("object").textContent);
  geo.showOverlaps(geo.overlapLayer(map), known.findings);
  const saved = new URLSearchParams(location.search).get("saved");
  if (saved) {
    at("saved").replaceChildren(geo.el("p", { class: "message message-good" }, geo.t("Gespeichert und geprüft.", "Saved and checked.")));
    at("saved").focus();
  }
  if (!form) {
    const shape = L.geoJSON({ type: "Feature", geometry: known.geometry, properties: {} }, { pane: "drawing", interactive: false, style: { color: "#10222e", weight: 3, dashArray: "6 6", fillOpacity: 0.12 } }).addTo(map);
    map.fitBounds(shape.getBounds().pad(1), { maxZoom: 19, animate: false });
    return;
  }

  const drawing = geo.drawing(map, () => geo.showTools(drawing), form.dataset.shape);
  geo.objectDrawing = drawing;
  geo.drawingTools(map, drawing);
  if (known.geometry) drawing.load(known.geometry);

  // A property by its path, `traffic_order.number` in a member; undefined takes it away, and a member left empty too.
  function put(properties, path, value) {
    const [name, ...rest] = path.split(".");
    if (!rest.length) {
      if (value === undefined) delete properties[name];
      else properties[name] = value;
      return;
    }
    const inner = { ...(properties[name] || {}) };
    put(inner, rest.join("."), value);
    if (Object.values(inner).some((each) => each !== null && !(Array.isArray(each) && !each.length))) properties[name] = inner;
    else delete properties[name];
  }

  function valueOf(field) {
    const kind = field.dataset.input;
    if (kind === "check") return field.checked;
    if (kind === "many") {
      const ticked = [...field.querySelectorAll("input:checked")].map((one) => one.value);
      const codes = ticked.filter(Boolean);  // the tick without a code says: none of these
      return codes.length ? codes : ticked.length ? [] : undefined;
    }
    const text = field.value.trim();
    if (!text) return undefined;
    return kind === "number" ? Number(text) : text;
  }

  function properties() {
    const given = structuredClone(known.stated);
    const days = [given.from, given.until];
    for (const field of form.querySelectorAll("[data-field]")) {
      const value = valueOf(field);
      put(given, field.dataset.field, value === false && !(field.dataset.field in known.stated) && field.dataset.field !== "is_public" ? undefined : value);
    }
    // A period that was stated to the minute stays so while its days are not touched.
    if (known.times && given.from === days[0] && given.until === days[1]) {
      delete given.from;
      delete given.until;
      given.start = known.times[0];
      if (known.times[1]) given.end = known.times[1];
    }
    return given;
  }

  const headers = () => ({
    "Content-Type": "application/geo+json", Accept: "application/json", "Accept-Language": geo.language, "X-CSRF-Token": form.dataset.csrf,
    ...(form.dataset.id ? { "If-Match": `"${form.dataset.version}"` } : {}),
  });
  const fieldOf = (pointer) => {
    const parts = pointer.split("/").slice(2);
    for (let many = parts.length; many > 0; many -= 1) {
      const field = form.querySelector(`[data-field="${CSS.escape(parts.slice(0, many).join("."))}"]`);
      if (field) return field;
    }
    return null;
  };
  let sending = null;

  async function send(method, body) {
    geo.unmark(form);
    const address = `${geo.state.base}/api/v1/${form.dataset.path}${form.dataset.id ? `/${form.dataset.id}` : ""}`;
    const text = body ? JSON.stringify(body) : undefined;
    // The same thing sent twice stays one.
    if (method === "POST" && (!sending || sending.text !== text)) sending = { text, key: crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2) + Date.now() };
    at("save").disabled = true;
    try {
      const answer = await fetch(address, { method, body: text, headers: { ...headers(), ...(method === "POST" ? { "Idempotency-Key": sending.key } : {}) } });
      if (!answer.ok) return refused(answer, body);
      const stored = await answer.json();
      const query = new URLSearchParams(location.search);
      const language = query.get("lang");
      location.assign(`${form.dataset.desk}/${stored.id}?saved=yes${language ? `&lang=${language}` : ""}`);
    } catch {
      tell(geo.el("p", { class: "message message-block" }, geo.t("Der Dienst ist gerade nicht erreichbar. Bitte noch einmal versuchen; es wird nichts doppelt angelegt.", "The service cannot be reached. Please try again; nothing is entered twice.")));
    } finally {
      at("save").disabled = false;
    }
  }
  // A supervisor may set aside what stands in the way of something that is stored; a new thing is first stored as planned.
  async function refused(answer, body) {
    const told = answer.status === 409 ? await answer.clone().json() : {};
    tell(await geo.problemContent(answer, form, fieldOf));
    if (form.dataset.overrides !== "yes" || !(told.findings || []).length) return;
    if (!form.dataset.id) {
      at("message").append(geo.el("p", { class: "quiet" }, geo.t("Als Leitung können Sie es erst als geplant speichern und dann mit Begründung bestätigen.", "As a supervisor you can store it as planned first and then confirm it with a reason.")));
      return;
    }
    const reason = geo.el("textarea", { id: "override-reason", maxlength: "4000", rows: "2" });
    const button = geo.el("button", { type: "button", class: "button danger", id: "override" }, geo.t("Befunde mit dieser Begründung übergehen und speichern", "Override the findings with this reason and save"));
    button.addEventListener("click", () => {
      if (!reason.value.trim()) {
        reason.setAttribute("aria-invalid", "true");
        return reason.focus();
      }
      const overrides = told.findings.map((one) => ({ finding: one.id, reason: reason.value.trim() }));
      return send("PUT", { ...body, properties: { ...body.properties, overrides } });
    });
    at("message").append(geo.el("div", { class: "field" }, geo.el("label", { for: "override-reason" }, geo.t("Begründung der Leitung; sie bleibt für immer im Verlauf", "Reason of the supervisor; it stays in the record for ever")), reason), button);
    reason.focus();
  }
  function tell(content) {
    at("message").replaceChildren(content);
    (form.querySelector("[aria-invalid]") || at("save")).focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const geometry = drawing.geometry();
    const missing = [...form.querySelectorAll("input[required]")].find((field) => !field.value.trim());
    if (missing) {
      missing.setAttribute("aria-invalid", "true");
      return tell(geo.el("p", { class: "message message-block" }, geo.t("Bitte alle nötigen Felder ausfüllen.", "Please fill in what is needed.")));
    }
    if (!geometry) return tell(geo.el("p", { class: "message message-block" }, geo.t("Bitte zuerst einzeichnen, wo es liegt.", "Please draw first where it lies.")));
    return send(form.dataset.id ? "PUT" : "POST", { type: "Feature", geometry, properties: properties() });
  });
  at("cancel")?.addEventListener("click", () => send("DELETE"));
})(window.GeoService);

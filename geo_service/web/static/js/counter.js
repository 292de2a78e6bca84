// At the counter: a place by street, stretch, side and size. The area comes from the service and is drawn like any other.
(function (geo) {
  "use strict";
  const at = (id) => document.getElementById(id);
  const form = at("apply-form");
  const desk = form.dataset.desk;
  let known = [];
  let street = null;

  // Enter in a field must not file half a form; on a button it does what the button says.
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.tagName === "INPUT" && event.target.type !== "checkbox") {
      event.preventDefault();
      event.target.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });

  const ask = (path, query) => fetch(`${desk}/counter/${path}?${new URLSearchParams(query)}`, { headers: { Accept: "application/json", "Accept-Language": geo.language } });

  async function findStreet() {
    const wanted = at("street").value.trim();
    if (!wanted || wanted === street) return;
    street = wanted;
    const answer = await ask("stretches", { street: wanted, lang: geo.language });
    if (!answer.ok || street !== wanted) return;
    const found = await answer.json();
    known = found.stretches;
    at("street-told").textContent = known.length
      ? geo.t(`${found.street}: ${known.length} Abschnitte`, `${found.street}: ${known.length} stretches`)
      : geo.t("Diese Straße gibt es hier nicht. Schreibweise prüfen oder unten einzeichnen.", "There is no such street here. Check the spelling, or draw below.");
    if (!known.length) {
      at("stretch").replaceChildren(geo.el("option", { value: "" }, geo.t("– erst die Straße –", "– the street first –")));
      return;
    }
    at("stretch").replaceChildren(...known.map((one) => geo.el("option", { value: one.id }, one.text)));
    const longest = known.reduce((best, one) => (one.length_m > best.length_m ? one : best));
    at("stretch").value = longest.id;
    if (!at("address_text").value) at("address_text").value = `${found.street} `;
    stretchChosen();
  }

  function stretchChosen() {
    const one = known.find((each) => each.id === at("stretch").value);
    if (!one) return;
    for (const side of ["left", "right"]) at("side").querySelector(`[value=${side}]`).textContent = one[side];
    at("at_m").max = one.length_m;
    at("at_m").value = (Math.round(one.length_m) / 2).toFixed(1);
    at("at-told").textContent = one.start
      ? geo.t(`Gezählt ab ${one.start}, bis ${geo.number(one.length_m, 0)} m.`, `Counted from ${one.start}, up to ${geo.number(one.length_m, 0)} m.`)
      : geo.t(`Gezählt ab dem Anfang des Abschnitts, bis ${geo.number(one.length_m, 0)} m.`, `Counted from where the stretch begins, up to ${geo.number(one.length_m, 0)} m.`);
    place();
  }

  let asked = 0;
  async function place() {
    const mine = ++asked;
    if (!at("stretch").value) return; // nothing is chosen yet
    geo.unmark(form);
    const answer = await ask("place", {
      segment: at("stretch").value, side: at("side").value, strip: at("strip").value, length_m: at("said_length_m").value,
      depth_m: at("said_depth_m").value, ...(at("at_m").value ? { at_m: at("at_m").value } : {}),
    });
    if (mine !== asked) return;
    if (!answer.ok) {
      geo.applyDrawing.clear();
      const fields = { length_m: "said_length_m", depth_m: "said_depth_m", at_m: "at_m", strip: "strip" };
      at("place-message").replaceChildren(await geo.problemContent(answer, form, (pointer) => at(fields[pointer.split("/").pop()] || "stretch")));
      return;
    }
    at("place-message").replaceChildren();
    geo.applyDrawing.load(await answer.json());
  }

  at("street").addEventListener("change", findStreet);
  at("stretch").addEventListener("change", stretchChosen);
  for (const id of ["side", "strip", "said_length_m", "said_depth_m", "at_m"]) at(id).addEventListener("change", place);
})(window.GeoService);

// What is typed for the decision outlives another form of the page: the order is saved, the conditions are still there.
(function () {
  "use strict";
  const form = document.getElementById("decide-form");
  if (!form) return;
  const fields = ["reason", "conditions"].map((name) => form.elements[name]).filter(Boolean);
  const place = `typed ${location.pathname}`;
  const kept = JSON.parse(sessionStorage.getItem(place) || "{}");
  sessionStorage.removeItem(place);
  for (const field of fields) if (field.name in kept) field.value = kept[field.name];

  // After a refusal the page gives back what was typed; else only what differs from what the desk was offered.
  const refused = document.getElementById("refusal") !== null;
  document.addEventListener("submit", (event) => {
    if (event.target === form) return;
    const typed = fields.filter((field) => refused || field.value !== field.defaultValue);
    if (typed.length) sessionStorage.setItem(place, JSON.stringify(Object.fromEntries(typed.map((field) => [field.name, field.value]))));
  });
})();

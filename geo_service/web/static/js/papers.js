// Says that a file is too large before it is sent; the server looks again.
(function () {
  "use strict";
  const field = document.getElementById("document-file");
  if (!field) return;
  field.addEventListener("change", () => {
    const tooLarge = field.files.length > 0 && field.files[0].size > Number(field.dataset.most);
    field.setCustomValidity(tooLarge ? field.dataset.refusal : "");
    field.reportValidity();
  });
})();

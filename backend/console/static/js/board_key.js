// A screen's key that came after the # of the address: shown to the server in a form, never in an address.

const form = document.querySelector("[data-display-key]");
const key = window.location.hash.slice(1);

if (key && !document.querySelector("[role='alert']")) {
  window.history.replaceState(null, "", window.location.pathname);
  form.elements.clave.value = key;
  form.requestSubmit();
}

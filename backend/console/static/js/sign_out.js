// What has not gone out yet is lost by signing out: who does so is asked.

const isUnsent = (name) => name.startsWith("consola-borrador-") || (name.startsWith("consola-por-enviar-") && sessionStorage.getItem(name) !== "[]");

/** What to ask before `form` is sent; nothing for any other form, or where nothing would be lost. */
export function signOutQuestion(form) {
  if (form.getAttribute("action") !== "/consola/salir" || !Object.keys(sessionStorage).some(isUnsent)) return null;
  return "Dejó mensajes sin enviar en esta ventana. Si sale, se borran. ¿Salir de todos modos?";
}

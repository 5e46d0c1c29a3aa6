// The page of the calls of this moment renews itself, unless somebody is choosing in it.

const EVERY = 3000;
const place = document.querySelector("[data-telephony-now]");

const renew = async () => {
  if (document.hidden || place.contains(document.activeElement)) return;
  const answer = await fetch("/consola/telefono/ahora", { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!place.contains(document.activeElement)) place.replaceChildren(...page.body.children);
};

if (place) setInterval(renew, EVERY);

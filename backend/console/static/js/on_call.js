// The header's running call: its timer, and F2, which begins a call from any page or goes back to the one that runs.

const loaded = performance.now();

function tell() {
  for (const timer of document.querySelectorAll("[data-timer]")) {
    const whole = Number(timer.dataset.timer) + Math.floor((performance.now() - loaded) / 1000);
    const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    const two = (number) => String(number).padStart(2, "0");
    timer.textContent = hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
  }
}

/** Something typed here would be lost with the page. */
const isUnsaved = () => [...document.querySelectorAll("form[method='post'] textarea")].some((box) => box.value && box.value !== box.defaultValue);

function act() {
  const link = document.querySelector("[data-call-link]");
  const form = document.querySelector("[data-begin-call]");
  const target = isUnsaved() ? "_blank" : "";
  if (link?.pathname === location.pathname) return; // its own page knows what F2 means there
  if (link) {
    if (target) window.open(link.href, target);
    else window.location.assign(link.href);
  } else if (form) {
    form.target = target;
    form.requestSubmit();
    if (target) delete form.dataset.sent;
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "F2" || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.defaultPrevented) return;
  event.preventDefault();
  if (!event.repeat) act();
});

if (document.querySelector("[data-timer]")) {
  tell();
  setInterval(tell, 1000);
}

// The fields of a call: outcomes of the direction alone, and an area where it was passed on.

export const form = document.querySelector("[data-call], [data-call-fields]");
const direction = form.querySelector("[data-direction]");
const outcome = form.querySelector("[data-outcome]");
const area = form.querySelector("[data-area]");

/** Offers only the ways in which a call of this direction ends. */
export function arrange() {
  for (const option of outcome.options) {
    const fits = option.dataset.directions.split(" ").includes(direction.value);
    option.hidden = option.disabled = !fits;
  }
  if (outcome.selectedOptions[0]?.disabled) outcome.value = "atendida";
}

export function toggleDirection() {
  direction.value = direction.value === "recibida" ? "realizada" : "recibida";
  direction.dispatchEvent(new Event("change", { bubbles: true }));
}

form.addEventListener("change", (event) => {
  if (event.target === direction) arrange();
  const isPassedOn = event.target.name === "proposito" && event.target.value === "transferida";
  if ((isPassedOn || (event.target === area && area.value)) && outcome.value === "atendida") outcome.value = "transferida";
  if (event.target.name === "proposito" && !isPassedOn && outcome.value === "transferida" && !area.value) outcome.value = "atendida";
});
arrange();

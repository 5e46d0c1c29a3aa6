// Sound (made here, no file) and the number in the title.

const title = document.title;
const KEY = "consola-sonido";
let context = null;

export function bindSound(button) {
  const show = () => {
    const on = isOn();
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? "Sonido: sí" : "Sonido: no";
  };
  button.addEventListener("click", () => {
    localStorage.setItem(KEY, isOn() ? "no" : "si");
    show();
    if (isOn()) beep();
  });
  show();
}

const isOn = () => localStorage.getItem(KEY) === "si";

export function beep({ urgent = false } = {}) {
  if (!isOn()) return;
  context ??= new AudioContext();
  context.resume();
  const times = urgent ? [0, 0.22, 0.44] : [0];
  for (const start of times) {
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.frequency.value = urgent ? 990 : 660;
    gain.gain.setValueAtTime(0.12, context.currentTime + start);
    gain.gain.exponentialRampToValueAtTime(0.001, context.currentTime + start + 0.2);
    tone.connect(gain).connect(context.destination);
    tone.start(context.currentTime + start);
    tone.stop(context.currentTime + start + 0.2);
  }
}

export function showInTitle(number) {
  document.title = number > 0 ? `(${number}) Chat Sonora` : title;
}

// Dates as the office reads them: America/Hermosillo, whatever the computer's zone.

const zone = { timeZone: "America/Hermosillo" };
const hour = new Intl.DateTimeFormat("es-MX", { ...zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat("es-MX", { ...zone, day: "numeric", month: "short" });
const longDay = new Intl.DateTimeFormat("es-MX", { ...zone, weekday: "long", day: "numeric", month: "long", year: "numeric" });
const key = new Intl.DateTimeFormat("en-CA", { ...zone, year: "numeric", month: "2-digit", day: "2-digit" });

export const hourText = (iso) => hour.format(new Date(iso));
export const dayKey = (iso) => key.format(new Date(iso));
export const momentText = (iso) => (iso ? `${day.format(new Date(iso))}, ${hourText(iso)}` : "—");
export const shortText = (iso) => (!iso ? "" : dayKey(iso) === dayKey(Date.now()) ? hourText(iso) : day.format(new Date(iso)));

export function dayText(iso) {
  const today = dayKey(Date.now());
  if (dayKey(iso) === today) return "Hoy";
  if (dayKey(iso) === dayKey(Date.now() - 86400000)) return "Ayer";
  return longDay.format(new Date(iso));
}

/** `45 s`, `12 min`, `1 h 05 min`, `2 d` since `iso`. */
export function sinceText(iso) {
  const seconds = Math.max(0, Math.floor((Date.now() - new Date(iso)) / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(minutes / 1440)} d`;
}

export const minutesSince = (iso) => (Date.now() - new Date(iso)) / 60000;

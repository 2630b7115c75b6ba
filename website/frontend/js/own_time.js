// Times are the clinic's. Somebody in another zone also sees their own, after the clinic's: it must not move anything.
// The server writes <time datetime="2026-11-24T18:00+01:00" data-until="…">, equal for one moment; the words stand in base.html.
// The timetable does the same while it is being read (zone.js).

const MINUTE = 60 * 1000;

function offsetOf(iso) {
  const [, sign, hours, minutes] = iso.match(/([+-])(\d\d):(\d\d)$/) || [];
  return sign ? Number(sign + 1) * (Number(hours) * 60 + Number(minutes)) : 0;
}

function clock(moment) {
  return moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

function ownWords(element, words) {
  const { dateTime } = element;
  const start = new Date(dateTime);
  if (Number.isNaN(start.getTime()) || -start.getTimezoneOffset() === offsetOf(dateTime)) return null;
  const { until } = element.dataset;
  const hours = until === dateTime ? clock(start) : `${clock(start)}–${clock(new Date(until))}`;
  const sameDay = new Date(start.getTime() - start.getTimezoneOffset() * MINUTE).toISOString().slice(0, 10) === dateTime.slice(0, 10);
  const language = document.documentElement.lang;
  const day = sameDay ? "" : `${start.toLocaleDateString(language, { weekday: "short" })} `;
  return words.replace("0", day + hours);
}

export function showOwnTimes(root = document) {
  if (document.body.classList.contains("staff")) return; // who works here means the clock on the wall
  const words = document.getElementById("own-time")?.content.textContent.trim();
  if (!words) return;
  for (const element of root.querySelectorAll("time[data-until]")) {
    if (element.nextElementSibling?.classList.contains("own-time")) continue;
    const own = ownWords(element, words);
    if (!own) continue;
    const part = document.createElement("span");
    part.className = "own-time";
    part.textContent = own;
    element.after(" ", part);
  }
}

export function keepShowingOwnTimes() {
  showOwnTimes();
  document.addEventListener("htmx:afterSwap", (event) => showOwnTimes(event.target));
}

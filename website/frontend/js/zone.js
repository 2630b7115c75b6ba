// The timetable for who is elsewhere: a sentence says how far their clock is from the clinic's, and each class gets their
// own time. The page is the same for everybody, so only the browser can know. This small file stands before the classes
// and works while they are still being read, so that nothing moves afterwards. Without it the zone is named all the same.

import { showOwnTimes } from "./own_time.js";

const MINUTE = 60 * 1000;
const DAY = 24 * 60 * MINUTE;

// Minutes that the wall clocks of a zone (of this device, if none is named) are ahead of UTC.
function offsetAt(moment, zone) {
  const wall = moment.toLocaleString("sv-SE", { timeZone: zone }); // 2026-11-24 18:00:00
  return Math.round((Date.parse(`${wall.replace(" ", "T")}Z`) - moment) / MINUTE);
}

// The minutes by which it is later here than at the clinic, on the page's own days: today's difference may be another.
function differences({ zone, from, until }) {
  const end = Date.parse(until);
  const found = new Set();
  for (let time = Math.max(Date.now(), Date.parse(from)); time < end + DAY; time += DAY) {
    const moment = new Date(Math.min(time, end - 1));
    found.add(offsetAt(moment) - offsetAt(moment, zone));
  }
  return [...found];
}

// 8 hours; 4 hours 30 minutes
function spanWords(minutes) {
  const parts = [
    [Math.floor(minutes / 60), "hour"],
    [minutes % 60, "minute"],
  ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => count.toLocaleString(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" }))
    .join(" ");
}

function sentence({ dataset }) {
  const [minutes, ...others] = differences(dataset);
  if (others.length > 0) return dataset.changing;
  if (minutes === 0) return "";
  return (minutes > 0 ? dataset.later : dataset.earlier).replace("0", spanWords(Math.abs(minutes)));
}

function showOwnTimesFromTheStart() {
  const seen = new MutationObserver(() => showOwnTimes());
  seen.observe(document.body, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => seen.disconnect(), { once: true });
}

const notice = document.getElementById("zone-notice");
notice.textContent = sentence(notice);
if (notice.textContent) showOwnTimesFromTheStart();

// The timetable's strip of days shows which day is on the screen. Without script its links work all the same.

let watcher;

function mark(link) {
  const strip = link.closest("ul");
  strip.querySelector("[aria-current]")?.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  strip.scrollLeft = link.offsetLeft - (strip.clientWidth - link.offsetWidth) / 2;
}

function watch() {
  watcher?.disconnect();
  const strip = document.querySelector(".day-strip");
  if (!strip) return;
  const links = [...strip.querySelectorAll("a")];
  const days = links.map((link) => document.getElementById(link.hash.slice(1)));
  const onScreen = new Set();
  // Below the strip and above the lower half: the first day that reaches into it is the one being read.
  watcher = new IntersectionObserver(
    (seen) => {
      for (const entry of seen) onScreen[entry.isIntersecting ? "add" : "delete"](entry.target);
      const first = days.findIndex((day) => onScreen.has(day));
      if (first >= 0) mark(links[first]);
    },
    { rootMargin: "-96px 0px -50% 0px" },
  );
  for (const day of days) watcher.observe(day);
}

export function followDays() {
  watch();
  document.addEventListener("htmx:afterSwap", watch);
}

// The calendar of those who teach (scheduling/templates/scheduling/calendar/). Loaded by that page only. The server has
// written a list; where there is room, a grid takes its place, in which classes are drawn, moved and made longer.

import { startGrid } from "./calendar/grid.js";

const WIDE = window.matchMedia("(width >= 640px)");

function start() {
  const root = document.getElementById("calendar");
  if (!root || root.dataset.view === "list") return;
  const setup = { ...JSON.parse(document.getElementById("calendar-setup").textContent), token: root.dataset.token };
  let grid = null;
  const fit = () => {
    if (WIDE.matches && !grid) grid = startGrid(setup);
    else if (!WIDE.matches && grid?.hasGone) location.reload(); // the list is of other days
  };
  WIDE.addEventListener("change", fit);
  fit();
}

start();

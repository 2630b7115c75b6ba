// The bar above the grid: its links lead elsewhere without a new page, and the address says what is shown.

const LOOKS = { week: "timeGridWeek", day: "timeGridDay" };

export function viewNamed(look) {
  return LOOKS[look] || LOOKS.week;
}

export function addressOf(setup, view, day) {
  const look = Object.keys(LOOKS).find((name) => LOOKS[name] === view);
  return `${setup.page}?${new URLSearchParams({ view: look, day, ...setup.filters })}`;
}

export function followBar(calendar) {
  document.querySelector(".calendar-bar").addEventListener("click", (event) => {
    const link = event.target.closest("a[data-go], a[data-look]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.dataset.go) calendar[link.dataset.go]();
    else calendar.changeView(viewNamed(link.dataset.look));
  });
  window.addEventListener("popstate", () => {
    const query = new URLSearchParams(location.search);
    const day = query.get("day");
    calendar.changeView(viewNamed(query.get("view")), day || undefined);
  });
}

// What the grid shows now, in the bar and in the address; the links work for a new tab, too.
export function showWhere(setup, calendar, view) {
  const day = isoDay(calendar.getDate());
  document.getElementById("calendar-title").textContent = view.title.replace(",", ""); // as the server writes it
  const address = addressOf(setup, view.type, day);
  const before = new URLSearchParams(location.search);
  const isSame = before.get("day") === day && viewNamed(before.get("view")) === view.type;
  if (!isSame) history.pushState(null, "", address);
  for (const link of document.querySelectorAll("a[data-look]")) {
    const type = viewNamed(link.dataset.look);
    link.href = addressOf(setup, type, day);
    if (type === view.type) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  for (const [step, days] of [["prev", -1], ["next", 1]]) {
    const there = new Date(view.currentStart);
    there.setUTCDate(there.getUTCDate() + days * (view.type === LOOKS.day ? 1 : 7));
    document.querySelector(`a[data-go="${step}"]`).href = addressOf(setup, view.type, isoDay(there));
  }
  const list = document.querySelector("a[data-list]");
  list.href = list.href.replace(/day=[\d-]+/, `day=${day}`);
  const fresh = document.getElementById("calendar-new");
  if (fresh) fresh.href = newClassAddress(setup, { day });
  const field = document.querySelector("#calendar-filters [name=day]");
  if (field) field.value = day;
}

export function newClassAddress(setup, values) {
  const { instructor } = setup.filters;
  return `${setup.newClass}?${new URLSearchParams({ ...values, ...(instructor && { instructor }) })}`;
}

// The grid's dates are wall times of the clinic, kept in the UTC fields.
export function isoDay(date) {
  return date.toISOString().slice(0, 10);
}

// FullCalendar with the clinic's wall times: the feed's times carry no offset, so a browser anywhere shows the same.

import { Calendar } from "@fullcalendar/core";
import locale from "@fullcalendar/core/locales/en-gb.js";
import interaction from "@fullcalendar/interaction";
import timeGrid from "@fullcalendar/timegrid";
import { followBar, isoDay, newClassAddress, showWhere, viewNamed } from "./address.js";
import { describe } from "./entry.js";
import { moveClass } from "./moves.js";
import { refuse } from "./news.js";
import { preparePanel } from "./panel.js";
import { fetchEntries } from "./server.js";

const MINUTE = 60 * 1000;
const STILL = window.matchMedia("(prefers-reduced-motion: reduce)");
const USUAL_HOURS = [7, 22]; // more of the day is shown where a class lies outside

export function startGrid(setup) {
  const state = { hasGone: false };
  const mayPlan = Boolean(document.getElementById("calendar-new"));
  const calendar = new Calendar(document.getElementById("calendar-grid"), {
    plugins: [timeGrid, interaction],
    locale,
    timeZone: setup.zone,
    now: () => wallNow(setup.zone),
    initialView: viewNamed(setup.view),
    initialDate: setup.day,
    headerToolbar: false,
    allDaySlot: false, // but when one of several is away
    allDayText: setup.away,
    height: "auto",
    slotDuration: "00:15:00", // and nothing finer to snap to: FullCalendar would move by a step too many
    slotLabelInterval: "01:00",
    slotMinTime: hour(USUAL_HOURS[0]),
    slotMaxTime: hour(USUAL_HOURS[1]),
    slotLabelFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
    defaultRangeSeparator: "–",
    eventTimeFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
    titleFormat: { day: "numeric", month: "long", year: "numeric" },
    dayHeaderFormat: { weekday: "short", day: "numeric", month: "short" },
    views: { timeGridDay: { titleFormat: { weekday: "long", day: "numeric", month: "long", year: "numeric" } } },
    nowIndicator: true,
    slotEventOverlap: false,
    eventMinHeight: 24,
    editable: true,
    dragRevertDuration: STILL.matches ? 0 : 500, // without a transition FullCalendar would wait for its end for ever
    eventAllow: ({ allDay }) => !allDay, // a class has its hour
    selectable: mayPlan,
    selectAllow: ({ allDay }) => !allDay,
    selectMirror: true,
    selectMinDistance: 8, // a mere click plans nothing
    defaultTimedEventDuration: "01:00",
    forceEventDuration: true,
    eventDataTransform: (entry) => ({ ...entry, editable: Boolean(entry.editable) }),
    eventContent: describe,
    eventClassNames: ({ event }) => classesOf(event.extendedProps),
    events: (asked, show, fail) => {
      fetchEntries(setup, asked.startStr.slice(0, 10), asked.endStr.slice(0, 10)).then(
        (entries) => {
          makeRoom(calendar, entries);
          show(entries);
        },
        (error) => {
          refuse(error.message);
          fail(error);
        },
      );
    },
    datesSet: ({ view }) => {
      const where = `${view.type} ${view.currentStart.toISOString()}`; // making room for early classes ends here, too
      state.hasGone ||= Boolean(state.where) && state.where !== where;
      state.where = where;
      showWhere(setup, calendar, view);
    },
    select: ({ start, end }) => location.assign(newClassAddress(setup, timesOf(start, end))),
    eventClick: ({ event, jsEvent }) => {
      if (!event.url || jsEvent.ctrlKey || jsEvent.metaKey) return;
      jsEvent.preventDefault();
      panel.open(event);
    },
    eventDrop: changed,
    eventResize: changed,
  });
  const panel = preparePanel(setup, {
    onMoved: () => calendar.refetchEvents(),
    onFit: () => calendar.updateSize(),
  });

  async function changed({ event, revert }) {
    const { move, revision } = event.extendedProps;
    const { time, ...times } = timesOf(event.start, event.end);
    const answer = await moveClass(move, { ...times, wall_time: time, revision }, setup);
    if (!answer.moved) revert();
    if (answer.moved || answer.isOutdated) calendar.refetchEvents();
  }

  document.getElementById("calendar").classList.add("has-grid");
  calendar.render();
  followBar(calendar);
  return state;
}

function timesOf(start, end) {
  return { day: isoDay(start), time: start.toISOString().slice(11, 16), minutes: (end - start) / MINUTE };
}

function classesOf({ kind, colour, state, isOver }) {
  if (kind === "absent") return ["absent"];
  if (kind) return [`shade-${kind}`];
  if (colour === undefined) return ["entry-new"];
  return ["entry", `colour-${colour}`, `entry-${state}`, ...(isOver ? ["entry-over"] : [])];
}

function makeRoom(calendar, entries) {
  const classes = entries.filter((entry) => !entry.kind);
  const [first, last] = USUAL_HOURS;
  const isEarly = classes.some(({ start }) => Number(start.slice(11, 13)) < first);
  const isLate = classes.some(({ start, end }) => end.slice(0, 10) > start.slice(0, 10) || end.slice(11) > hour(last));
  calendar.setOption("allDaySlot", entries.some((entry) => entry.allDay));
  calendar.setOption("slotMinTime", hour(isEarly ? 0 : first));
  calendar.setOption("slotMaxTime", hour(isLate ? 24 : last));
}

function hour(number) {
  return `${String(number).padStart(2, "0")}:00`;
}

function wallNow(zone) {
  const words = new Date().toLocaleString("sv-SE", { timeZone: zone }); // 2026-11-24 18:00:00
  return words.replace(" ", "T");
}

// What stands in a class of the grid: hours, how full it is, its state in words, name, where and by whom. The day and
// the places in words are for those who do not see the grid.

export function describe({ event, timeText, isMirror }) {
  const { kind, occupancy, places, day, hours, place, instructor, stateWord } = event.extendedProps;
  if (kind === "absent") return { domNodes: whoIsAway(event) };
  if (kind) return { domNodes: [part("shade-words", event.title)] };
  if (!occupancy) return { domNodes: [part("entry-hours", timeText)] };
  const taken = part("entry-taken", occupancy);
  taken.ariaHidden = "true";
  const nodes = [part("sr-only", `${day}, ${places}, `)];
  nodes.push(hoursOf(isMirror ? timeText : hours || timeText), taken);
  if (stateWord) nodes.push(part("entry-state", stateWord));
  nodes.push(part("entry-name", event.title), part("entry-where", place), part("entry-who", instructor));
  return { domNodes: nodes };
}

// It stands above the days that it touches; for those who do not see these, they are written out.
function whoIsAway({ title, extendedProps: { when, hours } }) {
  const seen = part("absent-hours", hours && `, ${hours}`);
  seen.ariaHidden = "true";
  return [part("absent-who", title), seen, part("sr-only", `, ${when}`)];
}

// Where a column is narrow, the eye sees when a class ends by its height: only the beginning is written out.
function hoursOf(words) {
  const [from, ...until] = words.split(/(?=–)/);
  const element = part("entry-hours", from);
  element.append(part("entry-until", until.join("")));
  return element;
}

function part(name, words) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = words;
  return element;
}

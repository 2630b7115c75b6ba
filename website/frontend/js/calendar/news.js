// What happened is read out; what was refused is also shown until something else happens or somebody closes it.

let fading = 0;

export function say(words) {
  refuse("");
  const part = document.getElementById("calendar-said");
  part.textContent = words;
  clearTimeout(fading);
  fading = setTimeout(() => (part.textContent = ""), 12000);
}

export function refuse(words) {
  const part = document.getElementById("calendar-refused");
  part.textContent = words;
  if (words) document.getElementById("calendar-said").textContent = "";
}

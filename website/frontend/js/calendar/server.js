// Fetching and sending, with one sentence for whatever goes wrong.

export class Refused extends Error {
  constructor(sentence, code = "") {
    super(sentence);
    this.code = code;
  }
}

export async function fetchEntries(setup, first, after) {
  const query = new URLSearchParams({ start: first, end: after, ...setup.filters });
  const answer = await ask(`${setup.feed}?${query}`, {}, setup, setup.unread);
  return (await answer.json()).entries;
}

export async function fetchPart(address, setup) {
  return (await ask(address, {}, setup, setup.unread)).text();
}

export async function send(address, values, setup) {
  const options = { method: "POST", body: new URLSearchParams(values), headers: { "X-CSRFToken": setup.token } };
  const answer = await ask(address, options, setup, setup.failed);
  return answer.json();
}

async function ask(address, options, setup, otherwise) {
  const answer = await fetch(address, { credentials: "same-origin", ...options }).catch(() => {
    throw new Refused(otherwise);
  });
  if (answer.redirected) throw new Refused(setup.signedOut); // to the page where one signs in
  if (answer.ok) return answer;
  const reason = await answer.json().catch(() => ({}));
  throw new Refused(reason.detail || otherwise, reason.code);
}

// The minutes that a hold has left. The server writes the end and the first figure; this counts on, and says
// `hold-over` at the end, for which the part of the page around it listens (booking/parts/turns.html).
// Words come from the page (data-…), so that they are translated with it.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const SPOKEN = [5, 1, 0]; // the minutes that a screen reader is told of; every second would be a torment

export function timeLeft() {
  return {
    figure: "",
    spoken: "",
    left: 0,
    over: false,
    told: false,
    timer: null,

    init() {
      // The server says how long is left, not only until when: a phone whose clock is wrong still counts right.
      // By the clock and not by performance.now(), which in some browsers stands still while the phone sleeps.
      const left = Number(this.$root.dataset.secondsLeft) * SECOND;
      if (!left) this.told = true; // it was over when the page was made
      this.end = Date.now() + left;
      this.tick();
      this.timer = setInterval(() => this.tick(), SECOND);
    },

    destroy() {
      clearInterval(this.timer);
    },

    tick() {
      const rest = Math.max(0, this.end - Date.now());
      this.left = Math.round(rest / SECOND);
      this.over = rest === 0;
      this.figure = this.over ? this.$root.dataset.over : this.words(rest);
      if (SPOKEN.includes(Math.ceil(rest / MINUTE))) this.spoken = this.figure;
      if (!this.over) return;
      clearInterval(this.timer);
      if (!this.told) this.$dispatch("hold-over");
      this.told = true;
    },

    words(rest) {
      const words = this.$root.dataset;
      if (rest <= MINUTE) return words.lastMinute;
      return words.minutes.replace("0", String(Math.ceil(rest / MINUTE)));
    },
  };
}

// Questions to the kernel: the newest wins, at most two are under way.

/** @typedef {import("../types.js").Model} Model @typedef {import("../types.js").Question} Question @typedef {import("../types.js").Reply} Reply */

const BEAT = 1000; // ms between two looks of the watchdog
const QUICK = 100; // ms: an answer that comes within is worth waiting for with the next picture

/**
 * `heard(reply, question)` gets every answer that is newer than the last; `mute(true)` is called when
 * none came in time, `mute(false)` when one comes again.
 */
export class Kernel {
  /**
   * @param {Model} model
   * @param {{ heard: (reply: Reply, question: Question) => void, mute: (silent: boolean) => void }} calls
   * @param {number} patience ms to wait for an answer
   */
  constructor(model, { heard, mute }, patience = 4000) {
    this.model = model;
    this.heard = heard;
    this.mute = mute;
    this.patience = patience;
    this.me = Math.random().toString(36).slice(2, 8);
    this.count = 0;
    this.seen = 0;
    /** Under way: id → when it was asked. @type {Map<number, number>} */
    this.out = new Map();
    /** Also those that were given up: their answers may still come. @type {Map<number, Question>} */
    this.asked = new Map();
    /** @type {Question | null} */
    this.next = null;
    this.silent = false;
    this.quick = false;
    this.last = 0; // when an answer came
    this.listen = (/** @type {Reply} */ message) => {
      if (message?.me === this.me) this.take(message);
    };
    model.on("msg:custom", this.listen);
    this.pulse = setInterval(() => this.beat(), BEAT);
  }

  /** @param {Question} question */
  ask(question) {
    if (this.out.size < 2) this.post(question);
    else this.next = question;
  }

  /** @param {Question} question */
  post(question) {
    const id = ++this.count;
    this.out.set(id, performance.now());
    this.asked.set(id, question);
    try {
      this.model.send?.({ ...question, me: this.me, id });
    } catch {
      this.giveUp(); // the line is closed
    }
  }

  /** @param {Reply} reply */
  take(reply) {
    const id = reply.id ?? 0;
    const question = this.asked.get(id);
    this.last = performance.now();
    this.quick = this.last - (this.out.get(id) ?? Number.NEGATIVE_INFINITY) < QUICK;
    this.out.delete(id);
    for (const old of this.asked.keys()) if (old <= id) this.asked.delete(old);
    if (this.silent) {
      this.silent = false;
      this.mute(false);
    }
    if (this.next && this.out.size < 2) {
      const next = this.next;
      this.next = null;
      this.post(next);
    }
    if (question && reply.kind !== "pong" && id > this.seen) {
      this.seen = id;
      this.heard(reply, question);
    }
  }

  giveUp() {
    this.out.clear();
    this.quick = false;
    if (this.silent) return;
    this.silent = true;
    this.mute(true);
  }

  /** The watchdog; it also asks an idle kernel now and then whether it is there. */
  beat() {
    const now = performance.now();
    const oldest = Math.min(...this.out.values());
    const patience = this.patience * (this.last ? 1 : 4); // at first its own cell may still be running
    if (now - oldest > patience) {
      this.giveUp();
      if (this.next) this.post(this.next);
      this.next = null;
    } else if (!this.out.size && !document.hidden && now - this.last > this.patience) {
      this.post({ kind: "ping" });
    }
  }

  stop() {
    clearInterval(this.pulse);
    this.model.off?.("msg:custom", this.listen);
  }
}

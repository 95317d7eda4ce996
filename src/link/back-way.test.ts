import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Flight, SendWindow } from './send-window.ts';

const ANSWER_BYTES = 90;

/** What happens, in its order; times are ms. */
class Time {
  now = 0;
  readonly #due: { readonly at: number; readonly task: () => void }[] = [];

  after(ms: number, task: () => void): () => void {
    const one = { at: this.now + ms, task };
    const later = this.#due.findIndex(({ at }) => at > one.at);
    this.#due.splice(later === -1 ? this.#due.length : later, 0, one);
    return () => this.#due.includes(one) && this.#due.splice(this.#due.indexOf(one), 1);
  }

  run(until: number): void {
    while (this.#due[0] && this.#due[0].at <= until) {
      const { at, task } = this.#due.shift()!;
      this.now = at;
      task();
    }
    this.now = until;
  }
}

/** One end of a link, which sends all that its window allows, as soon as it is told to. */
class End {
  readonly window: SendWindow;
  peer: End | undefined;
  isSending = false;
  sentBytes = 0;
  arrivedBytes = 0;
  longestMs = 0;
  #freeAt = 0;
  readonly #time: Time;
  readonly #link: { readonly bytesPerMs: number; readonly rttMs: number };

  constructor(time: Time, link: { readonly bytesPerMs: number; readonly rttMs: number }) {
    this.#time = time;
    this.#link = link;
    this.window = new SendWindow(() => time.now, time);
  }

  /** How long what is sent now waits behind what is out, ms. */
  get waitMs(): number {
    return Math.max(0, this.#freeAt - this.#time.now);
  }

  send(bytes: number): void {
    const flight = this.window.sent(bytes);
    this.sentBytes += bytes;
    this.#carry(bytes, () => this.peer!.take(bytes, flight));
    this.longestMs = Math.max(this.longestMs, this.waitMs);
  }

  take(bytes: number, flight: Flight): void {
    this.arrivedBytes += bytes;
    this.window.heard(bytes);
    this.#carry(ANSWER_BYTES, () => {
      this.peer!.window.arrived([flight]);
      this.peer!.onRoom();
    });
  }

  readonly onRoom = (): void => {
    while (this.isSending && this.window.room > 0) this.send(this.window.rate.partBytes);
    if (this.isSending) this.window.awaitRoom({ urgency: 2, onRoom: this.onRoom });
  };

  #carry(bytes: number, then: () => void): void {
    this.#freeAt = Math.max(this.#time.now, this.#freeAt) + bytes / this.#link.bytesPerMs;
    this.#time.after(this.waitMs + this.#link.rttMs / 2, then);
  }
}

/** A link that has been quiet, and of whose ends some then send all that they may. */
function startLink(here: number, there: number, rttMs: number, sending: 'one' | 'both') {
  const time = new Time();
  const ends = [here, there].map((bytesPerMs) => new End(time, { bytesPerMs, rttMs })) as [End, End];
  for (const [at, end] of ends.entries()) end.peer = ends[1 - at]!;
  for (let count = 0; count < 5; count++) {
    for (const end of ends) end.send(300);
    time.run(time.now + 2000);
  }
  for (const end of sending === 'both' ? ends : [ends[0]]) {
    end.isSending = true;
    end.onRoom();
  }
  time.run(time.now + 60_000);
  for (const end of ends) end.arrivedBytes = end.longestMs = 0;
  const before = time.now;
  time.run(before + 300_000);
  const share = (end: End, bytesPerMs: number) => end.peer!.arrivedBytes / (bytesPerMs * (time.now - before));
  return { time, ends, shares: [share(ends[0], here), share(ends[1], there)] };
}

for (const { name, here, there, rttMs, mostMs, leastShare } of [
  { name: '50 kbit/s and 600 ms', here: 6.25, there: 6.25, rttMs: 600, mostMs: 4000, leastShare: 0.6 },
  { name: '9.6 kbit/s and 1.4 s', here: 1.2, there: 1.2, rttMs: 1400, mostMs: 8000, leastShare: 0.6 },
  {
    name: '50 kbit/s one way and 1 Mbit/s the other',
    here: 6.25,
    there: 125,
    rttMs: 600,
    mostMs: 4000,
    leastShare: 0.2,
  },
])
  test(`a link of ${name} is used both ways at once, and no more than some seconds of it are out`, () => {
    const { ends, shares } = startLink(here, there, rttMs, 'both');
    for (const share of shares) assert.ok(share > leastShare, `${shares}`);
    for (const { longestMs } of ends) assert.ok(longestMs < mostMs, `${longestMs} ms`);
  });

test('where nothing comes the other way nothing is held back', () => {
  const { ends, shares } = startLink(6.25, 6.25, 600, 'one');
  assert.ok(shares[0]! > 0.97, `${shares}`);
  assert.equal(ends[0].window.rate.pacePerMs, undefined);
  assert.equal(ends[0].window.rate.backMs, 0);
});

test('what is small and urgent goes without room, some kB at once, and what is large or less urgent does not', () => {
  const window = new SendWindow(() => 0);
  while (window.room > 0) window.sent(2048);
  assert.equal(window.mayTake(0, 700), true);
  assert.equal(window.mayTake(1, 700), false);
  assert.equal(window.mayTake(0, 3000), false);
  const flights = [window.sent(700), window.sent(700)];
  assert.equal(window.mayTake(0, 700), false);
  window.arrived([flights[0]!]);
  assert.equal(window.mayTake(0, 700), true);
});

test('what waits goes on with the clock where nothing is out any more, and no answer will come', async () => {
  const { time, ends } = startLink(6.25, 6.25, 600, 'both');
  for (const end of ends) end.isSending = false;
  const [{ window }] = ends;
  assert.notEqual(window.rate.pacePerMs, undefined);
  // The answers to what was out are none any more.
  window.reset();
  const flights = [window.sent(2 * window.rate.windowBytes)];
  let woken = 0;
  window.awaitRoom({ urgency: 2, onRoom: () => woken++ });
  window.gone(flights);
  await Promise.resolve();
  time.now += 60_000;
  time.run(time.now);
  assert.equal(woken, 1);
});

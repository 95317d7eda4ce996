import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomTest } from '../../test/support/random-test.ts';
import { type Flight, SendWindow } from './send-window.ts';

/** A link whose rate may change, and that deals with one thing after another. */
class FakeLink {
  now = 0;
  readonly window = new SendWindow(() => this.now);
  delivered = 0;
  /** How much longer than the way answers take, ms. */
  answersTakeMs = 0;
  readonly #rateAt: (ms: number) => number;
  readonly #rttMs: number;
  #freeAt = 0;
  readonly #out: { readonly flight: Flight; readonly sentAt: number; readonly answeredAt: number }[] = [];

  /** `rateAt`: bytes per ms. */
  constructor(rateAt: (ms: number) => number, rttMs: number) {
    this.#rateAt = rateAt;
    this.#rttMs = rttMs;
  }

  /** How long what is sent now waits behind what is out, ms. */
  get waitMs(): number {
    return Math.max(0, this.#freeAt - this.now);
  }

  send(bytes: number): void {
    this.#freeAt = Math.max(this.now, this.#freeAt) + bytes / this.#rateAt(this.now);
    const flight = this.window.sent(bytes);
    this.#out.push({ flight, sentAt: this.now, answeredAt: this.#freeAt + this.#rttMs + this.answersTakeMs });
  }

  /** Sends as much as the window allows, for a time. */
  saturate(ms: number, watch: (link: FakeLink) => void = () => {}): void {
    const until = this.now + ms;
    while (this.now < until) {
      while (this.window.room > 0) this.send(this.window.rate.partBytes);
      watch(this);
      this.arrive();
    }
  }

  /** Moves time on to the next answer. */
  arrive(): void {
    const next = this.#out.shift();
    if (!next) return;
    this.now = Math.max(this.now, next.answeredAt);
    this.delivered += next.flight.bytes;
    this.window.arrived([next.flight]);
  }
}

for (const { name, bytesPerMs, rttMs } of [
  { name: '9.6 kbit/s and 1.4 s', bytesPerMs: 1.2, rttMs: 1400 },
  { name: '50 kbit/s and 600 ms', bytesPerMs: 6.25, rttMs: 600 },
  { name: '2 Mbit/s and 40 ms', bytesPerMs: 250, rttMs: 40 },
])
  test(`a link of ${name} is used, and no more than some seconds of it are out`, () => {
    const link = new FakeLink(() => bytesPerMs, rttMs);
    link.saturate(30_000);
    const [before, at] = [link.delivered, link.now];
    let longest = 0;
    link.saturate(120_000, ({ waitMs }) => {
      longest = Math.max(longest, waitMs);
    });
    const share = (link.delivered - before) / ((link.now - at) * bytesPerMs);
    assert.ok(share > 0.97, `${share} of it`);
    // What is out, and the part that did not fit in any more.
    assert.ok(longest <= rttMs + 2400, `${longest} ms`);
  });

test('a fast link has its whole window after a few answers', () => {
  const link = new FakeLink(() => 1e5, 0.2);
  link.saturate(10);
  assert.equal(link.window.rate.windowBytes, 4 * 1024 * 1024);
  assert.equal(link.window.rate.partBytes, 256 * 1024);
});

test('one message now and then says nothing of how little a link can do', () => {
  const link = new FakeLink(() => 6.25, 600);
  for (let count = 0; count < 10; count++) {
    link.send(300);
    link.arrive();
    link.now += 10_000;
  }
  assert.ok(link.window.rate.windowBytes >= 4 * 1024);
  assert.equal(link.window.rate.wasFull, false);
});

test('a link that becomes ten times slower is followed at its first late answer, and a faster one within half a minute', () => {
  let bytesPerMs = 62.5;
  const link = new FakeLink(() => bytesPerMs, 600);
  const parts = () => link.window.rate.windowBytes / (bytesPerMs * (600 + 1000));
  link.saturate(30_000);
  assert.ok(Math.abs(parts() - 1) < 0.1, `${parts()}`);
  bytesPerMs = 6.25;
  link.saturate(6000);
  assert.ok(parts() < 4, `${parts()} of what it takes now may be out`);
  link.saturate(60_000);
  assert.ok(parts() > 0.9 && parts() < 3, `${parts()}`);
  bytesPerMs = 62.5;
  link.saturate(30_000);
  assert.ok(parts() > 0.9, `${parts()}`);
});

test('a silence makes the window small until the next answer, and no longer', () => {
  const link = new FakeLink(() => 6.25, 600);
  link.saturate(30_000);
  const before = link.window.rate.windowBytes;
  while (link.window.room > 0) link.send(link.window.rate.partBytes);
  link.now += 8000;
  link.arrive();
  assert.ok(link.window.rate.windowBytes < before / 2, `${link.window.rate.windowBytes} of ${before}`);
  link.now += 400;
  link.arrive();
  assert.equal(link.window.rate.windowBytes, before);
});

test('what is lost, or another connection, leaves nothing behind in the window', () => {
  const window = new SendWindow(() => 5);
  const flight = window.sent(3000);
  const lost = window.sent(1000);
  window.gone([lost]);
  assert.equal(window.room, 4096 - 3000);
  window.reset();
  window.arrived([flight, lost]);
  window.gone([flight]);
  assert.equal(window.room, 4096);
});

test('who waits for room is told when there is some, once', async () => {
  let now = 0;
  const window = new SendWindow(() => now);
  const flight = window.sent(10_000);
  let calls = 0;
  window.awaitRoom({ urgency: 1, onRoom: () => void calls++ });
  now = 1000;
  window.arrived([flight]);
  window.arrived([window.sent(10)]);
  await Promise.resolve();
  assert.equal(calls, 1);
});

randomTest(
  'a day of a link that comes, goes and changes: it is used, and little of it waits',
  (_t, { random }) => {
    // Every minute another rate between 5 and 200 kbit/s, now and then none at all for a while.
    const minutes = Array.from({ length: 24 * 60 + 60 }, () => 0.6 + 24.4 * random() ** 2);
    const link = new FakeLink((ms) => minutes[Math.floor(ms / 60_000)] ?? 6, 700);
    let waited = 0;
    let looks = 0;
    while (link.now < 24 * 3_600_000) {
      link.saturate(60_000, ({ waitMs }) => {
        waited += waitMs;
        looks++;
      });
      if (random() < 0.02) link.now += 120_000 * random();
    }
    const average = waited / looks;
    assert.ok(average < 10_000, `${average} ms of the link are out on average`);
    assert.ok(link.delivered > 0.9 * 24 * 3_600_000 * 0.6, `${link.delivered} bytes`);
  },
);

test('who sends bulk is told first now and then, also where urgent messages take all room', () => {
  let now = 0;
  const window = new SendWindow(() => now);
  const first = [0, 0, 0];
  for (let n = 0; n < 640; n++) {
    const flight = window.sent(window.rate.windowBytes);
    const told: number[] = [];
    for (const urgency of [2, 1, 0]) window.awaitRoom({ urgency, onRoom: () => void told.push(urgency) });
    now += 100;
    window.arrived([flight]);
    first[told[0]!]!++;
  }
  assert.deepEqual(first, [630, 0, 10]);
});

test('room that is made by what was lost is told a moment later, so that nobody sends in the midst of it', async () => {
  const window = new SendWindow(() => 0);
  const flight = window.sent(window.rate.windowBytes);
  const calls: string[] = [];
  window.awaitRoom({ urgency: 2, onRoom: () => void calls.push('bulk') });
  window.awaitRoom({ urgency: 1, onRoom: () => void calls.push('normal') });
  window.gone([flight]);
  assert.deepEqual(calls, []);
  await Promise.resolve();
  assert.deepEqual(calls, ['normal', 'bulk'], 'the more urgent first');
});

test('where nothing was ever full it is the way that counts, and not how slowly the disk of a near node lets it answer', () => {
  const thinAfterOne = (bytesPerMs: number, rttMs: number) => {
    const link = new FakeLink(() => bytesPerMs, rttMs);
    link.send(400);
    link.arrive();
    return link.window.rate.isThin;
  };
  assert.deepEqual([thinAfterOne(1e5, 5), thinAfterOne(1e5, 40), thinAfterOne(6, 1)], [false, true, true]);
});

test('bytes are saved on a thin link, and up to 8 Mbit/s where answers take long anyway', () => {
  const thin = (bytesPerMs: number, rttMs: number) => {
    const link = new FakeLink(() => bytesPerMs, rttMs);
    assert.ok(link.window.rate.isThin, 'nothing is known yet');
    link.saturate(3000);
    return link.window.rate.isThin;
  };
  assert.deepEqual([thin(150, 1), thin(250, 40), thin(2000, 40)], [true, true, false]);
});

test('a link is used also where answers take longer than the way, as those of a busy node', () => {
  const link = new FakeLink(() => 6.25, 600);
  link.saturate(15_000);
  link.answersTakeMs = 500;
  link.saturate(60_000);
  const [before, at] = [link.delivered, link.now];
  link.saturate(120_000);
  const share = (link.delivered - before) / ((link.now - at) * 6.25);
  assert.ok(share > 0.9, `${share} of it`);
});

test('where connections end before anything is through less goes at once, until something arrives', () => {
  const link = new FakeLink(() => 6.25, 600);
  link.saturate(20_000);
  const usual = link.window.rate.partBytes;
  const cutWith = (bytes: number) => {
    const flight = link.window.sent(bytes);
    link.window.cut();
    link.window.gone([flight]);
    return link.window.rate.partBytes;
  };
  assert.equal(cutWith(usual), usual, 'something arrived in the connection that ended');
  const parts = Array.from({ length: 5 }, () => cutWith(usual));
  assert.ok(parts[0]! <= usual / 2 && parts[1]! < parts[0]!, parts.join());
  assert.deepEqual(parts.slice(-2), [1024, 1024]);
  link.window.cut();
  assert.equal(link.window.rate.partBytes, 1024, 'nothing was out');
  let arrived = 0;
  for (; link.window.rate.partBytes < usual * 0.7 && arrived < 20; arrived++) {
    link.send(link.window.rate.partBytes);
    link.arrive();
  }
  assert.ok(arrived > 1 && arrived < 8, `${arrived} parts until they are as large as before`);
});

test('where little is out and no answer comes, half goes again, so that each lane has its turn', () => {
  const link = new FakeLink(() => 62.5, 600);
  link.saturate(20_000);
  while (link.window.room < link.window.rate.windowBytes) link.arrive();
  const { windowBytes } = link.window.rate;
  link.send(500);
  link.window.missed();
  assert.equal(link.window.rate.windowBytes, Math.floor(windowBytes / 2));
});

test('where no answer comes in time an eighth goes again, as the rest of it is most often still on its way', () => {
  const link = new FakeLink(() => 62.5, 600);
  link.saturate(20_000);
  const { windowBytes } = link.window.rate;
  link.window.missed();
  assert.ok(
    link.window.rate.windowBytes <= windowBytes / 8,
    `${link.window.rate.windowBytes} of ${windowBytes}`,
  );
  link.window.missed();
  assert.ok(link.window.rate.windowBytes > windowBytes / 9, 'what several lanes miss together counts once');
  let arrived = 0;
  for (; link.window.rate.windowBytes < windowBytes * 0.7 && arrived < 20; arrived++) {
    link.send(link.window.rate.partBytes);
    link.arrive();
  }
  assert.ok(arrived < 8, `${arrived} answers until as much goes as before`);
});

test('a round trip alone that takes longer than another one counts after half a minute: it may have waited behind what came the other way', () => {
  let now = 0;
  const window = new SendWindow(() => now);
  const alone = (ms: number): number => {
    const flight = window.sent(100);
    now += ms;
    window.arrived([flight]);
    return Math.round(window.measured.roundTripMs ?? 0);
  };
  assert.deepEqual([alone(600), alone(4000), alone(500), alone(4000)], [600, 600, 500, 500]);
  now += 30_000;
  assert.equal(alone(4000), 4000);
});

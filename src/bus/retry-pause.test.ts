import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuthorizationError, TimeoutError } from '@nats-io/transport-node';
import { RetryPause } from './retry-pause.ts';

const OPTIONS = {
  ...{ nodeName: 'ship1', brokerAddress: '127.0.0.1:4222', connectTimeoutMs: 20_000, silenceMs: 60_000 },
  ...{ retryIntervalMs: 10_000, reconnectJitterMs: 100, reconnectJitterTlsMs: 5000 },
  ...{ rootCaPath: '', tlsCertFile: '', tlsKeyFile: '', nkeySeedFile: '', credsFile: '' },
};
const REFUSED = new Error('connection refused');

/** The earliest and the latest time of an attempt, after what `happens` before it; ms. */
function range(happens: (pause: RetryPause) => void, options = OPTIONS): number[] {
  return [0, 1].map((chance) => {
    const pause = new RetryPause(options, () => chance);
    happens(pause);
    return pause.next();
  });
}

test('an attempt comes after the interval and the jitter', () => {
  assert.deepEqual(
    range((pause) => pause.failed(REFUSED, 5)),
    [10_000, 10_100],
  );
  assert.deepEqual(
    range(() => {}, { ...OPTIONS, brokerAddress: 'tls://broker:4222' }),
    [10_000, 15_000],
  );
});

test('a connection that held is made again at once, then at any time within the interval, and then after it', () => {
  const lost = (pause: RetryPause) => {
    assert.equal(pause.afterLoss(10_000), 0);
    pause.failed(REFUSED, 5);
  };
  assert.deepEqual(range(lost), [0, 10_100]);
  const again = (pause: RetryPause) => {
    lost(pause);
    pause.next();
  };
  assert.deepEqual(range(again), [10_000, 10_100]);
});

test('a connection that did not hold is made again after the interval', () => {
  assert.equal(new RetryPause(OPTIONS, () => 0).afterLoss(9999), 10_000);
});

test('where a broker is there and comes to nobody in time, attempts spread ever more, up to eight intervals', () => {
  const latest = [1, 2, 3, 4, 5].map((times) => {
    const late = (pause: RetryPause) => {
      for (let count = 0; count < times; count++) pause.failed(new Error('Authentication Timeout'), 2000);
    };
    assert.equal(range(late)[0], 10_000);
    return range(late)[1];
  });
  assert.deepEqual(latest, [20_100, 40_100, 80_100, 80_100, 80_100]);
});

test('a broker that gives no answer, or one at once, is asked again after the usual time', () => {
  const silent = (pause: RetryPause) => pause.failed(new TimeoutError(), 20_000);
  assert.deepEqual(range(silent), [10_000, 10_100]);
  for (const code of ['EHOSTUNREACH', 'EAI_AGAIN', 'ETIMEDOUT', 'ECONNREFUSED']) {
    const cause = Object.assign(new Error('connect'), { code });
    const nobody = (pause: RetryPause) => pause.failed(new Error('no connection', { cause }), 3000);
    assert.deepEqual(range(nobody), [10_000, 10_100], code);
  }
  const refused = (pause: RetryPause) =>
    pause.failed(new AuthorizationError('Authorization Violation'), 3000);
  assert.deepEqual(range(refused), [10_000, 10_100]);
  const late = (pause: RetryPause) => pause.failed(new AuthorizationError('Authentication Timeout'), 3000);
  assert.deepEqual(range(late), [10_000, 20_100]);
  const better = (pause: RetryPause) => {
    pause.failed(new Error('Authentication Timeout'), 2000);
    pause.failed(REFUSED, 5);
  };
  assert.deepEqual(range(better), [10_000, 10_100]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteTurns } from './byte-turns.ts';

test('bytes are taken in turn: what is large waits until it is alone, and nothing passes it', async () => {
  const turns = new ByteTurns(100);
  const begun: string[] = [];
  const take = (name: string, bytes: number) => {
    const turn = turns.take(bytes);
    void Promise.resolve(turn).then(() => begun.push(name));
    return turn;
  };
  assert.equal(take('first', 60), undefined);
  assert.equal(take('second', 40), undefined);
  const [large, small] = [take('large', 300), take('small', 1)];
  turns.release(60);
  await Promise.resolve();
  assert.deepEqual(begun, ['first', 'second']);
  turns.release(40);
  await large;
  assert.deepEqual(begun, ['first', 'second', 'large']);
  turns.release(300);
  await small;
  assert.deepEqual(begun, ['first', 'second', 'large', 'small']);
});

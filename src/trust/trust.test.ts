import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatNumber } from '../message/codec/body-format.ts';
import { encodeMessage } from '../message/codec/encode-message.ts';
import { type Message, newMessage } from '../message/message.ts';
import { Trust, type TrustDeps } from './trust.ts';

const NOBODY = { sentRequest: () => undefined, requestsTo: () => [] };

function closed(
  originals: readonly string[],
  requests: TrustDeps['requests'] = NOBODY,
  paths: string[] = [],
): Trust {
  return new Trust(
    {
      ...{ mode: 'closed', nodeName: 'central', centralNodeName: 'central', originals, replyCommands: false },
      relays: () => [],
    },
    {
      ...{ requests, askerOf: () => undefined, isNode: () => false, report: () => {} },
      refusals: { note: () => true, proved: () => {} },
      keepFile: async ({ path }) => void paths.push(path),
    },
  );
}

test('a file that was asked of an original node comes in the name of who asked, and from no node but those that are named', () => {
  const request = newMessage({
    ...{ toNode: 'ship7', fromNode: 'central', method: 'REQCopyFileFrom', replyMethod: 'REQToFile' },
    methodArgs: ['/src', 'central', '/dst'],
  });
  const { payload } = encodeMessage(request, { serialization: 'cbor', compression: '' });
  const kept = {
    ...{ id: 'one', subject: 'ship7.REQCopyFileFrom.EventACK', isOpen: true, body: payload, place: null },
    ...{ key: 1 },
    format: formatNumber({ serial: 'cbor', cmp: '' }),
  };
  const requests = {
    sentRequest: () => kept,
    requestsTo: (subject: string) => (subject === kept.subject ? [kept] : []),
  };
  const copy = newMessage({ ...request, toNode: 'central', method: 'REQCopyFileTo' });
  const judged = (trust: Trust, message: Message) =>
    trust.judge(message, { proved: undefined, re: undefined, id: 'x', place: undefined });
  const trust = closed(['ship7'], requests);
  assert.equal(trust.senderOf(copy, undefined), 'ship7');
  const decision = judged(trust, copy);
  const asked = decision.do === 'take' ? decision.message?.previousMessage : null;
  assert.deepEqual([decision.do, asked?.fromNode], ['take', 'central']);
  assert.equal(judged(closed(['ship8'], requests), copy).do, 'later');
  assert.equal(judged(trust, { ...copy, methodArgs: ['/src', 'central', '/etc/passwd'] }).do, 'later');
  assert.equal(judged(trust, { ...copy, method: 'REQToFile' }).do, 'later');
});

test('what nobody asked for is kept below the folder of its sender, whatever its id and its file are called', async () => {
  const paths: string[] = [];
  const trust = closed([], NOBODY, paths);
  const message = newMessage({ fileName: '../a/b', method: 'REQToFile' });
  await trust.keepUnasked([{ id: '../../errorLog/errorCentral/error.log', message, sender: 'ship1' }]);
  assert.deepEqual(paths, ['unasked/ship1/.._.._errorLog_errorCentral_error.log-.._a_b']);
});

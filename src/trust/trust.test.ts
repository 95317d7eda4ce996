import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newMessage } from '../message/message.ts';
import { Trust } from './trust.ts';

test('what nobody asked for is kept below the folder of its sender, whatever its id and its file are called', async () => {
  const paths: string[] = [];
  const trust = new Trust(
    {
      ...{
        mode: 'closed',
        nodeName: 'central',
        centralNodeName: 'central',
        originals: [],
        replyCommands: false,
      },
      relays: () => [],
    },
    {
      requests: { sentRequest: () => undefined, requestsTo: () => [] },
      askerOf: () => undefined,
      isNode: () => false,
      note: () => true,
      proved: () => {},
      report: () => {},
      keepFile: async ({ path }) => void paths.push(path),
    },
  );
  const message = newMessage({ fileName: '../a/b', method: 'REQToFile' });
  await trust.keepUnasked([{ id: '../../errorLog/errorCentral/error.log', message, sender: 'ship1' }]);
  assert.deepEqual(paths, ['unasked/ship1/.._.._errorLog_errorCentral_error.log-.._a_b']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatNumber } from '../message/codec/body-format.ts';
import { encodeMessage } from '../message/codec/encode-message.ts';
import { type Message, newMessage } from '../message/message.ts';
import { Addressing } from './addressing.ts';
import { Trust, type TrustDeps } from './trust.ts';

const NOBODY = { sentRequest: () => undefined, requestsTo: () => [] };

function closed(
  originals: readonly string[],
  requests: TrustDeps['requests'] = NOBODY,
  paths: string[] = [],
  more: Partial<TrustDeps> = {},
): Trust {
  return new Trust(
    {
      ...{
        mode: 'closed',
        wantsProof: true,
        nodeName: 'central',
        centralNodeName: 'central',
        originals,
        replyCommands: false,
      },
      relays: () => [],
    },
    {
      ...{ requests, askerOf: () => undefined, isNode: () => false, report: () => {} },
      ...{
        firstSenderOf: () => undefined,
        refusals: { note: () => true, proved: () => {}, provers: new Set<string>() },
      },
      keepFile: async ({ path }) => void paths.push(path),
      ...more,
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
    ...{
      id: 'one',
      subject: 'ship7.REQCopyFileFrom.EventACK',
      isOpen: true,
      body: payload,
      replyDigest: null,
    },
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

test('a node that proves who it is says no hello and asks for no states in the name of an original', () => {
  const trust = closed(['ship7']);
  assert.equal(trust.believes('ship7', 'ship1'), false);
  assert.equal(trust.believes('ship7', undefined), true);
  assert.equal(trust.believes('ship1', 'ship1'), true);
  assert.equal(trust.believes('ship1', undefined), false);
});

test('what nobody asked for is kept below the folder of its sender, whatever its id and its file are called', async () => {
  const paths: string[] = [];
  const trust = closed([], NOBODY, paths);
  const message = newMessage({ fileName: '../a/b', method: 'REQToFile' });
  await trust.keepUnasked([{ id: '../../errorLog/errorCentral/error.log', message, sender: 'ship1' }]);
  assert.deepEqual(paths, ['unasked/ship1/.._.._errorLog_errorCentral_error.log-.._a_b']);
});

test('an answer goes to where its sender waits: the place that originals share is not for who is proved', () => {
  const trust = closed(['ship7'], NOBODY, [], {
    refusals: { note: () => true, proved: () => {}, provers: new Set(['ship1']) },
  });
  const subject = 'central.REQToFile.EventACK';
  const may = (end: string, sender?: string) =>
    trust.answersItsSender({ subject, reply: `${subject}.reply${end}`, sender });
  assert.deepEqual(
    ['.ship1.1-1', '', '.ship2.1-1', '.ship1', '.ship1.1.1', '.*.1'].map((end) => may(end, 'ship1')),
    [true, false, false, false, false, false],
  );
  // An original, or a node of an earlier version: named or not, it is told why it is not taken.
  assert.deepEqual(
    ['', '.ship7.1-1', '.ship9.1-1', '.ship1.1-1', '.central.1-1', '.x'].map((end) => may(end)),
    [true, true, true, false, false, false],
  );
  assert.equal(trust.answersItsSender({ subject, reply: '_INBOX.x', sender: 'ship1' }), false);
});

test('what is refused counts for the share of its sender, and waits when that is used', () => {
  const counted: [string, object][] = [];
  const quotas: TrustDeps['quotas'] = {
    take: (sender, load) => {
      counted.push([sender, load]);
      return counted.length > 2 ? 'over' : undefined;
    },
  };
  const trust = closed([], NOBODY, [], { quotas });
  const ask = newMessage({ method: 'REQCliCommand', toNode: 'central', fromNode: 'ship1' });
  const about = { proved: 'ship1', re: undefined, id: 'x', place: '1/1' };
  assert.equal(trust.judge(ask, about).do, 'refuse');
  const fault = { proved: 'ship1', place: '1/2', bytes: 500 };
  assert.deepEqual(trust.judgeFault('broken', fault), { do: 'refuse', reason: 'broken' });
  assert.deepEqual(trust.judgeFault('broken', fault), { do: 'later', reason: 'over' });
  assert.deepEqual(
    counted.map(([sender]) => sender),
    ['ship1', 'ship1', 'ship1'],
  );
});

test('a reply that a node caused by way of this one counts for its share', () => {
  const counted: string[] = [];
  const quotas = { take: (sender: string) => void counted.push(sender) };
  const kept = {
    id: 'r',
    subject: 'ship2.REQCliCommand.CommandACK',
    isOpen: true,
    replyDigest: null,
    format: 0,
  };
  const request = newMessage({
    ...{ method: 'REQCliCommand', toNode: 'ship2', fromNode: 'central', replyMethod: 'REQToFile' },
    ...{ directory: 'd', fileName: 'f', relayFromNode: 'ship1' },
  });
  const { payload } = encodeMessage(request, { serialization: 'cbor', compression: '' });
  const sent = { ...kept, body: payload, format: formatNumber({ serial: 'cbor', cmp: '' }), key: 1 };
  const deps = { quotas, firstSenderOf: () => 'ship1' };
  const trust = new Trust(
    {
      ...{ mode: 'closed', wantsProof: true, nodeName: 'central', centralNodeName: 'central', originals: [] },
      ...{ replyCommands: false, relays: () => [{ from: 'ship1', via: 'central', to: 'ship2' }] },
    },
    {
      ...{ requests: { sentRequest: () => sent, requestsTo: () => [] }, askerOf: () => undefined },
      ...{ isNode: () => false },
      refusals: { note: () => true, provers: new Set(['ship2']), proved: () => {} },
      ...{ report: () => {}, keepFile: async () => {}, ...deps },
    },
  );
  const reply = newMessage({
    ...{ method: 'REQToFile', isReply: true, toNode: 'central', fromNode: 'ship2' },
    ...{ directory: 'd', fileName: 'f', previousMessage: { ...request, data: null } },
  });
  const judged = trust.judge(reply, { proved: 'ship2', re: 'r', id: 'x', place: '1/1' });
  assert.equal(judged.do, 'take');
  assert.deepEqual(counted, ['ship1']);
});

test('what is refused is told as of whom the broker proves, whoever it says that it is from', () => {
  const message = newMessage({ toNode: 'central', fromNode: 'ship2', method: 'REQToFile' });
  const told: string[] = [];
  const trust = closed(['ship7']);
  const tell = (from: string) => void told.push(from);
  trust.tellRefused({ message, proved: 'ship1' }, tell);
  trust.tellRefused({ message, proved: undefined }, tell);
  trust.tellRefused({ message: { ...message, fromNode: 'ship7' }, proved: undefined }, tell);
  trust.tellRefused({ message: undefined, proved: 'ship1' }, tell);
  assert.deepEqual(told, ['ship1', 'a node that is not proved', 'ship7', 'ship1']);
});

test('what is read at length may be no larger than it has a reason to be, from other nodes than central and oneself', () => {
  const trust = closed([]);
  const most = (method: string, proved: string | undefined) => trust.mostBytes({ method, proved });
  assert.deepEqual(
    ['REQHello', 'REQErrorLog', 'REQReport', 'REQToFile'].map((method) => most(method, 'ship1')),
    [65_536, 1_048_576, 16_777_216, undefined],
  );
  assert.deepEqual([most('REQErrorLog', 'central'), most('REQErrorLog', undefined)], [undefined, undefined]);
});

test('a closed ship sends with proof whatever words a node names, and closed central but to ships that name none for it', () => {
  const originals = new Set(['ship7']);
  const made = (nodeName: string) =>
    new Addressing({
      nodeName,
      centralNodeName: 'central',
      originals,
      mode: 'closed',
      hearsProof: () => true,
    });
  for (const nodeName of ['ship2', 'central'])
    for (const words of ['state goodbye from', 'state goodbye', undefined]) {
      const addressing = made(nodeName);
      const subjects = ['ship1.REQReport.EventACK', 'ship7.REQReport.EventACK'] as const;
      const first = `${subjects[0]}.from.${nodeName}`;
      const ways = () => subjects.map((subject) => addressing.subjectFor(subject));
      assert.deepEqual(ways(), [first, subjects[1]]);
      for (const node of ['ship1', 'ship7']) addressing.heardWords(node, words);
      const isPlain = nodeName === 'central' && words !== 'state goodbye from';
      assert.deepEqual(ways(), [isPlain ? subjects[0] : first, subjects[1]]);
    }
});

test('a subject that the broker forbids without proof is tried with it, and then the other way again', () => {
  const parts = {
    nodeName: 'ship1',
    centralNodeName: 'central',
    originals: new Set<string>(),
    mode: 'open',
  } as const;
  const addressing = new Addressing({ ...parts, hearsProof: () => true });
  const report = 'central.REQReport.EventACK';
  const asked = 'central.REQCliCommand.CommandACK';
  const ways = () => [report, asked].map((subject) => addressing.subjectFor(subject));
  for (const subject of [report, asked, 'ship1.REQToFile.EventACK.reply.central.1'])
    addressing.refused('publish', subject);
  assert.equal(addressing.arePlain, false);
  assert.deepEqual(ways(), [`${report}.from.ship1`, `${asked}.from.ship1`]);
  addressing.refused('publish', `${asked}.from.ship1`);
  assert.deepEqual(ways(), [`${report}.from.ship1`, asked]);
  addressing.refused('publish', asked);
  assert.deepEqual(ways(), [`${report}.from.ship1`, `${asked}.from.ship1`]);
  addressing.connected();
  assert.deepEqual(ways(), [report, asked]);
  addressing.refused('publish', report);
  addressing.heardWords('central', 'state');
  assert.deepEqual(ways(), [report, asked], 'a target that says it hears no proof gets none');
});

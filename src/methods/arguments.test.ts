import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import type { ArgumentDescription } from '../contract/nodes.ts';
import { type Message, newMessage } from '../message/message.ts';
import { createMethods, type MethodsDeps } from './all-methods.ts';

test('the examples of the arguments that a method describes make a message that it takes', async (t) => {
  const { path } = await tempFolder(t);
  const options = { nodeName: 'ship1', dataFolder: path, startupFolder: path, spoolFolder: path, env: {} };
  // Nothing is run, so nothing is needed for that.
  await using methods = createMethods({ ...options, defaultMethodTimeout: 10 }, {} as MethodsDeps);
  for (const { name, args, check, isForPeople = true } of methods.values()) {
    for (const { field, summary, isRequired, example } of args) {
      assert.match(field, /^(methodArgs\[\d(\.\.\.)?\]|data|directory|fileName)$/, name);
      assert.match(summary, /^\S.*[^.]$/, `${name} ${field}`);
      assert.ok(example !== '' || !isRequired, `${name} ${field}`);
    }
    if (isForPeople) assert.equal(check?.(exampleMessage(name, args)), undefined, name);
  }
});

/** A message that is filled with what a method gives to begin with. */
function exampleMessage(method: string, args: readonly ArgumentDescription[]): Message {
  const message = newMessage({ toNode: 'ship1', fromNode: 'central', method, methodArgs: [] });
  for (const { field, example } of args) {
    if (field === 'data') message.data = [Buffer.from(example)];
    else if (field === 'directory' || field === 'fileName') message[field] = example;
    else message.methodArgs?.push(example);
  }
  return message;
}

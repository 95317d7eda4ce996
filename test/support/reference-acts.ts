import { chmod, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, normalize, resolve } from 'node:path';
import { goDate } from '../../src/lib/go-date.ts';
import { type Message, newMessage } from '../../src/message/message.ts';
import type { TestScope } from './dispose-after.ts';
import { type Received, type ReferencePeer, startReferencePeer } from './reference-peer.ts';
import { referenceReply } from './reference-reply.ts';

type PeerOptions = Parameters<typeof startReferencePeer>[0];

const ACTED = [
  ...['REQCliCommand', 'REQToFileAppend', 'REQToFile', 'REQToConsole', 'REQPing', 'REQPong', 'REQTailFile'],
  ...['REQOpProcessList', 'REQCopyFileFrom', 'REQCopyFileTo'],
];

/**
 * Starts a stand-in for a reference node that does what its methods say: it answers pings, lists processes, sends the
 * lines of a file, and copies files, below `folder` where their paths are relative.
 */
export async function startActingReference(
  { folder, ...options }: PeerOptions & { readonly folder: string },
  scope?: TestScope,
): Promise<ReferencePeer> {
  const peer: ReferencePeer = await startReferencePeer(
    {
      methods: ACTED,
      ...options,
      acts: (received) => {
        options.acts?.(received);
        act(received, folder).then(
          (messages) => {
            for (const message of messages) void peer.publish(message);
          },
          (error: Error) => peer.faults.push(error),
        );
      },
    },
    scope,
  );
  return peer;
}

/** What it sends because of a message. */
async function act({ message }: Received, folder: string): Promise<Message[]> {
  const { method, methodArgs, toNode, fromNode, data } = message;
  const [source = '', node = '', target = ''] = methodArgs ?? [];
  const reply = (text: string) => referenceReply(message, [Buffer.from(text)]) ?? [];
  switch (method) {
    case 'REQPing':
      return [reply('')].flat();
    case 'REQOpProcessList':
      return [
        reply(`${goDate(new Date())}, process: subscriber, id: 1, name: ${toNode}.REQPing.EventACK\n`),
      ].flat();
    case 'REQTailFile': {
      const text = await readFile(resolve(folder, source), 'utf8');
      return text.split(/(?<=\n)/).flatMap(reply);
    }
    case 'REQCopyFileFrom': {
      const copy = copyOf(message, await readFile(resolve(folder, source)));
      return [
        copy,
        reply(`info: succesfully read the file ${source}, and sent the content to ${node}\n`),
      ].flat();
    }
    case 'REQCopyFileTo': {
      // A transfer's trial goes to /dev/null.
      if (target.startsWith('/dev/')) return [reply('')].flat();
      await writeFile(resolve(folder, target), Buffer.concat(data ?? []), { mode: 0o755 });
      await chmod(resolve(folder, target), 0o755);
      const bytes = [...Buffer.from(normalize(target))].join(' ');
      const confirmation = reply(`info: succesfully created and wrote the file [${bytes}]\n`);
      return fromNode === '' ? [] : [confirmation].flat();
    }
    default:
      return [];
  }
}

/** Who asked for a copy is who it is from: there the confirmation of the target goes. */
function copyOf(request: Message, content: Uint8Array): Message {
  const [, node = '', target = ''] = request.methodArgs ?? [];
  return newMessage({
    ...{ toNode: node, fromNode: request.fromNode, data: [content], method: 'REQCopyFileTo' },
    ...{ methodArgs: request.methodArgs, replyMethod: request.replyMethod, ackTimeout: request.ackTimeout },
    ...{ retries: request.retries, methodTimeout: request.methodTimeout },
    ...{ directory: dirname(normalize(target)), fileName: basename(target) },
  });
}

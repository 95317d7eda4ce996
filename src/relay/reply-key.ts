import { createHash } from 'node:crypto';
import type { Message } from '../message/message.ts';

/**
 * What a request that was relayed has in common with the previous message of its replies: a digest of all that
 * decides where a copy of a reply goes and what happens with it there. A target can thus not make the relaying node
 * send anything that it was not asked to.
 */
export function replyKeyOf(request: Message): string {
  const fields = [
    ...[request.relayFromNode, request.relayToNode, request.relayOriginalMethod, request.relayReplyMethod],
    ...[request.replyMethod || 'REQToFileAppend', request.directory, request.fileName],
    // Absent and empty lists are the same in one of the wire's two forms.
    ...[request.methodArgs ?? [], request.replyMethodArgs ?? []],
  ];
  return createHash('sha256').update(JSON.stringify(fields)).digest('base64url').slice(0, 32);
}

import type { Kind } from './kind.ts';

/** Which kind the reference sends a method as; a method it does not know is an answered event. */
export function kindOf(method: string): Kind {
  return KIND_OF_METHOD.get(method) ?? 'EventACK';
}

const KIND_OF_METHOD = new Map<string, Kind>([
  ['REQInitial', 'CommandACK'],
  ['REQOpProcessList', 'CommandACK'],
  ['REQOpProcessStart', 'CommandACK'],
  ['REQOpProcessStop', 'CommandACK'],
  ['REQCliCommand', 'CommandACK'],
  ['REQCliCommandCont', 'CommandACK'],
  ['REQHello', 'EventNACK'],
]);

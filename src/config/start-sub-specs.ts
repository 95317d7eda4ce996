import { inGroup, rowsOf } from './option-spec.ts';

const flag = rowsOf({ type: 'bool' });

/** A switch for each method that a node may take or not. */
export const START_SUB_SPECS = inGroup('requests', {
  StartSubREQErrorLog: flag(false, 'collect the errors of all nodes', { onCentral: true }),
  StartSubREQHello: flag(true, 'hellos of other nodes'),
  StartSubREQToFileAppend: flag(true, 'append to a file'),
  StartSubREQToFile: flag(true, 'write a file'),
  StartSubREQCopyFileFrom: flag(true, 'read a file and send it on'),
  StartSubREQCopyFileTo: flag(true, 'write a file that was sent'),
  StartSubREQPing: flag(true, 'ping'),
  StartSubREQPong: flag(true, 'answers to a ping'),
  StartSubREQCliCommand: flag(true, 'run a command'),
  StartSubREQToConsole: flag(true, 'print to the console'),
  StartSubREQHttpGet: flag(true, 'fetch a web page'),
  StartSubREQTailFile: flag(true, 'follow a file'),
  StartSubREQCliCommandCont: flag(true, 'run a command and send its output as it comes'),
  StartSubREQRelay: flag(false, 'relay between other nodes'),
});

/** A method that one of them switches; every other method is always taken. */
export type SwitchedMethod = MethodOf<keyof typeof START_SUB_SPECS>;
type MethodOf<Key> = Key extends `StartSub${infer Method}` ? Method : never;

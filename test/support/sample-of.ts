import { CONTRACT, type OperationName, type Operations } from '../../src/contract/contract.ts';
import type { OperationRow } from '../../src/contract/operation.ts';
import type { Schema } from '../../src/contract/schema.ts';

/** The emptiest value that fits a schema: null where that is allowed, the first of several choices. */
export function sampleOf<T>(schema: Schema<T>): T {
  return sample(schema) as T;
}

/** Operations where those that a fake leaves out answer with what fits the contract. */
export function withSamples(fake: Partial<Operations>): Operations {
  return new Proxy(fake as Operations, {
    get: (_, name: OperationName) => {
      const own: unknown = Reflect.get(fake, name);
      return typeof own === 'function' ? own.bind(fake) : async () => answerOf(CONTRACT[name]);
    },
  });
}

function answerOf({ answer }: OperationRow): unknown {
  if (answer === undefined) return undefined;
  return typeof answer === 'string' ? new Uint8Array() : sample(answer);
}

function sample(schema: Schema): unknown {
  const { type = 'null', oneOf, enum: values, properties = {}, required = [] } = schema;
  if (oneOf !== undefined) return sample(oneOf[0]!);
  if (schema.const !== undefined || values !== undefined) return schema.const ?? values![0];
  if (type === 'null' || type.includes('null')) return null;
  if (type === 'object') return Object.fromEntries(required.map((name) => [name, sample(properties[name]!)]));
  return { array: [], string: '', integer: schema.minimum ?? 0, boolean: false }[type as 'array'];
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFetchFault } from './fetch-fault.ts';

const URL_HERE = new URL('https://host.example:8443/page');

test('the innermost code decides on the sentence, which names the host', () => {
  const coded = (code: string) => Object.assign(new Error('said by the system'), { code });
  const wrapped = (code: string) => new TypeError('fetch failed', { cause: coded(code) });
  const of = (error: unknown) => describeFetchFault(URL_HERE, error);
  const host = 'host.example:8443';
  assert.equal(of(wrapped('ECONNREFUSED')), `${host} refused the connection: nothing listens there`);
  const attempts = new AggregateError([coded('ENETUNREACH'), coded('ECONNREFUSED')]);
  assert.equal(of(new TypeError('fetch failed', { cause: attempts })), of(wrapped('ECONNREFUSED')));
  assert.equal(of(wrapped('CERT_HAS_EXPIRED')), `the TLS certificate of ${host} has expired`);
  assert.match(of(wrapped('DEPTH_ZERO_SELF_SIGNED_CERT')), /is self-signed, and not trusted here/);
  assert.match(of(wrapped('ERR_TLS_CERT_ALTNAME_INVALID')), /is for another name/);
  assert.equal(of(wrapped('EODD')), `${host} could not be fetched from: EODD: said by the system`);
  assert.equal(of('odd'), `${host} could not be fetched from: odd`);
});

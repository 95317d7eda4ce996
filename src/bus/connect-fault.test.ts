import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuthorizationError, ConnectionError, ProtocolError, TimeoutError } from '@nats-io/transport-node';
import { BusError } from './bus-error.ts';
import { connectFault, type FaultSettings, permissionFault } from './connect-fault.ts';

const SETTINGS: FaultSettings = {
  ...{ address: 'tls://broker:4222', rootCaPath: '', tlsCertFile: '' },
  signIn: { way: 'none', who: '' },
};
const VIOLATION = new AuthorizationError('Authorization Violation');

function coded(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

/** The sentence behind `no connection to the broker at ...: `, with its kind in front. */
function said(error: unknown, settings: Partial<FaultSettings> = {}): string {
  const { kind, text } = connectFault(error, { ...SETTINGS, ...settings });
  const opening = 'no connection to the broker at tls://broker:4222: ';
  assert.ok(text.startsWith(opening), text);
  return `${kind}: ${text.slice(opening.length)}`;
}

test('a sign-in that is refused names who was refused, and the option', () => {
  const by = (signIn: FaultSettings['signIn']) => said(VIOLATION, { signIn });
  assert.match(
    by({ way: 'none', who: '' }),
    /^sign-in: it asks for a sign-in .*, and none is set: set nkeySeedFile/,
  );
  assert.match(
    by({ way: 'password', who: 'ship1' }),
    /^sign-in: it refuses the user ship1 .*: check user and password/,
  );
  assert.match(by({ way: 'nkey', who: 'UABC' }), /^sign-in: it refuses the nkey UABC .*: check nkeySeedFile/);
  assert.match(
    by({ way: 'creds', who: 'UABC', expiresAt: 0 }),
    /^sign-in: it refuses the credentials of UABC, which end on 1970-01-01\S+ .*: check credsFile/,
  );
});

test('certificates of the broker: each fault has its own way out', () => {
  const unknown = [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  ];
  for (const code of unknown) {
    assert.match(
      said(coded(code)),
      /^certificate: .* does not know: name the root certificate with rootCAPath$/,
    );
    assert.match(
      said(coded(code), { rootCaPath: 'ca.pem' }),
      /^certificate: .* authority in rootCAPath ca\.pem:/,
    );
  }
  assert.match(said(coded('CERT_HAS_EXPIRED')), /^certificate: .* has expired: renew it/);
  assert.match(said(coded('CERT_NOT_YET_VALID')), /^certificate: .* not valid yet: check the clocks/);
  assert.match(said(coded('ERR_TLS_CERT_ALTNAME_INVALID')), /^certificate: .* for another host: connect by/);
  assert.match(
    said(coded('ERR_SSL_WRONG_VERSION_NUMBER', 'wrong version')),
    /^certificate: TLS .* \(wrong version\)/,
  );
});

test('client certificates: one that is missing is told from one that is refused', () => {
  const missing = coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
  assert.match(said(missing), /^client-certificate: .* none is set: set tlsCertFile and tlsKeyFile$/);
  const settings = { tlsCertFile: 'ship1.pem' };
  assert.match(
    said(coded('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'), settings),
    /^client-certificate: it refuses .* tlsCertFile ship1\.pem \(unknown ca\): use one/,
  );
  assert.match(
    said(coded('ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED'), settings),
    /ship1\.pem as expired: use one/,
  );
  const embedded = (text: string) => new ProtocolError(`TLS client certificate ${text}`);
  assert.match(said(embedded('required')), /^client-certificate: .* none is set/);
  assert.match(
    said(embedded('not accepted (SELF_SIGNED_CERT_IN_CHAIN)'), settings),
    /^client-certificate: it refuses .* ship1\.pem \(self signed cert in chain\): use one/,
  );
});

test('a broker that hangs up after TLS, which is all that the single-file program sees of its alert', () => {
  const hungUp = coded('EBADF', 'write EBADF');
  assert.match(
    said(hungUp),
    /^client-certificate: it ends the connection right after TLS .* like one that asks for a client certificate, and none is set: set tlsCertFile and tlsKeyFile$/,
  );
  assert.match(
    said(hungUp, { tlsCertFile: 'ship1.pem' }),
    /like one that refuses the client certificate in tlsCertFile ship1\.pem \(no reason given\): use one of/,
  );
  const plain = connectFault(hungUp, { ...SETTINGS, address: 'broker:4222' });
  assert.match(plain.text, /it ends the connection \(EBADF\): check the broker's log/);
});

test('a link that fails names the reason', () => {
  assert.match(
    said(coded('ENOTFOUND')),
    /^unreachable: its name is not found \(ENOTFOUND\): check brokerAddress/,
  );
  assert.match(said(coded('EAI_AGAIN')), /^unreachable: its name is not found/);
  const refused = new ConnectionError('connection refused', { cause: coded('ECONNREFUSED') });
  for (const error of [refused, new ConnectionError('connection refused'), new AggregateError([refused])]) {
    assert.match(said(error), /^unreachable: nothing listens there: check brokerAddress/);
  }
  assert.match(said(new TimeoutError()), /^unreachable: it does not answer in time: .*natsConnOptTimeout/);
  assert.match(said(coded('EHOSTUNREACH')), /^unreachable: there is no way to it \(EHOSTUNREACH\)/);
  assert.match(said(coded('ECONNRESET')), /^unreachable: it ends the connection/);
});

test('TLS that only one side wants, settings that went bad, and what nobody thought of', () => {
  assert.match(
    said(new ConnectionError("server does not support 'tls'")),
    /^no-tls: it does not speak TLS, which .*/,
  );
  const setting = new BusError('bad-option', 'credsFile x cannot be read: no such file');
  assert.equal(said(setting), 'setting: credsFile x cannot be read: no such file');
  assert.match(
    said(new ProtocolError('maximum connections exceeded')),
    /^other: maximum connections exceeded; see/,
  );
  for (const nothing of [undefined, null, ''])
    assert.match(said(nothing), /^other: it ended the connection without/);
});

test('a permission that is missing names the subject', () => {
  assert.equal(
    permissionFault('publish', 'a.b'),
    'the broker does not allow this node to publish to a.b: check its permissions',
  );
  assert.match(permissionFault('subscription', 'c.>'), /subscribe to c\.>: /);
});

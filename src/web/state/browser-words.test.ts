import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browserWords } from './browser-words.ts';

test('a browser is told by its name, version and system, and by what it says where that is unknown', () => {
  const mozilla = 'Mozilla/5.0 (X11; Linux x86_64)';
  const chrome = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
  assert.equal(browserWords(`${mozilla} ${chrome}`), 'Chrome 156, Linux');
  assert.equal(browserWords(`Mozilla/5.0 (Windows NT 10.0) ${chrome} Edg/156.0`), 'Edge 156, Windows');
  assert.equal(browserWords(`${mozilla} Gecko/20100101 Firefox/142.0`), 'Firefox 142, Linux');
  const safari = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.1 Safari/605.1.15';
  assert.equal(browserWords(safari), 'Safari 18, Mac OS X');
  assert.equal(browserWords('curl/8'), 'curl/8');
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { COMMANDS } from '../../src/cli/line/commands.ts';
import { OPTIONS } from '../../src/config/options.ts';
import { dockerfileFaults, imageFault, readDockerfile } from '../support/docker-rules.ts';
import { tempFolder } from '../support/temp-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const DOCKERFILE = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const VARIABLES = new Set(OPTIONS.map(({ env }) => env));

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[];
  readonly stop_grace_period?: string;
  readonly cap_drop?: readonly string[];
  readonly ports?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = parse(readFileSync(join(ROOT, 'compose.yaml'), 'utf8'), { merge: true }) as Compose;
const nodes = Object.entries(compose.services).filter(([, { build }]) => build !== undefined);

/** What .dockerignore lets in: all is kept out but the names behind an exclamation mark. */
const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
const isInContext = (path: string) => ignored.includes(`!${path}`) && existsSync(join(ROOT, path));

test('the Dockerfile keeps the rules', () => {
  assert.ok(ignored.includes('*'), '.dockerignore keeps out all that it does not name');
  assert.deepEqual(dockerfileFaults(DOCKERFILE, { isInContext }), []);
});

test('what the image copies is enough to build the page, with packages that it installs', async (t) => {
  const { path } = await tempFolder(t);
  const copied = [...DOCKERFILE.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) =>
    names!.split(' '),
  );
  for (const name of copied) await cp(join(ROOT, name), join(path, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(path, 'node_modules'));
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build-web.ts'], {
    cwd: path,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(
    DOCKERFILE,
    /npm ci.*--omit/,
    'the bundler is a package for development, with a binary of its own',
  );
});

test('the rules find what is wrong with another Dockerfile', () => {
  const bad = `FROM node
FROM debian:latest AS two
ADD https://example.org/x /x
COPY missing.txt two.txt /x/
COPY --from=three /x /y
RUN apt-get update && apt-get install -y curl && curl https://example.org/x | sh
ENV LISTENER_TOKEN=abc
WORKDIR here
USER root
MAINTAINER nobody
ENTRYPOINT steward
CMD ["run"]
CMD ["run"]
`;
  assert.deepEqual(dockerfileFaults(bad, { isInContext: (path) => path === 'two.txt' }), [
    'line 1: FROM names node without a tag',
    'line 2: FROM names debian:latest: what that is changes',
    'line 3: ADD does more than it says: use COPY',
    'line 4: COPY takes missing.txt, which is not there',
    'line 5: COPY takes from three, which is no stage',
    'line 6: RUN leaves the lists of apt in the image',
    'line 6: RUN installs what is only recommended',
    'line 6: RUN runs what it has just fetched',
    'line 6: RUN has a pipe without set -o pipefail',
    'line 7: ENV holds a secret',
    'line 8: WORKDIR has no absolute path',
    'line 10: MAINTAINER is no instruction',
    'line 11: ENTRYPOINT is not in the exec form, a JSON list: signals would go to a shell',
    'the image runs as root',
    'there are 2 of CMD, and the last one alone counts',
    'the image has no HEALTHCHECK',
  ]);
});

test('the image’s variables are options of a node, its volumes are folders of the user, its words are commands', () => {
  const last = readDockerfile(DOCKERFILE);
  const textOf = (name: string) => last.findLast((instruction) => instruction.name === name)!.text;
  const variables = [...textOf('ENV').matchAll(/(\w+)=(\S+)/g)];
  assert.ok(variables.length >= 4);
  for (const [, name] of variables) assert.ok(VARIABLES.has(name!), name);
  const made = /install --directory (.*)$/
    .exec(last.findLast(({ name }) => name === 'RUN')!.text)![1]!
    .split(/\s+/);
  for (const folder of [...(JSON.parse(textOf('VOLUME')) as string[]), '/run/steward'])
    assert.ok(made.includes(folder), folder);
  const commands = COMMANDS.map(({ name }) => name);
  const [program, command] = JSON.parse(textOf('HEALTHCHECK').replace(/^.*CMD /, '')) as string[];
  assert.deepEqual([program, commands.includes(command!)], ['steward', true]);
  assert.ok(commands.includes((JSON.parse(textOf('CMD')) as string[])[0]!));
});

test('compose.yaml starts a broker and nodes that find it, each with volumes of its own', () => {
  assert.deepEqual(Object.keys(compose.services), ['broker', 'central', 'ship1', 'ship2']);
  assert.deepEqual(
    nodes.map(([name]) => name),
    ['central', 'ship1', 'ship2'],
  );
  const used: string[] = [];
  for (const [name, { environment, volumes = [], depends_on = [] }] of nodes) {
    assert.deepEqual(environment, {
      ...{ NODE_NAME: name, CENTRAL_NODE_NAME: 'central', BROKER_ADDRESS: 'broker:4222' },
    });
    for (const variable of Object.keys(environment)) assert.ok(VARIABLES.has(variable), variable);
    assert.deepEqual(depends_on, ['broker']);
    used.push(...volumes.map((volume) => volume.split(':')[0]!));
  }
  assert.deepEqual(used, Object.keys(compose.volumes));
});

test('its images are pinned, its services have no more rights than they need and time to stop', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  for (const [name, service] of Object.entries(compose.services)) {
    assert.deepEqual(imageFault(service.image!), [], name);
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.equal(service.ports, undefined, `${name} is reached by the other services alone`);
  }
  for (const [name, { image, stop_grace_period }] of nodes) {
    assert.equal(image, `steward:${version}`, name);
    assert.ok(Number.parseInt(stop_grace_period!, 10) > 10, name);
  }
});

test('docker compose can read it', (t) => {
  const { status } = spawnSync('docker', ['compose', 'version'], { encoding: 'utf8' });
  if (status !== 0) return t.skip('docker compose is not installed here');
  const checked = spawnSync('docker', ['compose', '-f', 'compose.yaml', 'config', '--quiet'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  assert.equal(checked.status, 0, checked.stderr);
});

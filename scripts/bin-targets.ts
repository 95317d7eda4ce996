/** The version of the engine that goes into the single-file programs. Its packages' checksums are in TARGETS. */
export const ENGINE_VERSION = '1.4.5';

/** A system that a single-file program is made for. */
export interface Target {
  /** How the target is called, and the end of the file's name. */
  readonly name: string;
  readonly enginePackage: string;
  /** What the registry must say of that package: the program is only as trustworthy as its engine. */
  readonly integrity: string;
  /** What the engine's compiler calls this target. */
  readonly compilerTarget: string;
  /** How npm calls this system, to be given a package that is meant for it. */
  readonly os: 'linux' | 'darwin' | 'win32';
  readonly cpu: 'x64' | 'arm64';
  readonly libc?: 'glibc' | 'musl';
}

/** Every target, in the order in which they are made. */
export const TARGETS: readonly Target[] = [
  {
    name: 'linux-x64',
    enginePackage: '@oven/bun-linux-x64',
    integrity:
      'sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==',
    compilerTarget: 'bun-linux-x64',
    os: 'linux',
    cpu: 'x64',
    libc: 'glibc',
  },
  {
    name: 'linux-x64-musl',
    enginePackage: '@oven/bun-linux-x64-musl',
    integrity:
      'sha512-10QoW/YfTgnURaGEaHpJCiXjLI2e5iTtfVDaA5JKcyUzaa1cq6cVUY9/Uq5XkYzvtRjHLRe9Oj/lTDIQcxy8HQ==',
    compilerTarget: 'bun-linux-x64-musl',
    os: 'linux',
    cpu: 'x64',
    libc: 'musl',
  },
  {
    name: 'linux-arm64',
    enginePackage: '@oven/bun-linux-aarch64',
    integrity:
      'sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==',
    compilerTarget: 'bun-linux-arm64',
    os: 'linux',
    cpu: 'arm64',
    libc: 'glibc',
  },
  {
    name: 'linux-arm64-musl',
    enginePackage: '@oven/bun-linux-aarch64-musl',
    integrity:
      'sha512-XCNc+WvvMAdNNb+OWTogpy+N9wm62fkVeEVLb6how0RZhW5LPi6c7BlkeVCuWps7XjEl2saFpHFa20/1E+PAHg==',
    compilerTarget: 'bun-linux-arm64-musl',
    os: 'linux',
    cpu: 'arm64',
    libc: 'musl',
  },
  {
    name: 'macos-x64',
    enginePackage: '@oven/bun-darwin-x64',
    integrity:
      'sha512-qkLPMGHZM9NI6CeHTWwVezzmlo6cC4Ta7yUAjYIWXS366qQcOlcp75t2uZyiuVRBMPS0h9qE0tCcvCHGaFqjJg==',
    compilerTarget: 'bun-darwin-x64',
    os: 'darwin',
    cpu: 'x64',
  },
  {
    name: 'macos-arm64',
    enginePackage: '@oven/bun-darwin-aarch64',
    integrity:
      'sha512-4MIFXHmctH2EhAxLXm2/qxNtv17dFtLJylvaOCsrgq6KSqHTs6eW5YSrJjRbJxYUJaR901fsN8JfZOa+CsWpWQ==',
    compilerTarget: 'bun-darwin-arm64',
    os: 'darwin',
    cpu: 'arm64',
  },
  {
    name: 'windows-x64',
    enginePackage: '@oven/bun-windows-x64',
    integrity:
      'sha512-FNvply651vcE/GHgNWz6mZvhmkwBuu8Hw54oNzA+CQog+HW+542rXQmZqNHRkFxazD9L3xi+iTtvO3engAgJfw==',
    compilerTarget: 'bun-windows-x64',
    os: 'win32',
    cpu: 'x64',
  },
];

/** The name of a target's file. */
export function fileNameOf({ name, os }: Target): string {
  return `steward-${name}${os === 'win32' ? '.exe' : ''}`;
}

/** The target that runs on this machine; undefined where there is none. */
export function ownTarget(): Target | undefined {
  const libc = process.platform === 'linux' ? ownLibc() : undefined;
  return TARGETS.find(
    (target) => target.os === process.platform && target.cpu === process.arch && target.libc === libc,
  );
}

function ownLibc(): 'glibc' | 'musl' {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

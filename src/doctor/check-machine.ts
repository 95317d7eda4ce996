import { readFile } from 'node:fs/promises';
import { availableParallelism, freemem, release, totalmem } from 'node:os';
import { type Finding, finding } from './finding.ts';

const LEAST_FILES = 4096;
const LEAST_MEMORY_BYTES = 200e6;

/** What the program is and runs on. */
export interface Versions {
  readonly steward: string;
  /** What runs it: Node.js or Bun, with its version. */
  readonly engine: string;
  readonly sqlite: string;
}

/** Versions, memory, and how many files the node may have open. */
export async function checkMachine(versions: Versions): Promise<Finding[]> {
  const { steward, engine, sqlite } = versions;
  const system = `${process.platform} ${release()} ${process.arch}, ${availableParallelism()} processors`;
  const findings = [finding('versions', 'ok', `steward ${steward}, ${engine}, SQLite ${sqlite}; ${system}`)];
  if (process.platform !== 'linux') {
    const text = `on ${process.platform} commands that outlive their node are not found, and processes that hold an output are not told apart`;
    findings.push(finding('versions', 'warn', text, 'run nodes on Linux where that matters'));
  }
  findings.push(memory(), ...(await openFiles()));
  return findings;
}

function memory(): Finding {
  const text = `${mb(freemem())} of ${mb(totalmem())} of memory are free`;
  return freemem() >= LEAST_MEMORY_BYTES
    ? finding('memory', 'ok', text)
    : finding('memory', 'warn', text, 'a node needs some 150 MB, and its commands what they need');
}

/** By the hard limit: a node takes all that it may have. */
async function openFiles(): Promise<Finding[]> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(limits) ?? [];
  if (hard === undefined) return [];
  const isEnough = hard === 'unlimited' || Number(hard) >= LEAST_FILES;
  const text = `a process started here may have ${hard} files open`;
  if (isEnough) return [finding('limits', 'ok', text)];
  return [
    finding('limits', 'warn', text, `raise it: ulimit -n ${LEAST_FILES}, or LimitNOFILE= of its service`),
  ];
}

function mb(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

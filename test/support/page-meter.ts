import type { CDPSession, Page } from 'playwright-core';

/** What a page takes of the wire. */
export interface Meter {
  readonly cdp: CDPSession;
  /** That came over the wire. */
  bytes: number;
}

/** Counts from now on what comes to a page. */
export async function meter(page: Page): Promise<Meter> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Network.enable');
  await cdp.send('Performance.enable');
  const counted = { cdp, bytes: 0 };
  const streams = new Set<string>();
  cdp.on('Network.responseReceived', ({ requestId, type }) => {
    if (type === 'EventSource') streams.add(requestId);
  });
  // A stream does not finish, and is not packed.
  cdp.on('Network.dataReceived', ({ requestId, dataLength }) => {
    if (streams.has(requestId)) counted.bytes += dataLength;
  });
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (!streams.has(requestId)) counted.bytes += encodedDataLength;
  });
  return counted;
}

/** The processor time that the process of a page has used, with all its threads, ms; how long its tasks took grows with the load of the machine. */
export async function busyMs(cdp: CDPSession): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'ProcessTime')!.value * 1000;
}

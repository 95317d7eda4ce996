import type { BodyFormat } from '../../message/codec/body-format.ts';
import { decodeMessage } from '../../message/codec/decode-message.ts';
import { encodeMessage } from '../../message/codec/encode-message.ts';
import { OUTPUT_LOST } from '../../message/output.ts';
import { decodeReport, encodeReport, type ReportEntry } from '../../message/report.ts';

const MAX_BODY_BYTES = 2 ** 31;

/** A report without the output in it: the ends stay, and say that it is lost. Undefined where there is none to leave out. */
export function withoutOutput(
  body: Uint8Array,
  format: BodyFormat,
): { readonly body: Uint8Array; readonly format: BodyFormat } | undefined {
  const message = decodeMessage(body, { ...format, maxBytes: MAX_BODY_BYTES });
  const { ends } = decodeReport(message.data?.[0] ?? new Uint8Array(0));
  if (!ends.some(hasOutput)) return undefined;
  const data = [encodeReport(ends.map((end) => (hasOutput(end) ? emptied(end) : end)))];
  const encoded = encodeMessage({ ...message, data }, { serialization: format.serial, compression: '' });
  return { body: encoded.payload, format: { serial: encoded.serial, cmp: encoded.cmp } };
}

function hasOutput({ stdout, output }: ReportEntry): boolean {
  return stdout !== undefined || output !== undefined;
}

function emptied({ stdout, stdoutFrom, output, reason, ...rest }: ReportEntry): ReportEntry {
  return { ...rest, reason: reason === undefined ? OUTPUT_LOST : `${reason}; ${OUTPUT_LOST}` };
}

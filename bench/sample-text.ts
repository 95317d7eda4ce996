import { randomBytes } from 'node:crypto';

/** Text that no compression makes much smaller than 3/4. */
export function noise(bytes: number): string {
  return randomBytes(Math.ceil((bytes * 3) / 4))
    .toString('base64')
    .slice(0, bytes);
}

/** A log with several kinds of lines, of which zstd makes a fifth. */
export function logLines(bytes: number): string {
  const any = (below: number) => Math.floor(Math.random() * below);
  const kinds = [
    () =>
      `sshd[${any(99_999)}]: Accepted publickey for admin from 10.0.${any(256)}.${any(256)} port ${any(65_536)} ssh2`,
    () => `systemd[1]: Started Session ${any(99_999)} of user admin.`,
    () =>
      `kernel: [${any(99_999)}.${any(999_999)}] usb 1-${any(9)}: new high-speed USB device number ${any(99)} using xhci_hcd`,
    () =>
      `dhclient[812]: DHCPREQUEST of 192.168.1.${any(256)} on eth0 to 192.168.1.1 port 67 (xid=0x${any(2 ** 31).toString(16)})`,
    () =>
      `{"level":"info","position":{"lat":${any(9e6) / 1e5},"lon":${any(18e6) / 1e5}},"msg":"position","bytes":${any(1e6)}}`,
  ];
  let text = '';
  for (let ms = 0; text.length < bytes; ms += any(3000))
    text += `${new Date(1.79e12 + ms).toISOString()} ship1 ${kinds[any(kinds.length)]!()}\n`;
  return text.slice(0, bytes);
}

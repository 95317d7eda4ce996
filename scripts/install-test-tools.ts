import { installPrograms } from './install-programs.ts';

installPrograms([
  { command: 'nats-server', debianPackage: 'nats-server' },
  { command: 'nc', debianPackage: 'netcat-openbsd' },
  { command: 'tmux', debianPackage: 'tmux' },
  { command: 'openssl', debianPackage: 'openssl' },
  { command: 'curl', debianPackage: 'curl' },
  { command: 'strace', debianPackage: 'strace' },
]);

import { installPrograms } from './install-programs.ts';

installPrograms([
  { command: 'nats-server', debianPackage: 'nats-server' },
  { command: 'nc', debianPackage: 'netcat-openbsd' },
  { command: 'openssl', debianPackage: 'openssl' },
]);

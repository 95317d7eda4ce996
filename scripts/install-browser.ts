import { installPrograms } from './install-programs.ts';

installPrograms([{ command: 'chromium', debianPackage: 'chromium' }]);

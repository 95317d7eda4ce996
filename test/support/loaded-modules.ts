import { registerHooks } from 'node:module';

// Loaded with --import into a program: prints the URL of every module that it loads, on standard error.
registerHooks({
  load(url, context, nextLoad) {
    process.stderr.write(`loaded ${url}\n`);
    return nextLoad(url, context);
  },
});

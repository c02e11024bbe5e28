import process from 'node:process';

// Plain JavaScript: it must load on a Node.js that cannot read TypeScript, to say so in one line instead of a stack.
if (!process.features.typescript) {
  process.stderr.write(
    `Busbar's scripts are TypeScript and need Node.js 22.18 or newer (or 22.15 with NODE_OPTIONS=--experimental-strip-types); this is ${process.version}.\n` +
      'Run them through pnpm, which installs Node.js 24 into node_modules: npx -y pnpm@12 install\n',
  );
  process.exit(1);
}

import { existsSync, readdirSync } from 'node:fs'
import { isBundleFresh } from '@chaosproxy/targets/bundle-freshness'
import { build } from 'rolldown'

// A program of ours that begins in hundreds of modules starts in half the time from a few files. What tsc built is
// bundled: the API and its types stay as they are, module by module.

/** What others wrote is loaded from where it is installed. */
const external = (id) => !/^(?:[./\0]|@chaosproxy\/)/.test(id)

/** Entries by name, all in one flat folder, for they find one another by their own URLs. */
const bundle = (row, input) =>
  build({
    input: Object.fromEntries(Object.entries(input).map(([name, path]) => [name, `packages/${row}/dist/${path}.js`])),
    external,
    platform: 'node',
    tsconfig: false,
    transform: { target: 'es2023' },
    logLevel: 'warn',
    checks: { ineffectiveDynamicImport: false },
    output: { dir: `packages/${row}/bundle`, cleanDir: true, chunkFileNames: '[name]-[hash].js' },
  })

/** The processes and threads that targets start: each folder with a main.ts is one. */
const started = readdirSync('packages/targets/dist').filter((name) =>
  existsSync(`packages/targets/dist/${name}/main.js`),
)

if (isBundleFresh('packages/cli', 'main.js') && isBundleFresh('packages/targets', 'node.js')) process.exit()

await Promise.all([
  bundle('cli', {
    main: 'main',
    index: 'index',
    worker: 'check/worker',
    vetting: 'check/vetting',
    'config-vetting': 'config/vetting',
    'compare-worker': 'compare/worker',
    'fuzz-worker': 'fuzz/worker',
  }),
  bundle('targets', {
    ...Object.fromEntries(started.map((name) => [name, `${name}/main`])),
    'watchdog-thread': 'node/watchdog-thread',
  }),
])

import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isBundleFresh } from '@chaosproxy/targets/bundle-freshness'
import { build } from 'rolldown'

// A program of ours that begins in hundreds of modules starts in half the time from a few files. What tsc built is
// bundled: the API and its types stay as they are, module by module.

/** Loaded by every command, and found and read file by file in a third of the time that a command takes to start. */
const inlined = [
  'yargs',
  'yargs-parser',
  'cliui',
  'wrap-ansi',
  'ansi-styles',
  'strip-ansi',
  'ansi-regex',
  'y18n',
  'escalade',
  'get-caller-file',
  'chalk',
]

/** Loading these only defines what they export: a command that uses one export loads that alone. */
const PURE =
  /packages\/(?:history|faults|checker|workloads|wire|recorder|protocols|runner|report|scenarios|engine|console)\/dist\/(?!.*vetting)/

/** Installed only by users who need it. */
const OPTIONAL = '@chaosproxy/simulated-postgresql'

/** What others wrote is otherwise loaded from where it is installed. */
const external = (id) =>
  id === OPTIONAL ||
  (!/^(?:[./#\0]|@chaosproxy\/)/.test(id) && !inlined.includes(id.split('/')[0]) && !(id in replaced))

/** Modules of others that cost every start something that we do otherwise, and what stands for them. */
const replaced = {
  // Prepares regular expressions for every emoji there is whenever it is loaded; ours measures the same texts without.
  'string-width': `export { displayWidth as default } from ${JSON.stringify(resolve('packages/report/dist/terminal/width.js'))}`,
  // Of chalk: looks at the environment and both streams. We decide that for each stream, and tell chalk.
  '#supports-color': 'export default { stdout: false, stderr: false }',
}
const replacing = {
  name: 'replacing',
  resolveId: (id) => (id in replaced ? `\0${id}` : undefined),
  load: (id) => replaced[id.replace('\0', '')],
}

/** Entries by name, all in one flat folder, for they find one another by their own URLs. */
const bundle = (row, input) =>
  build({
    input: Object.fromEntries(Object.entries(input).map(([name, path]) => [name, `packages/${row}/dist/${path}.js`])),
    external,
    plugins: [replacing],
    treeshake: { moduleSideEffects: (id) => !PURE.test(id) },
    platform: 'node',
    tsconfig: false,
    transform: { target: 'es2023' },
    logLevel: 'warn',
    checks: { ineffectiveDynamicImport: false },
    output: {
      dir: `packages/${row}/bundle`,
      cleanDir: true,
      chunkFileNames: '[name]-[hash].js',
      comments: { jsdoc: false },
    },
  })

/** The processes and threads that targets start: each folder with a main.ts is one. */
const started = readdirSync('packages/targets/src').filter((name) => existsSync(`packages/targets/src/${name}/main.ts`))

// The programs that `chaos gallery` runs are examples, which the package takes along.
rmSync('packages/cli/bundle-examples', { recursive: true, force: true })
cpSync('examples', 'packages/cli/bundle-examples', {
  recursive: true,
  filter: (path) => !/node_modules|chaos-results|database/.test(path),
})

const made = { cli: 'main.js', engine: 'check-worker.js', console: 'judge.js', targets: 'node.js' }
if (Object.entries(made).every(([row, file]) => isBundleFresh(`packages/${row}`, file))) process.exit()

await Promise.all([
  bundle('cli', {
    main: 'main',
    index: 'index',
  }),
  bundle('engine', {
    'check-worker': 'check/worker',
    'model-vetting': 'check/vetting',
    'config-vetting': 'config/vetting',
    'compare-worker': 'compare/worker',
    'search-worker': 'search/worker',
  }),
  bundle('console', { judge: 'judge/worker' }),
  bundle('targets', {
    ...Object.fromEntries(started.map((name) => [name, `${name}/main`])),
    'watchdog-thread': 'node/watchdog-thread',
  }),
])

/** Code for a browser: one file, of which only what is used is kept, and so nothing of Node. */
const bundleForBrowser = (name, path) =>
  build({
    input: { [name]: `packages/console/dist/${path}.js` },
    external: (id) => !/^(?:[./\0]|@chaosproxy\/|preact|uplot|fzstd|valibot)/.test(id),
    treeshake: { moduleSideEffects: (id) => /preact|uplot|packages\/console\/dist\//.test(id) },
    platform: 'browser',
    tsconfig: false,
    transform: { target: 'es2023' },
    logLevel: 'warn',
    output: {
      dir: 'packages/console/bundle',
      format: 'iife',
      cleanDir: false,
      codeSplitting: false,
      minify: true,
      comments: false,
    },
  })

// The live page loads its code from the run's own server; the page that judges saved histories contains it.
await bundleForBrowser('page', 'browser/main')
await bundleForBrowser('saved-page', 'saved/main')
await bundleForBrowser('saved-worker', 'saved/worker')

writeLicences('cli', inlined)
writeLicences('engine', ['chalk'])
writeLicences('console', ['fzstd', 'preact', 'uplot', 'valibot'])

function writeLicences(row, names) {
  const texts = names.map((name) => `${name}\n\n${licenceOf(name)}`)
  writeFileSync(`packages/${row}/bundle/LICENSES.txt`, texts.join(`\n${'-'.repeat(80)}\n`))
}

function licenceOf(name) {
  const folder = `node_modules/${name}`
  const file = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file))
  return readFileSync(`${folder}/${file}`, 'utf8')
}

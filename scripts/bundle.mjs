import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isBundleFresh } from '@chaosproxy/targets/bundle-freshness'
import { build, rolldown } from 'rolldown'

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
  'valibot',
]

/** Loading these only defines what they export: a command that uses one export loads that alone. */
const PURE =
  /packages\/(?:history|faults|checker|verifier|workloads|wire|recorder|protocols|runner|report|scenarios|engine|console)\/dist\/(?!.*vetting)/

/** Products of their own, loaded by name by runs that need them. */
const PRODUCTS = ['@chaosproxy/simulated-postgresql', '@chaosproxy/simulated-redis']

/** What others wrote is otherwise loaded from where it is installed. */
const external = (id) =>
  PRODUCTS.includes(id) ||
  (!/^(?:[./#\0]|@chaosproxy\/)/.test(id) && !inlined.includes(id.split('/')[0]) && !(id in replaced))

/** Modules of others that cost every start something that we do otherwise, and what stands for them. */
const replaced = {
  // Prepares regular expressions for every emoji there is whenever it is loaded; ours measures the same texts without.
  'string-width': `export { displayWidth as default } from ${JSON.stringify(resolve('packages/report/dist/terminal/width.js'))}`,
  // Of chalk: looks at the environment and both streams. We decide that for each stream, and tell chalk.
  '#supports-color': 'export default { stdout: false, stderr: false }',
  // Of yargs, for its own state: Node's module loads two dozen others.
  assert: `
    export function strictEqual(is, due, message) { if (!Object.is(is, due)) throw new Error(message) }
    export function notStrictEqual(is, due, message) { if (Object.is(is, due)) throw new Error(message) }`,
}
const replacing = {
  name: 'replacing',
  resolveId: (id) => (id in replaced ? `\0${id}` : undefined),
  load: (id) => replaced[id.replace('\0', '')],
}

/**
 * Bundles entries, by name, into one flat folder, where they find one another by their own URLs.
 *
 * Each layer becomes one file: the modules that are loaded with any of its `roots` and with any of `among`, if given, but
 * are in no layer before it. Loading one file of 2 MB takes two thirds of the time that a hundred files take.
 */
async function bundle(row, input, layers = []) {
  const program = await rolldown({
    input: Object.fromEntries(Object.entries(input).map(([name, path]) => [name, built(row, path)])),
    external,
    plugins: [replacing],
    treeshake: { moduleSideEffects: (id) => !PURE.test(id) && !id.startsWith('node:') },
    platform: 'node',
    tsconfig: false,
    transform: { target: 'es2023' },
    logLevel: 'warn',
    checks: { ineffectiveDynamicImport: false, bundlerTimings: false },
    preserveEntrySignatures: 'allow-extension',
  })
  const output = {
    dir: `packages/${row}/bundle`,
    cleanDir: true,
    chunkFileNames: '[name]-[hash].js',
    comments: { jsdoc: false },
  }
  await program.write(
    layers.length === 0 ? output : { ...output, codeSplitting: await splitting(program, output, row, layers) },
  )
  await program.close()
}

/** Bundles once without layers: only the bundler knows what is loaded with a module, since it drops unused exports. */
async function splitting(program, output, row, layers) {
  const chunks = (await program.generate(output)).output
  const loaded = (roots) =>
    loadedWith(
      roots.map((root) => resolve(built(row, root))),
      chunks,
    )
  const groups = layers.map(({ name, roots, among }, i) => {
    const [modules, most] = [loaded(roots), among && loaded(among)]
    return { name, test: (id) => modules.has(id) && most?.has(id) !== false, priority: layers.length - i }
  })
  return { includeDependenciesRecursively: false, groups }
}

const built = (row, path) => `packages/${row}/dist/${path}.js`

/** The modules in all chunks that are loaded with some modules. */
function loadedWith(roots, chunks) {
  const loaded = new Set(chunks.filter(({ moduleIds }) => roots.some((root) => moduleIds.includes(root))))
  for (const { imports } of loaded) for (const each of chunks) if (imports.includes(each.fileName)) loaded.add(each)
  return new Set([...loaded].flatMap(({ moduleIds }) => moduleIds))
}

/** The processes and threads that targets start: each folder with a main.ts is one. */
const started = readdirSync('packages/targets/src').filter((name) => existsSync(`packages/targets/src/${name}/main.ts`))

// The programs that `chaos gallery` runs are examples, which the package takes along.
rmSync('packages/cli/bundle-examples', { recursive: true, force: true })
cpSync('examples', 'packages/cli/bundle-examples', {
  recursive: true,
  filter: (path) =>
    !/node_modules|chaos-results|database|real\.mjs|REPORT\.md|track-record\/postgres/.test(path) && isShown(path),
})

/** Of the track record only the new findings are exhibits. */
function isShown(path) {
  const subject = /^examples\/track-record\/[^/]+/.exec(path)?.[0]
  return (
    subject === undefined || JSON.parse(readFileSync(`${subject}/subject.json`, 'utf8')).result === 'not documented'
  )
}

const made = { cli: 'main.js', engine: 'verifier.js', console: 'judge.js', targets: 'node.js' }
if (Object.entries(made).every(([row, file]) => isBundleFresh(`packages/${row}`, file))) process.exit()

/** What `chaos check` loads. Each layer before it is what another command shares with it, which then loads no more. */
const CHECK = ['check/use', 'check/execute']

await Promise.all([
  bundle('cli', { main: 'main', index: 'index' }, [
    { name: 'start', roots: ['main'] },
    { name: 'judge', roots: ['commands/ctl'], among: CHECK },
    { name: 'report', roots: ['proxy/use', 'gallery/use'], among: CHECK },
    { name: 'check', roots: CHECK },
  ]),
  bundle('engine', {
    'check-worker': 'check/worker',
    'model-vetting': 'check/vetting',
    'config-vetting': 'config/vetting',
    'compare-worker': 'compare/worker',
    'search-worker': 'search/worker',
    'extended-worker': 'extend/worker',
  }),
  bundle('console', { judge: 'judge/worker' }),
  bundle('targets', {
    ...Object.fromEntries(started.map((name) => [name, `${name}/main`])),
    'virtual-program': 'stdio/virtual-program/main',
    'watchdog-thread': 'node/watchdog-thread',
  }),
])

/** Code for a browser: one script, of which only what is used is kept, and so nothing of Node. A variable of its name holds its exports. */
const bundleForBrowser = (row, name, path) =>
  build({
    input: { [name]: `packages/${path}.js` },
    external: (id) => !/^(?:[./\0]|@chaosproxy\/|preact|uplot|fzstd|valibot)/.test(id),
    treeshake: { moduleSideEffects: (id) => /preact|uplot|packages\/console\/dist\//.test(id) },
    platform: 'browser',
    tsconfig: false,
    transform: { target: 'es2023' },
    logLevel: 'warn',
    output: {
      dir: `packages/${row}/bundle`,
      format: 'iife',
      name: name.replace('-', '_'),
      cleanDir: false,
      codeSplitting: false,
      minify: true,
      comments: false,
    },
  })

// The live page loads its code from the run's own server; the page that judges saved histories contains it.
await bundleForBrowser('console', 'page', 'console/dist/browser/main')
await bundleForBrowser('console', 'saved-page', 'console/dist/saved/main')
await bundleForBrowser('console', 'saved-worker', 'console/dist/saved/worker')
// A report that has a proof contains it.
await bundleForBrowser('engine', 'verifier', 'verifier/dist/index')

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

import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isBundleFresh } from '@chaosproxy/targets/bundle-freshness'
import { build, rolldown } from 'rolldown'

// Our programs have hundreds of modules, and start in half the time if they are bundled into a few files. The bundles
// are made from the output of tsc. This output remains, module by module, for the API and its types.

/**
 * Packages that every command loads. Finding and reading their files takes a third of the time that a command needs to
 * start, so they are bundled, too.
 */
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

/** The modules whose loading has no side effects, so that the bundler can drop their unused exports. */
const PURE =
  /packages\/(?:history|faults|checker|verifier|workloads|wire|recorder|protocols|runner|report|scenarios|engine|console)\/dist\/(?!.*vetting)/

/** Separate packages, which a run loads by name if it needs them. */
const PRODUCTS = ['@chaosproxy/simulated-postgresql', '@chaosproxy/simulated-redis']

/**
 * Reports whether a module stays out of the bundle and is loaded from node_modules. This holds for `PRODUCTS`, and for
 * other authors' packages that are neither inlined nor replaced.
 */
const external = (id) =>
  PRODUCTS.includes(id) ||
  (!/^(?:[./#\0]|@chaosproxy\/)/.test(id) && !inlined.includes(id.split('/')[0]) && !(id in replaced))

/**
 * The source texts that replace modules of other authors, by the module's name. Loading one of these modules would take
 * time at every start.
 */
const replaced = {
  // string-width prepares regular expressions for all emoji when it is loaded. Our function needs none for the same
  // texts.
  'string-width': `export { displayWidth as default } from ${JSON.stringify(resolve('packages/report/dist/terminal/width.js'))}`,
  // This module of chalk examines the environment and both streams. We decide for each stream, and tell chalk the
  // result.
  '#supports-color': 'export default { stdout: false, stderr: false }',
  // yargs checks its own state with `assert`. Node's module `assert` loads two dozen other modules.
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
 * Bundles the modules in `input` into one flat folder. The key of a module is the name of its file in the folder. The
 * files find each other by URLs relative to their own URLs.
 *
 * Each layer becomes one file. The file contains the modules that are loaded with any of the layer's `roots`, except
 * modules of earlier layers. If `among` is given, the file contains only those modules that are also loaded with any of
 * `among`. Loading one file of 2 MB takes two thirds of the time that a hundred files take.
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

/**
 * Returns the options that split a bundle into layers. Bundles once without layers to find out which modules are loaded
 * together. Only the bundler knows this, because it drops unused exports.
 */
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

/** Returns the modules of all chunks that are loaded if some modules are loaded. */
function loadedWith(roots, chunks) {
  const loaded = new Set(chunks.filter(({ moduleIds }) => roots.some((root) => moduleIds.includes(root))))
  for (const { imports } of loaded) for (const each of chunks) if (imports.includes(each.fileName)) loaded.add(each)
  return new Set([...loaded].flatMap(({ moduleIds }) => moduleIds))
}

/** The programs that targets start as processes or threads: the folders with a main.ts. */
const started = readdirSync('packages/targets/src').filter((name) => existsSync(`packages/targets/src/${name}/main.ts`))

// The package contains the examples, because `chaos gallery` runs them.
rmSync('packages/cli/bundle-examples', { recursive: true, force: true })
cpSync('examples', 'packages/cli/bundle-examples', {
  recursive: true,
  filter: (path) =>
    !/node_modules|chaos-results|database|real\.mjs|REPORT\.md|track-record\/postgres/.test(path) && isShown(path),
})

/** Reports whether the gallery may show a file. Subjects of the track record are shown only if their finding is new. */
function isShown(path) {
  const subject = /^examples\/track-record\/[^/]+/.exec(path)?.[0]
  return (
    subject === undefined || JSON.parse(readFileSync(`${subject}/subject.json`, 'utf8')).result === 'not documented'
  )
}

const made = { cli: 'main.js', engine: 'verifier.js', console: 'judge.js', targets: 'node.js' }
if (Object.entries(made).every(([row, file]) => isBundleFresh(`packages/${row}`, file))) process.exit()

/**
 * The modules of `chaos check`, as the roots from which they are loaded. The layers `judge` and `report` contain those
 * of these modules that other commands also load. So the other commands need not load the layer `check`.
 */
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

/**
 * Bundles modules into one script for a browser. The script contains no code that is never used, and no modules of
 * Node. It assigns the exports of the module `path` to the global variable `name`.
 */
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

// The live page loads its code from the run's own server; the page that judges saved histories contains its code.
await bundleForBrowser('console', 'page', 'console/dist/browser/main')
await bundleForBrowser('console', 'saved-page', 'console/dist/saved/main')
await bundleForBrowser('console', 'saved-worker', 'console/dist/saved/worker')
// A report that contains a proof also contains the verifier.
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

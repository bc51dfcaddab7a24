// Prints the size of the project: tokens and lines, files that load the node simulator, modules that a run loads, and
// groups of folders that import each other in a circle (knots).
// node scripts/weight.mjs   (after npx tsc -b; the run takes a few seconds)
// node scripts/weight.mjs --ceilings [--raise PACKAGE]...   lowers scripts/ceilings.json to the actual sizes,
// and raises only the ceilings of the named packages
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { sourcesOf, tokensOf } from './tokens.mjs'

const { values: options } = parseArgs({
  options: { ceilings: { type: 'boolean' }, raise: { type: 'string', multiple: true } },
})

const packages = join(import.meta.dirname, '..', 'packages')
const rows = readdirSync(packages).filter((row) => row !== 'testing')
const tokens = new Map(rows.map((row) => [row, tokensOf(row)]))
const ceilingsFile = join(import.meta.dirname, 'ceilings.json')
const ceilings = JSON.parse(readFileSync(ceilingsFile, 'utf8'))

if (options.ceilings) {
  writeCeilings(new Set(options.raise))
  process.exit()
}

const sources = new Map(rows.map((row) => [row, sourcesOf(row)]))
const lines = new Map(rows.map((row) => [row, [...sources.get(row).values()].join('').split('\n').length - 1]))
const sum = (counts) => [...counts.values()].reduce((total, count) => total + count, 0)
const columns = (...counts) => counts.map((count) => String(count).padStart(8)).join('')
console.log('tokens and lines in packages/*/src (tokens: without comments, see scripts/tokens.mjs):')
console.log(`${columns(sum(tokens), sum(lines))} in all`)
for (const [row, count] of [...tokens].toSorted(([, a], [, b]) => b - a)) {
  const above = count - (ceilings[row] ?? 0)
  console.log(`${columns(count, lines.get(row))} ${row}${above > 0 ? `, ${above} tokens above its ceiling` : ''}`)
}

// An import of types loads nothing.
const LOADS = /^(?!import type).*(?:from|import\() ?'@chaosproxy\/node-simulator\b/m
const importers = ['engine', 'cli'].flatMap((row) =>
  [...sources.get(row)].filter(([, text]) => LOADS.test(text)).map(([file]) => `${row}/${file}`),
)
console.log(`files of engine and cli that load node-simulator: ${importers.length}`)
for (const file of importers) console.log(`  ${file}`)

const loaded = modulesOf(['run', '--target', 'raft', '--time', '1s', '--rate', '50'])
console.log(`modules loaded by chaos run --target raft, unbundled: ${loaded.length}`)
const perRow = new Map()
for (const file of loaded) perRow.set(file.split('/')[0], (perRow.get(file.split('/')[0]) ?? 0) + 1)
for (const [row, count] of [...perRow].toSorted(([, a], [, b]) => b - a))
  console.log(`  ${String(count).padStart(6)} ${row}`)

console.log('knots of folders:')
for (const row of rows) for (const knot of knotsOf(row)) console.log(`  ${row}: ${knot.toSorted().join(', ')}`)

/** Lowers each ceiling to the size of its package. Raises only the ceilings of the named packages. */
function writeCeilings(raised) {
  const unknown = [...raised].filter((row) => !tokens.has(row))
  if (unknown.length > 0) throw new Error(`--raise: packages/ has no ${unknown.join(', ')}`)
  const entries = [...tokens].map(([row, count]) => {
    const ceiling = ceilings[row] ?? 0
    if (count <= ceiling || raised.has(row)) return [row, count]
    console.error(`${row} is ${count - ceiling} tokens above its ceiling, which only --raise ${row} raises`)
    process.exitCode = 1
    return [row, ceiling]
  })
  writeFileSync(ceilingsFile, `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`)
}

/** Returns the modules of this project that a command loads from the output of tsc. */
function modulesOf(words) {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-weight-'))
  const hooks = `export async function load(url, context, next) {
    if (url.includes('/packages/')) process._rawDebug('loaded ' + url)
    return next(url, context)
  }`
  const register = `import { register } from 'node:module'
  register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}))`
  const main = pathToFileURL(join(packages, 'cli', 'dist', 'main.js')).href
  const start = `const { runProcess } = await import(${JSON.stringify(main)})
  await runProcess(${JSON.stringify([...words, '--out', directory, '--quiet'])})`
  try {
    const { stderr } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(register)}`, '--input-type=module', '--eval', start],
      { encoding: 'utf8', cwd: directory, maxBuffer: 1 << 26 },
    )
    const urls = Array.from(stderr.matchAll(/^loaded .*\/packages\/(.*)$/gm), ([, path]) => path)
    return [...new Set(urls)]
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Returns the folder of a file, as in architecture.test.ts. A file that is in no folder counts as a folder itself. */
function floorOf(file) {
  return dirname(file) === '.' ? file : dirname(file)
}

/** Returns the groups of folders that import each other in a circle, also indirectly. Leaves out entry points. */
function knotsOf(row) {
  const { exports } = JSON.parse(readFileSync(join(packages, row, 'package.json'), 'utf8'))
  const entries = Object.values(exports).map((target) => target.default?.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts'))
  const between = new Map()
  for (const [file, text] of sources.get(row)) {
    if (entries.includes(file)) continue
    const floor = floorOf(file)
    for (const [, path] of text.matchAll(/(?:from |import\()'(\.[^']+)'/g)) {
      const other = floorOf(join(dirname(file), path))
      if (other !== floor) between.set(floor, (between.get(floor) ?? new Set()).add(other))
    }
  }
  const reached = (from) => {
    const found = new Set()
    const visit = (folder) => {
      for (const next of between.get(folder) ?? []) if (!found.has(next)) visit(found.add(next) && next)
    }
    visit(from)
    return found
  }
  const left = new Set(between.keys())
  const knots = []
  for (const folder of between.keys()) {
    if (!left.has(folder)) continue
    const knot = [...reached(folder)].filter((other) => reached(other).has(folder))
    for (const each of knot) left.delete(each)
    if (knot.length > 1) knots.push(knot)
  }
  return knots
}

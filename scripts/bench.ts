// npm run bench            runs every benchmark
// npm run bench -- proxy   runs the benchmarks whose name contains the word
// npm run bench -- speed --against COMMIT
//                          compares this checkout with a commit, in turns, by the benchmarks that can compare
// npm run bench -- speed --against COMMIT --at-least 0.9
//                          compares in about a minute; exits with 1 if this checkout has less than 0.9 of the commit's
//                          speed, twice in a row
//
// Benchmarks live beside the code they measure, in packages/*/bench/*.bench.ts. Each exports a name and a function that
// measures and prints. Figures depend on the machine and its load: compare only ratios, and only within one run.
import { readdirSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { type Decision, decide } from './pace.ts'

type Print = (line: string) => void

interface Benchmark {
  readonly name: string
  run(print: Print): Promise<void>
  /** Compares this checkout with a commit. Returns, for each case, how many times as fast this checkout is. */
  readonly compare?: (print: Print, commit: string, measure: 'full' | 'brief') => Promise<readonly number[]>
}

const packages = join(import.meta.dirname, '..', 'packages')

async function loadBenchmarks(): Promise<Benchmark[]> {
  const files = readdirSync(packages, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.bench.js'),
  )
  return Promise.all(files.sort().map((file) => import(pathToFileURL(join(packages, file)).href) as Promise<Benchmark>))
}

/** Reports whether this checkout is fast enough in every case, so the slowest case decides. */
async function isFastEnough(compare: NonNullable<Benchmark['compare']>, print: Print, least: number): Promise<boolean> {
  const paces: number[] = []
  let decision: Decision = 'again'
  while (decision === 'again') {
    const pace = Math.min(...(await compare(print, against, 'brief')))
    paces.push(pace)
    decision = decide(paces, least)
    print(`${pace.toFixed(2)} times as fast as ${against}, where ${least} is the least: ${decision}`)
  }
  return decision === 'fast enough'
}

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { against: { type: 'string' }, 'at-least': { type: 'string' } },
})
const { against = '', 'at-least': least } = values
if (least !== undefined && !(Number(least) > 0 && against !== '')) {
  console.error('--at-least takes a ratio above 0, and needs --against COMMIT')
  process.exit(3)
}
const benchmarks = (await loadBenchmarks()).filter(({ compare }) => against === '' || compare)
const chosen = benchmarks.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)))
if (chosen.length === 0) {
  const which = against === '' ? 'No benchmark' : 'No benchmark that can compare commits'
  console.error(
    `${which} is called ${wanted.join(' or ')}. There are: ${benchmarks.map(({ name }) => name).join(', ')}`,
  )
  process.exit(3)
}
const memoryGigabytes = Math.round(totalmem() / 2 ** 30)
console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${memoryGigabytes} GB`,
)
for (const { name, run, compare } of chosen) {
  console.log(`\n${name}`)
  const print = (line: string): void => console.log(`  ${line}`)
  if (against === '' || compare === undefined) await run(print)
  else if (least === undefined) await compare(print, against, 'full')
  else if (!(await isFastEnough(compare, print, Number(least)))) process.exitCode = 1
}

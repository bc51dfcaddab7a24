// npm run bench            every benchmark
// npm run bench -- proxy   those whose name contains the word
// npm run bench -- speed --against COMMIT
//                          those that can compare this checkout with a commit do so: both take turns, in pairs
//
// Benchmarks live beside the code they measure, in packages/*/bench/*.bench.ts. Each exports a name and a function that
// measures and prints. Figures are of this machine, at this hour: compare ratios, and only within one run.
import { readdirSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

interface Benchmark {
  readonly name: string
  run(print: (line: string) => void): Promise<void>
  /** Compares this checkout with a commit. */
  readonly compare?: (print: (line: string) => void, commit: string) => Promise<void>
}

const packages = join(import.meta.dirname, '..', 'packages')

async function loadBenchmarks(): Promise<Benchmark[]> {
  const files = readdirSync(packages, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.bench.js'),
  )
  return Promise.all(files.sort().map((file) => import(pathToFileURL(join(packages, file)).href) as Promise<Benchmark>))
}

const { values, positionals: wanted } = parseArgs({ allowPositionals: true, options: { against: { type: 'string' } } })
const benchmarks = (await loadBenchmarks()).filter(({ compare }) => values.against === undefined || compare)
const chosen = benchmarks.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)))
if (chosen.length === 0) {
  const which = values.against === undefined ? 'No benchmark' : 'No benchmark that can compare commits'
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
  if (values.against === undefined || compare === undefined) await run(print)
  else await compare(print, values.against)
}

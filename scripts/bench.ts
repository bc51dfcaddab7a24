// npm run bench            every benchmark
// npm run bench -- proxy   those whose name contains the word
//
// Benchmarks live beside the code they measure, in packages/*/bench/*.bench.ts. Each exports a name and a function that
// measures and prints. Figures are of this machine, at this hour: compare ratios, and only within one run.
import { readdirSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Benchmark {
  readonly name: string
  run(print: (line: string) => void): Promise<void>
}

const packages = join(import.meta.dirname, '..', 'packages')

async function loadBenchmarks(): Promise<Benchmark[]> {
  const files = readdirSync(packages, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.bench.js'),
  )
  return Promise.all(files.sort().map((file) => import(pathToFileURL(join(packages, file)).href) as Promise<Benchmark>))
}

const wanted = process.argv.slice(2)
const benchmarks = await loadBenchmarks()
const chosen = benchmarks.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)))
if (chosen.length === 0) {
  console.error(
    `No benchmark is called ${wanted.join(' or ')}. There are: ${benchmarks.map(({ name }) => name).join(', ')}`,
  )
  process.exit(3)
}
const memoryGigabytes = Math.round(totalmem() / 2 ** 30)
console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${memoryGigabytes} GB`,
)
for (const { name, run } of chosen) {
  console.log(`\n${name}`)
  await run((line) => console.log(`  ${line}`))
}

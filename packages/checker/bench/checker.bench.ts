import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { printJsonLine } from '@chaosproxy/history'
import { generate } from './generate.ts'
import type { Measured } from './measure.ts'

export const name: string = 'checker'

// A directory next to the project contains the public logs, the recorded figures of Porcupine, and the generator of the
// histories on which these figures were measured.
const shared = join(process.cwd(), '../shared')
const recorded = join(shared, 'bench/porcupine-reference.jsonl')
const generator = join(shared, 'bench/generate-history.mjs')
const logs = join(shared, 'corpus/porcupine')

interface Point {
  readonly model: string
  readonly n: number
  readonly c: number
  /** How many different values are written, or `unique`. */
  readonly v: string
  /** Share of operations of unknown outcome. */
  readonly info: number
  readonly k: number
  /** `valid`, or `inv50` for one stale read half way. */
  readonly mode: string
  readonly seed: number
}

interface Reference extends Point {
  readonly ms: number
  readonly calibrationMs: number
}

const point = (model: string, n: number, c: number, over: Partial<Point> = {}): Point => ({
  model,
  n,
  c,
  v: '5',
  info: 0,
  k: 1,
  mode: 'valid',
  seed: 7,
  ...over,
})

/** Points without a recorded figure: there the reference ran out of memory or time, or was not tried. */
const further: readonly Point[] = [
  point('register', 1_000_000, 50, { v: 'unique', info: 0.05 }),
  point('register', 10_000, 20, { mode: 'inv50' }),
  point('register', 10_000, 20, { info: 0.01 }),
  point('register', 10_000, 20, { info: 0.05 }),
  point('register', 10_000, 50, { info: 0.01 }),
  point('register', 10_000, 50, { info: 0.05 }),
  point('register', 1_000, 5, { info: 0.05, mode: 'inv50' }),
  point('cas', 10_000, 10, { info: 0.01 }),
  point('cas', 10_000, 20, { info: 0.01, mode: 'inv10' }),
  point('cas', 1_000, 20, { info: 0.01, mode: 'inv50' }),
  point('cas', 1_000, 10, { info: 0.05, mode: 'inv50' }),
]

/** Public logs, and how many CPU milliseconds Porcupine took on a machine whose calibration loop takes 18 ms. */
const publicLogs: readonly { readonly file: string; readonly ms: number }[] = [{ file: 'c50-bad.txt', ms: 5.2 }]
const USUAL_CALIBRATION_MS = 18

/**
 * Linearizability: CPU milliseconds of the check alone, in a separate process for each history. Prints the first and
 * the best time, the reference, and the speedup over the reference for both. Speedups are scaled by the calibration
 * loop.
 */
export async function run(print: (line: string) => void): Promise<void> {
  const references = existsSync(recorded) ? readReferences() : []
  if (references.length === 0) print(`no recorded reference (${recorded} is absent): our figures alone`)
  print('   cold ms    warm ms  explained  reference   cold ratio   warm ratio   RSS MB   parse ms  verdict   history')
  const folder = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  const ratios: number[] = []
  try {
    for (const each of references.length > 0 ? [...references, ...further] : further) {
      const file = join(folder, 'history.jsonl')
      writeHistory(each, file)
      const ratio = printPoint(
        titleOf(each),
        measured(file, each.model),
        'ms' in each ? (each as Reference) : undefined,
        print,
      )
      if (ratio !== undefined) ratios.push(ratio)
    }
    for (const { file, ms } of publicLogs) {
      if (!existsSync(join(logs, file))) continue
      const reference = { ms, calibrationMs: USUAL_CALIBRATION_MS }
      const ratio = printPoint(`public log ${file}`, measured(join(logs, file), 'kv'), reference, print)
      if (ratio !== undefined) ratios.push(ratio)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  if (ratios.length === 0) return
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
  print(`geometric mean of ${ratios.length} ratios: ${mean.toFixed(0)}x`)
}

function readReferences(): Reference[] {
  return readFileSync(recorded, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Reference)
}

/**
 * Uses the generator of the recorded histories if it is present. Otherwise uses our generator, which makes the same
 * choices.
 */
function writeHistory({ model, n, c, v, info, k, mode, seed }: Point, file: string): void {
  if (existsSync(generator)) {
    const options = { model, n, c, v, info, k, mode, seed, out: file }
    const args = Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)])
    execFileSync(process.execPath, [generator, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
    return
  }
  const events = generate({
    model: model as 'register' | 'cas' | 'kv',
    operations: n,
    clients: c,
    values: v === 'unique' ? 0 : Number(v),
    unknown: info,
    keys: k,
    staleAt: mode === 'valid' ? 0 : Number(mode.slice(3)) / 100,
    seed,
  })
  const out = openSync(file, 'w')
  for (let from = 0; from < events.length; from += 10_000) {
    writeSync(
      out,
      `${events
        .slice(from, from + 10_000)
        .map(printJsonLine)
        .join('\n')}\n`,
    )
  }
  closeSync(out)
}

function measured(file: string, model: string): Measured {
  const program = join(import.meta.dirname, 'measure.js')
  const initial = model === 'kv' ? '""' : 'null'
  return JSON.parse(execFileSync(process.execPath, [program, file, initial], { encoding: 'utf8' })) as Measured
}

function printPoint(
  title: string,
  ours: Measured,
  reference: Pick<Reference, 'ms' | 'calibrationMs'> | undefined,
  print: (line: string) => void,
): number | undefined {
  const { coldMs, warmMs, explainedMs, rssMb, parseMs, verdict, calibrationMs } = ours
  const ratioOf = (ms: number): number | undefined =>
    reference && reference.ms / reference.calibrationMs / (ms / calibrationMs)
  const ratioText = (ratio: number | undefined): string =>
    (ratio === undefined ? '-' : `${ratio.toFixed(ratio < 10 ? 1 : 0)}x`).padStart(12)
  const ratio = ratioOf(warmMs)
  const columns = [
    coldMs.toFixed(1).padStart(10),
    warmMs.toFixed(2).padStart(10),
    explainedMs.toFixed(1).padStart(10),
    (reference?.ms.toFixed(1) ?? '-').padStart(10),
    ratioText(ratioOf(coldMs)),
    ratioText(ratio),
    rssMb.toFixed(0).padStart(8),
    parseMs.toFixed(0).padStart(10),
  ]
  print(`${columns.join(' ')}  ${verdict.padEnd(9)} ${title}`)
  return ratio
}

function titleOf({ model, n, c, v, info, k, mode }: Point): string {
  const values = model === 'kv' ? `${k} keys` : v === 'unique' ? 'distinct values' : `${v} values`
  const unknown = info === 0 ? '' : `, ${info * 100}% unknown`
  return `${model} ${n.toLocaleString('en')}, ${c} clients, ${values}${unknown}${mode === 'valid' ? '' : `, stale (${mode})`}`
}

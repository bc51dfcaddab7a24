import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { UserError } from '@chaosproxy/history'
import type { Calibration, Machine, MeasuredPoint } from './calibration.ts'
import { type CheckSizes, writeRecording } from './recording.ts'

/** What is run, and who is told. */
export interface Measuring {
  /** The program and the arguments that `chaos` is. */
  readonly chaos: readonly [string, ...string[]]
  readonly listener: (text: string) => void
}

/** Seven runs of these sizes take some seconds, and are far enough apart to tell how costs grow. */
const OPERATIONS = [40_000, 80_000, 120_000, 160_000, 240_000, 320_000, 480_000]
/** A search's first seeds are slow, until what they run is compiled: as many as are searched in this time are too few to tell. */
const WARMED_UP = '3s'
/** The other searches, by how often they have as many seeds. */
const TIMES_AS_MANY = [1.3, 1.7, 2.2, 2.8, 3.5]

/** The shape of a check: costs depend on how often a key is used, and by how many at a time. */
export const shapeOfCheck = ({ operations, keys, clients, parts }: CheckSizes): Calibration['shape'] => ({
  operationsPerKey: operations / keys,
  clients,
  parts,
})

/** Checks generated recordings of the same shape, each in a process of its own. @throws UserError (environment) */
export async function measureCheck(sizes: CheckSizes, measuring: Measuring): Promise<Calibration> {
  const { operations, keys, clients, parts } = sizes
  const points: MeasuredPoint[] = []
  for (const size of OPERATIONS) {
    measuring.listener(`checking ${size.toLocaleString('en-US')} operations`)
    const few = Math.max(1, Math.round((keys * size) / operations))
    const recorded = { operations: size, keys: few, clients, parts: Math.min(parts, MOST_PARTS) }
    points.push(await measuredCheck(recorded, measuring))
  }
  return { kind: 'check', shape: shapeOfCheck(sizes), ...circumstances(), points }
}

/** More files than this are as many as any number. */
const MOST_PARTS = 16

/** Checks a generated recording in a process of its own. */
export async function measuredCheck(sizes: CheckSizes, measuring: Measuring): Promise<MeasuredPoint> {
  const path = mkdtempSync(join(tmpdir(), 'chaos-plan-'))
  try {
    writeRecording(path, sizes)
    const workers = String(availableParallelism())
    const limits = ['--timeout', '1h', '--memory', `${totalmem()}B`, '--workers', workers]
    const ran = await run(['check', path, '--json', '--level', 'linearizable', ...limits], measuring)
    const { timing } = ran.told as { readonly timing?: { readonly parseMs?: number; readonly checkMs?: number } }
    const textBytes = readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0)
    const { parseMs: readMs = 0, checkMs: judgeMs = 0 } = timing ?? {}
    return { size: sizes.operations, ...ran.cost, readMs, judgeMs, textBytes }
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}

/** Searches seeds with these options, each number in a process of its own. @throws UserError (usage, environment) */
export async function measureSearch(options: readonly string[], measuring: Measuring): Promise<Calibration> {
  measuring.listener(`searching for ${WARMED_UP}`)
  const { trials } = await searchOnce(options, ['--time', WARMED_UP], measuring)
  const points: MeasuredPoint[] = []
  for (const times of TIMES_AS_MANY) {
    const seeds = Math.ceil(trials * times)
    measuring.listener(`searching ${seeds.toLocaleString('en-US')} seeds`)
    points.push(await measuredSearch(options, seeds, measuring))
  }
  return { kind: 'fuzz', shape: shapeOfSearch(options), ...circumstances(), points }
}

/** The shape of a search: what is searched, and how. */
export const shapeOfSearch = (options: readonly string[]): Calibration['shape'] => ({ options: options.join(' ') })

/** Searches so many seeds in a process of its own. */
export const measuredSearch = async (
  options: readonly string[],
  seeds: number,
  measuring: Measuring,
): Promise<MeasuredPoint> => ({
  size: seeds,
  ...(await searchOnce(options, ['--seeds', String(seeds)], measuring)).cost,
})

async function searchOnce(
  options: readonly string[],
  until: readonly string[],
  measuring: Measuring,
): Promise<{ readonly cost: Ran['cost']; readonly trials: number }> {
  const out = mkdtempSync(join(tmpdir(), 'chaos-plan-'))
  try {
    const all = ['fuzz', ...options, ...until, '--keep-going', '--shrink', '0s', '--json', '--out', out]
    const { cost, told } = await run(all, measuring)
    return { cost, trials: (told as { readonly trials?: number }).trials ?? 0 }
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

const circumstances = (): Pick<Calibration, 'machine' | 'at'> => ({
  machine: sizeOfMachine(),
  at: new Date().toISOString(),
})

export const sizeOfMachine = (): Machine => ({
  processor: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  node: process.version,
})

/** Writes what the process has used to the fourth descriptor, as it ends. Its threads load the same. */
const REPORTER = `import { writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
if (isMainThread) process.on('exit', () => writeSync(3, JSON.stringify(process.resourceUsage())))`

interface Ran {
  readonly cost: Pick<MeasuredPoint, 'wallMs' | 'cpuMs' | 'memoryBytes'>
  /** What it printed. */
  readonly told: object
}

async function run(args: readonly string[], { chaos: [program, ...before] }: Measuring): Promise<Ran> {
  const reporter = `data:text/javascript,${encodeURIComponent(REPORTER)}`
  const started = performance.now()
  const child = spawn(program, ['--import', reporter, ...before, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const texts = ['', '', '', '']
  for (const [n, stream] of child.stdio.entries())
    stream?.on('data', (chunk) => {
      texts[n] += String(chunk)
    })
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve())
  })
  const wallMs = performance.now() - started
  const [, told = '', trouble = '', usage = ''] = texts
  // A failure that was found is what is searched for.
  if (usage === '' || told === '' || ![0, 1, 2].includes(child.exitCode ?? -1))
    throw new UserError('environment', `chaos plan: what it measures did not run: ${trouble.trim() || 'it was ended'}`)
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(usage) as NodeJS.ResourceUsage
  const cost = { wallMs, cpuMs: (userCPUTime + systemCPUTime) / 1_000, memoryBytes: maxRSS * 1_024 }
  return { cost, told: JSON.parse(told.trim().split('\n').at(-1) ?? '') as object }
}

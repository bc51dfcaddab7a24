import { createNetwork, type RecordFile, type Route } from '@chaosproxy/proxy'
import type { Intercept } from '@chaosproxy/proxy/parts'

const ROUNDS = 11
const ROUND_MS = 250
const WARM_UP_ROUNDS = 2

/** A configuration of the proxy. `goal` is the lowest acceptable rate, as a fraction of the first variant's rate. */
export interface Variant {
  readonly title: string
  /** The number of record files; 1 if absent. */
  readonly views?: 1 | 2
  readonly goal?: number
}

export interface Comparison<V extends Variant> {
  /** All variants are compared with the first. */
  readonly variants: readonly V[]
  readonly unit: string
  /** The port of a server on this machine. */
  readonly port: number
  readonly openRecord: (name: string) => RecordFile
  /** Returns undefined if the variant only passes bytes on. */
  readonly intercept: (
    variant: V,
    to: string,
    records: readonly RecordFile[],
  ) => Intercept | undefined | Promise<Intercept>
  /** Sends each request as soon as the previous one has been answered, and returns the rate. */
  readonly load: (port: number, durationMs: number) => Promise<{ readonly perSecond: number }>
  readonly print: (line: string) => void
  /** How long each round measures each variant, in milliseconds; by default 250. */
  readonly roundMs?: number
}

interface Measured {
  readonly perSecond: number
  readonly cpuMicroseconds: number
}

/**
 * Compares variants of the proxy, which runs in this process. Each round measures every variant, and ratios are between
 * rates of the same round.
 */
export async function compareVariants<V extends Variant>(comparison: Comparison<V>): Promise<void> {
  const { variants, unit, port, openRecord, intercept, load, print, roundMs = ROUND_MS } = comparison
  const network = createNetwork({ seed: 1 })
  const records: RecordFile[] = []
  const routes: Route[] = []
  for (const [i, variant] of variants.entries()) {
    const opened = ['history', 'backend'].slice(0, variant.views ?? 1).map((view) => openRecord(`${view}-${i}.jsonl`))
    records.push(...opened)
    const to = `n${i}`
    const upstream = { host: '127.0.0.1', port }
    const reader = await intercept(variant, to, opened)
    routes.push(await network.route({ from: 'clients', to, upstream, intercept: reader }))
  }
  const rounds: Measured[][] = []
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    const measured: Measured[] = []
    // Each round begins with the next variant, so that no variant is always the first.
    for (const i of variants.map((_, at) => (at + round) % variants.length))
      measured[i] = await measure(() => load(routes[i]?.port ?? 0, roundMs), roundMs)
    if (round >= WARM_UP_ROUNDS) rounds.push(measured)
  }
  for (const [i, variant] of variants.entries()) print(describe(variant, unit, rounds, i))
  await network.close()
  for (const record of records) await record.close()
}

async function measure(load: () => Promise<{ readonly perSecond: number }>, roundMs: number): Promise<Measured> {
  const before = process.cpuUsage()
  const { perSecond } = await load()
  const { user, system } = process.cpuUsage(before)
  return { perSecond, cpuMicroseconds: (user + system) / ((perSecond * roundMs) / 1000) }
}

function describe({ title, goal }: Variant, unit: string, rounds: readonly Measured[][], i: number): string {
  const perSecond = median(rounds.map((round) => round[i]?.perSecond ?? 0))
  const cpu = median(rounds.map((round) => round[i]?.cpuMicroseconds ?? 0))
  const ratio = median(rounds.map((round) => (round[i]?.perSecond ?? 0) / (round[0]?.perSecond ?? 1)))
  const judged = goal === undefined ? '' : `, goal ≥ ${goal}${ratio >= goal ? '' : ' MISSED'}`
  return `${title.padEnd(28)} ${Math.round(perSecond).toLocaleString('en').padStart(8)} ${unit}/s  ${cpu.toFixed(1)} µs CPU each  ${ratio.toFixed(3)} of passing them${judged}`
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

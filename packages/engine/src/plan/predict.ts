import { MOST_PLACES, OPERATIONS_AT_A_TIME, PACKED_BYTES, shardsFor } from '../check/dealing.ts'
import { isTooLarge } from '../check/large.ts'
import type { Calibration, MeasuredPoint } from './calibration.ts'
import { type Estimate, type Fit, fit, predict, sum, times } from './fit.ts'

/** What something will cost. Times are in milliseconds. */
export interface Plan {
  readonly machines: number
  readonly timeMs: Estimate
  /** Of each machine. */
  readonly memoryBytes: Estimate
  /** Of all machines together. */
  readonly cpuMs: Estimate
  readonly textBytes?: number | undefined
  /** How many such machines it takes within a time; `none` if no number of them is enough. */
  readonly needed?: number | 'none' | undefined
  /** How costs were found to grow; more than one law where what was measured does not tell them apart. */
  readonly growth: { readonly [cost: string]: readonly string[] }
  /** Of a check whose recording is too large to be held: in how many shards workers judge it, each reading all of it. */
  readonly shards?: number | undefined
  /** How many times larger than the largest run that was measured. */
  readonly beyond: number
}

/** How much, by how many machines, within which time. */
export interface Asked {
  readonly size: number
  readonly machines: number
  readonly withinMs?: number | undefined
  /** Of each machine; as much as is needed if nothing is said. */
  readonly memoryBytes?: number | undefined
}

/** More machines than this are none. */
const MOST_MACHINES = 100_000

/**
 * A check. The command and every worker read the whole recording, and hold it if it fits: so more machines judge faster, and
 * neither read faster nor need less memory. Of one that does not fit, the command holds nothing, and a worker the
 * operations of one shard, packed, and those that it judges at a time.
 */
export function planCheck({ points, machine }: Pick<Calibration, 'points' | 'machine'>, asked: Asked): Plan {
  const { size, memoryBytes = Number.POSITIVE_INFINITY } = asked
  const costs = {
    start: fitOf(points, ({ wallMs, readMs = 0, judgeMs = 0 }) => Math.max(0, wallMs - readMs - judgeMs)),
    reading: fitOf(points, ({ readMs = 0 }) => readMs),
    judging: fitOf(points, ({ judgeMs = 0 }) => judgeMs),
    memory: fitOf(points, ({ memoryBytes }) => memoryBytes),
  }
  const total = fitOf(points, ({ wallMs }) => wallMs)
  const cpu = fitOf(points, ({ cpuMs }) => cpuMs)
  const largest = Math.max(...points.map((point) => point.size))
  const perOperation = (points.find((point) => point.size === largest)?.textBytes ?? 0) / largest
  const textBytes = perOperation * size
  const isPacked = isTooLarge(textBytes, memoryBytes)
  const shards = isPacked && asked.machines > 1 ? shardsFor(textBytes, memoryBytes) : undefined
  /** How often workers read all of it, one after another. */
  const readings = (machines: number): number => (shards === undefined ? 1 : Math.ceil(shards / machines))
  const timeOn = (machines: number): Estimate =>
    machines === 1
      ? predict(total, size)
      : sum([
          predict(costs.start, size),
          // The command reads it first, to see whether its keys can be judged apart, and then the workers do.
          times(predict(costs.reading, size), 1 + readings(machines)),
          times(predict(costs.judging, size), 1 / Math.min(machines, shards ?? machines)),
        ])
  const atATime = (threads: number, held: number): Estimate =>
    sum([
      times(predict(costs.memory, Math.min(held, Math.max(OPERATIONS_AT_A_TIME, held / MOST_PLACES))), threads),
      { value: PACKED_BYTES * held, from: PACKED_BYTES * held, to: PACKED_BYTES * held },
    ])
  const readTimes = asked.machines === 1 ? 0 : (shards ?? asked.machines)
  return {
    machines: asked.machines,
    timeMs: timeOn(asked.machines),
    memoryBytes: isPacked
      ? atATime(shards === undefined ? machine.cores : 1, size / (shards ?? 1))
      : predict(costs.memory, size),
    cpuMs: sum([predict(cpu, size), ...(readTimes === 0 ? [] : [times(predict(costs.reading, size), readTimes)])]),
    textBytes,
    shards,
    needed: neededFor(asked, timeOn),
    growth: { ...growthOf(costs), time: lawsOf(total) },
    beyond: size / largest,
  }
}

/** A search: its seeds are shared evenly, and one is searched after another, in memory that does not grow with them. */
export function planSearch({ points }: Pick<Calibration, 'points'>, asked: Asked): Plan {
  const costs = {
    time: fitOf(points, ({ wallMs }) => wallMs, ['n']),
    cpu: fitOf(points, ({ cpuMs }) => cpuMs, ['n']),
    memory: fitOf(points, ({ memoryBytes }) => memoryBytes, ['constant']),
  }
  const { size, machines } = asked
  const timeOn = (many: number): Estimate => predict(costs.time, size / many)
  return {
    machines,
    timeMs: timeOn(machines),
    memoryBytes: predict(costs.memory, size),
    cpuMs: times(predict(costs.cpu, size / machines), machines),
    needed: neededFor(asked, timeOn),
    growth: growthOf(costs),
    beyond: size / machines / Math.max(...points.map((point) => point.size)),
  }
}

/** The fewest machines that are done in time nine times out of ten: more are never slower. */
function neededFor({ withinMs }: Asked, timeOn: (machines: number) => Estimate): number | 'none' | undefined {
  if (withinMs === undefined) return undefined
  if (timeOn(MOST_MACHINES).to > withinMs) return 'none'
  let [few, many] = [0, MOST_MACHINES]
  while (many - few > 1) {
    const middle = Math.floor((few + many) / 2)
    if (timeOn(middle).to <= withinMs) many = middle
    else few = middle
  }
  return many
}

const fitOf = (
  points: readonly MeasuredPoint[],
  cost: (point: MeasuredPoint) => number,
  laws?: Parameters<typeof fit>[1],
): Fit =>
  fit(
    points.map((point) => ({ size: point.size, value: cost(point) })),
    laws,
  )

const lawsOf = ({ curves }: Fit): readonly string[] => curves.map(({ growth }) => growth)

const growthOf = (costs: { readonly [cost: string]: Fit }): Plan['growth'] =>
  Object.fromEntries(Object.entries(costs).map(([cost, found]) => [cost, lawsOf(found)]))

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { millis } from '@chaosproxy/history'
import { createServiceCluster, loadService, outsidePromises, type Service } from '@chaosproxy/node-simulator'
import { planTrial, runPlan, type SearchedProtocol, strategies, type TrialLimits } from '@chaosproxy/simulator'
import { register } from '@chaosproxy/workloads'
import { calibrate } from '../../checker/bench/calibrate.ts'

export const name = 'services: simulated runs of Node programs, by processor seconds'

/**
 * Three programs with the same behaviour. Each is measured with HTTP as bytes and with HTTP as messages. `goal` is the
 * number of runs per second that the program should reach with this form of HTTP on one core of the reference machine.
 */
const PROGRAMS = [
  { program: 'plain.mjs', http: 'bytes', goal: 80 },
  { program: 'plain.mjs', http: 'messages', goal: 250 },
  { program: 'express.mjs', http: 'bytes', goal: 40 },
  { program: 'express.mjs', http: 'messages', goal: 100 },
  { program: 'fastify.mjs', http: 'bytes', goal: 40 },
  { program: 'fastify.mjs', http: 'messages', goal: 100 },
] as const
/** Milliseconds of the calibration loop on the reference machine. */
const CALIBRATION_THERE = 18

/** The processor time of the warm-up before the measurement, in milliseconds. Compiling takes a large part of it. */
const WARM_UP_MS = 6_000
const MEASURED_MS = 10_000
const AT_ONCE = 10
/**
 * The number of runs whose packets are hashed into the digest. If two checkouts have equal digests, all packets of
 * these runs were the same in both.
 */
const DIGESTED_RUNS = 10

const limits: TrialLimits = { memoryBytes: 2 ** 28, now: () => millis(performance.now()), invariants: true }

export async function run(print: (line: string) => void): Promise<void> {
  const folder = join(process.cwd(), 'packages', 'node-simulator', 'bench', 'programs')
  print('3 nodes, 60 operations, kills and partitions; medians over tens of runs, each beside a calibration loop')
  for (const { program, goal, http } of PROGRAMS) {
    const service = await loadService({ program: join(folder, program), routes: join(folder, 'routes.json'), http })
    const digest = await digestOf(service)
    await tensOf(service, WARM_UP_MS, 1_000)
    const tens = await tensOf(service, MEASURED_MS, 100_000)
    const here = medianOf(tens.map(({ perSecond }) => perSecond))
    const there = medianOf(tens.map(({ perSecond, loopMs }) => (perSecond * loopMs) / CALIBRATION_THERE))
    print(
      `${program.padEnd(12)} ${http.padEnd(8)} ${here.toFixed(1)} runs per processor second; where the goal of ${goal} was set about ${there.toFixed(1)}; digest ${digest}`,
    )
  }
}

interface Ten {
  /**
   * Runs per processor second. The processor time is that of all threads of this process. It includes compiling and
   * garbage collection.
   */
  readonly perSecond: number
  /** The time of the calibration loop just before these runs, since a machine may be half as fast a minute later. */
  readonly loopMs: number
}

async function tensOf(service: Service, processorMs: number, first: number): Promise<readonly Ten[]> {
  const tens: Ten[] = []
  let seed = first
  for (let left = processorMs; left > 0; ) {
    const loopMs = calibrate(1)
    const startedAt = usedMs()
    await outsidePromises(() => {
      for (const end = seed + AT_ONCE; seed < end; seed++) runSeed(service, seed)
    })
    const used = usedMs() - startedAt
    left -= used
    tens.push({ perSecond: (AT_ONCE / used) * 1_000, loopMs })
  }
  return tens
}

const medianOf = (numbers: readonly number[]): number =>
  numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? Number.NaN

function usedMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

async function digestOf(service: Service): Promise<string> {
  const hash = createHash('sha256')
  await outsidePromises(() => {
    for (let seed = 1; seed <= DIGESTED_RUNS; seed++) runSeed(service, seed, (text) => hash.update(`${text}\n`))
  })
  return hash.digest('hex').slice(0, 12)
}

/** Judges the clients' results, as a search does. The benchmark counts the run whatever the verdict. */
function runSeed(service: Service, seed: number, trace?: (text: string) => void): void {
  const [strategy] = strategies
  if (strategy === undefined) throw new RangeError('there is no strategy')
  const subject: SearchedProtocol = {
    ...{
      target: service.spec.program,
      protocol: service.definition,
      bug: undefined,
      targetSettings: {},
      workload: register,
    },
    ...{ settings: { cas: 0 }, level: 'linearizable', nodes: 3, operations: 60 },
    choices: { faults: ['kill', 'partition'], clients: 4, lengthMs: millis(1_000) },
    start: (options) =>
      createServiceCluster(service, {
        ...options,
        isOfOne: false,
        trace,
        keepsPackages: true,
      }),
  }
  const { failure } = runPlan(subject, planTrial(subject, strategy, seed), limits)
  if (failure?.kind === 'broken') throw new Error(`${service.spec.program}, seed ${seed}: ${JSON.stringify(failure)}`)
}

import { once } from 'node:events'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { type Millis, millis } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import {
  planTrial,
  runPlan,
  type SearchedProtocol,
  type Strategy,
  strategies,
  type Trial,
  type TrialLimits,
  threadLimits,
} from '@chaosproxy/simulator'
import { register } from '@chaosproxy/workloads'
import { calibrate } from '../../checker/bench/calibrate.ts'
import { comparePairs } from './speed-pairs.ts'

export const name = 'simulator speed: trials of Raft with all faults, invariants and check, by one core'

const limits: TrialLimits = {
  memoryBytes: 2 ** 28,
  now: (): Millis => millis(performance.now()),
  invariants: true,
}

/** How long trials run before the measurement. Much of this time is spent compiling. */
const WARM_UP_MS = 10_000
const MEASURED_MS = 4_000
/** The number of trials during which the heap must not grow. */
const MEMORY_TRIALS = 20_000

/** Runs in a thread with the memory limits of a thread of `chaos fuzz`. */
export async function run(print: (line: string) => void): Promise<void> {
  const thread = new Worker(new URL(import.meta.url), { resourceLimits: threadLimits })
  thread.on('message', print)
  await once(thread, 'exit')
  print(`the calibration loop takes ${calibrate().toFixed(1)} ms here, and 18 where the goals were set`)
}

/** Against another commit. */
export const compare = comparePairs

if (!isMainThread && parentPort !== null) {
  const main = parentPort
  for (const operations of [60, 500]) for (const nodes of [3, 5]) main.postMessage(speedOf(raft(nodes, operations)))
  main.postMessage(memory(raft(5, 60)))
}

/** Returns the processor seconds of this process, with its other threads. */
function usedSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function strategyFor(seed: number): Strategy {
  const strategy = strategies[seed % strategies.length]
  if (strategy === undefined) throw new RangeError('there is no strategy')
  return strategy
}

function raft(nodes: number, operations: number): SearchedProtocol {
  const protocol = findProtocol('raft')
  if (protocol === undefined) throw new Error('there is no raft')
  return {
    target: 'raft',
    protocol,
    bug: undefined,
    targetSettings: {},
    workload: register,
    settings: {},
    level: 'linearizable',
    nodes,
    operations,
  }
}

function speedOf(subject: SearchedProtocol): string {
  let seed = 1
  const runFor = (durationMs: number) => {
    const until = performance.now() + durationMs
    const before = usedSeconds()
    let trials = 0
    let steps = 0
    let happened = 0
    while (performance.now() < until) {
      const trial = runTrial(subject, seed++)
      steps += trial.steps
      happened += trial.happened
      trials++
    }
    const seconds = usedSeconds() - before
    return { runs: trials / seconds, steps: steps / seconds, events: happened / seconds }
  }
  runFor(WARM_UP_MS)
  const perSecond = runFor(MEASURED_MS)
  const thousands = (count: number) => `${(count / 1e3).toFixed(0)} k`
  return (
    `${subject.operations} operations, ${subject.nodes} nodes: ${perSecond.runs.toFixed(0)} checked runs/s; ` +
    `${thousands(perSecond.events)} events of the queue/s, ${thousands(perSecond.steps)} steps of nodes/s`
  )
}

/**
 * Runs a trial. Throws an error if the trial fails: the failure would be a bug in Raft, so the measurement would be
 * worthless.
 */
function runTrial(subject: SearchedProtocol, seed: number): Trial {
  const trial = runPlan(subject, planTrial(subject, strategyFor(seed), seed), limits)
  if (trial.failure !== undefined) throw new Error(`seed ${seed}: ${JSON.stringify(trial.failure)}`)
  return trial
}

function memory(subject: SearchedProtocol): string {
  const rssMegabytes = () => process.memoryUsage().rss / 2 ** 20
  for (let seed = 1; seed <= MEMORY_TRIALS / 10; seed++) runTrial(subject, seed)
  const before = rssMegabytes()
  for (let seed = 1; seed <= MEMORY_TRIALS; seed++) runTrial(subject, seed)
  return `${MEMORY_TRIALS} trials: resident memory went from ${before.toFixed(0)} to ${rssMegabytes().toFixed(0)} MB`
}

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { RunRequest, RunSpeed } from './run-process.ts'

export const name = 'run: five Raft nodes through the proxy, with its recorder and without'

const PAIRS = 4
const LONGEST = 3
const MEASURED_MS = 6_000

/** The defaults of `chaos run`. */
const USUAL = { clients: 20, rate: 2_000, warmUpMs: 3_000 }
/**
 * More load than any machine can carry. The warm-up is long: five nodes that share two cores have compiled their code
 * only after some 50,000 operations.
 */
const MOST = { clients: 200, rate: 100_000, warmUpMs: 10_000 }

const LEAST_SHARE = 0.95
const LEAST_OPERATIONS_PER_SECOND = 8_000

export async function run(print: (line: string) => void): Promise<void> {
  const shares: number[] = []
  for (let pair = 1; pair <= PAIRS; pair++) {
    // The order alternates, so that neither variant always runs in the quieter moments.
    const order = pair % 2 === 0 ? [true, false] : [false, true]
    const speeds = new Map<boolean, RunSpeed>()
    for (const recorded of order) speeds.set(recorded, await speedOf({ recorded, ...USUAL }))
    const [without, recorded] = [speeds.get(false), speeds.get(true)]
    if (without === undefined || recorded === undefined) throw new Error('both were measured')
    shares.push(recorded.operationsPerSecond / without.operationsPerSecond)
    print(
      `at ${USUAL.rate} operations/s, ${USUAL.clients} clients: without ${text(without)}; recorded ${text(recorded)}`,
    )
  }
  const share = median(shares)
  print(`recorded is ${percent(share)} of unrecorded: ${verdict(share >= LEAST_SHARE, percent(LEAST_SHARE))}`)
  const most: number[] = []
  for (let round = 1; round <= LONGEST; round++) {
    const speed = await speedOf({ recorded: true, ...MOST })
    most.push(speed.operationsPerSecond)
    print(`as many as it can, ${MOST.clients} clients: ${text(speed)}`)
  }
  const best = median(most)
  print(`recorded at most: ${verdict(best >= LEAST_OPERATIONS_PER_SECOND, `${LEAST_OPERATIONS_PER_SECOND} a second`)}`)
}

async function speedOf(request: Omit<RunRequest, 'measuredMs'>): Promise<RunSpeed> {
  const child = fork(fileURLToPath(new URL('run-process.js', import.meta.url)))
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a run ended with code ${code}`)
  })
  // `ended` always rejects, because the process ends after the disconnect below. This counts the rejection as handled.
  ended.catch(() => undefined)
  try {
    const answered = once(child, 'message')
    child.send({ ...request, measuredMs: MEASURED_MS } satisfies RunRequest)
    const [speed] = await Promise.race([answered, ended])
    return speed as RunSpeed
  } finally {
    child.disconnect()
    await ended.catch(() => undefined)
  }
}

const text = ({ operationsPerSecond, ownMicroseconds }: RunSpeed): string =>
  `${operationsPerSecond.toFixed(0)}/s (${ownMicroseconds.toFixed(0)} us of the runner each)`

const percent = (share: number): string => `${(100 * share).toFixed(0)}%`

const verdict = (reached: boolean, goal: string): string =>
  `${reached ? 'reaches' : 'misses'} the goal, which is ${goal} or more`

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new RangeError('the median of nothing')
  return middle
}

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { threadLimits } from '@chaosproxy/simulator'
import { thisCheckout, withCommit } from './other-commit.ts'
import type { BenchTurn, Taken } from './speed-side.ts'

const PAIRS = 20
/** The number of trials before measuring, and in each turn: about a third of a second. */
const CASES = [
  { operations: 60, nodes: 3, warmUp: 6_000, trials: 800 },
  { operations: 60, nodes: 5, warmUp: 4_000, trials: 500 },
  { operations: 500, nodes: 3, warmUp: 800, trials: 150 },
  { operations: 500, nodes: 5, warmUp: 600, trials: 100 },
] as const

/** The young generation consists of three parts of this size. */
const SEMI_SPACE_MB = threadLimits.maxYoungGenerationSizeMb / 3

/**
 * Compares this checkout with a commit: both take turns in separate processes, in pairs, so that other load on the
 * machine slows both. Because load may hit a single turn, the median ratio counts, and the best turns.
 */
export const comparePairs = (print: (line: string) => void, commit: string): Promise<void> =>
  withCommit(commit, async (root) => {
    const sides = await Promise.all([root, thisCheckout()].map(startSide))
    try {
      for (const one of CASES) print(await compared(sides, one))
    } finally {
      for (const side of sides) side.disconnect()
    }
  })

async function startSide(root: string): Promise<ChildProcess> {
  const execArgv = [`--max-semi-space-size=${SEMI_SPACE_MB}`]
  const side = fork(new URL('speed-side.js', import.meta.url), [root], { execArgv })
  await answerOf(side)
  return side
}

/** Rejects if the process ends instead. */
async function answerOf(side: ChildProcess): Promise<unknown> {
  const ended = new AbortController()
  const exit = () => ended.abort(new Error('a side of the comparison ended: see its message above'))
  side.once('exit', exit)
  try {
    const [answer] = await once(side, 'message', { signal: ended.signal })
    return answer
  } finally {
    side.off('exit', exit)
  }
}

/** Trials a second of one core. */
async function rateOf(side: ChildProcess, turn: BenchTurn): Promise<number> {
  side.send(turn)
  const { seconds } = (await answerOf(side)) as Taken
  return turn.trials / seconds
}

async function compared(
  sides: readonly ChildProcess[],
  { operations, nodes, warmUp, trials }: (typeof CASES)[number],
): Promise<string> {
  const [before, now] = sides as [ChildProcess, ChildProcess]
  for (const side of sides) await rateOf(side, { operations, nodes, trials: warmUp })
  const rates: (readonly [before: number, now: number])[] = []
  const turn = { operations, nodes, trials }
  for (let pair = 0; pair < PAIRS; pair++) {
    // Each begins every other pair, since the machine may have changed by the second turn.
    const first = pair % 2 === 0 ? await rateOf(before, turn) : undefined
    const second = await rateOf(now, turn)
    rates.push([first ?? (await rateOf(before, turn)), second])
  }
  const ratios = rates.map(([one, other]) => other / one).sort((one, other) => one - other)
  const [least, middle, most] = [ratios[0], ratios[ratios.length >> 1], ratios.at(-1)].map((ratio) => ratio?.toFixed(2))
  const best = (place: 0 | 1): string => Math.max(...rates.map((pair) => pair[place])).toFixed(0)
  return (
    `${operations} operations, ${nodes} nodes: ${middle} times as fast (${least} to ${most}, ${PAIRS} pairs); ` +
    `at best ${best(1)} checked runs/s, before ${best(0)}`
  )
}

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { threadLimits, usualStrategies } from '@chaosproxy/simulator'
import { type Pair, paceOf } from '../../../scripts/pace.ts'
import { thisCheckout, withCommit } from './other-commit.ts'
import type { BenchTurn, Ready, Taken } from './speed-side.ts'

/**
 * `warmUp`: the number of trials of each side before the measurement. `trials`: the number of trials in each turn. A
 * turn takes about a third of a second.
 */
const CASES = [
  { operations: 60, nodes: 3, warmUp: 6_000, trials: 800 },
  { operations: 60, nodes: 5, warmUp: 4_000, trials: 500 },
  { operations: 500, nodes: 3, warmUp: 800, trials: 150 },
  { operations: 500, nodes: 5, warmUp: 600, trials: 100 },
] as const

type Case = (typeof CASES)[number]

/** `brief` takes about a minute, and measures only the shortest and the longest trials. */
const MEASURES = {
  full: { pairs: 20, cases: CASES },
  brief: { pairs: 14, cases: [CASES[0], CASES[3]] },
} as const

/** The young generation consists of three parts of this size. */
const SEMI_SPACE_MB = threadLimits.maxYoungGenerationSizeMb / 3

/**
 * Compares the speed of this checkout with the speed of a commit. Both run the search strategies that they have in
 * common. They run in separate processes, and take turns in pairs, so that other load on the machine slows both.
 *
 * @returns how many times as fast this checkout is, in each case.
 */
export const comparePairs = (
  print: (line: string) => void,
  commit: string,
  measure: keyof typeof MEASURES,
): Promise<number[]> =>
  withCommit(commit, async (root) => {
    const [before, now] = [await startSide(root), await startSide(thisCheckout())]
    const shared = usualNames.filter((name) => [before, now].every(({ strategies }) => strategies.includes(name)))
    const { pairs: count, cases } = MEASURES[measure]
    const paces: number[] = []
    try {
      for (const one of cases) {
        const pairs = await measured([before.child, now.child], { ...one, strategies: shared }, count)
        paces.push(paceOf(pairs))
        print(textOf(one, pairs))
      }
    } finally {
      for (const { child } of [before, now]) child.disconnect()
    }
    return paces
  })

const usualNames = [...new Set(usualStrategies.map(({ name }) => name))]

interface Side extends Ready {
  readonly child: ChildProcess
}

async function startSide(root: string): Promise<Side> {
  const execArgv = [`--max-semi-space-size=${SEMI_SPACE_MB}`]
  const child = fork(new URL('speed-side.js', import.meta.url), [root], { execArgv })
  const { strategies } = (await answerOf(child)) as Ready
  return { child, strategies }
}

/** Resolves with the next message from the process of a side. Rejects if the process exits first. */
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

/** Processor seconds. */
async function timeOf(side: ChildProcess, turn: BenchTurn): Promise<number> {
  side.send(turn)
  const { seconds } = (await answerOf(side)) as Taken
  return seconds
}

async function measured(
  [before, now]: readonly [ChildProcess, ChildProcess],
  { warmUp, ...turn }: Omit<Case, 'warmUp'> & BenchTurn & { readonly warmUp: number },
  count: number,
): Promise<Pair[]> {
  for (const side of [before, now]) await timeOf(side, { ...turn, trials: warmUp })
  const pairs: Pair[] = []
  for (let pair = 0; pair < count; pair++) {
    // Each side goes first in every second pair, because the machine's speed may change within a pair.
    const first = pair % 2 === 0 ? await timeOf(before, turn) : undefined
    const second = await timeOf(now, turn)
    pairs.push({ before: first ?? (await timeOf(before, turn)), now: second })
  }
  return pairs
}

function textOf({ operations, nodes, trials }: Case, pairs: readonly Pair[]): string {
  const paces = pairs.map((pair) => paceOf([pair]))
  const best = (side: keyof Pair): string => (trials / Math.min(...pairs.map((pair) => pair[side]))).toFixed(0)
  return (
    `${operations} operations, ${nodes} nodes: ${paceOf(pairs).toFixed(2)} times as fast ` +
    `(${Math.min(...paces).toFixed(2)} to ${Math.max(...paces).toFixed(2)}, ${pairs.length} pairs); ` +
    `at best ${best('now')} checked runs/s, before ${best('before')}`
  )
}

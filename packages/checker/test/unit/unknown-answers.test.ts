import { type EventInput, historyFromEvents, type Json, millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { checkProved } from '../proof/proving.ts'

// Tests operations whose answer is missing. The missing answer may have contained a value that no other answer
// contains. A send whose answer is missing may take effect late.

interface Line {
  readonly process: number
  readonly f: string
  readonly input: Json
  readonly output?: Json
  readonly key?: string
  readonly isLost?: boolean
  readonly final?: boolean
}

const inTurn = (...lines: readonly Line[]): EventInput[] =>
  lines.flatMap(({ process, f, input, output = null, key, isLost = false, final }): EventInput[] => [
    { process, type: 'invoke', f, key, value: input, final },
    { process, type: isLost ? 'info' : 'ok', f, key, value: output, final },
  ])

const send = (message: string, offset: number): Line => ({
  process: 0,
  f: 'send',
  key: 'k',
  input: message,
  output: offset,
})
const poll = (process: number, from: number, got: readonly Json[] = []): Line => ({
  ...{ process, f: 'poll', input: { k: from } },
  output: got.length === 0 ? {} : { k: got },
})
const inVain: Line[] = Array.from({ length: 5 }, () => ({ ...poll(1, 0), final: true }))

const watch: Line = { process: 0, f: 'watch', input: { watch: 1, from: 1 }, output: { revision: 0 } }
const put: Line = { process: 1, f: 'put', key: 'x', input: 1, output: 1 }
const watched: Line = { process: 0, f: 'watched', input: { watch: 1 }, output: [] }
const often: Line[] = Array.from({ length: 5 }, () => ({ ...watched, final: true }))

test.each<readonly [title: string, model: string, level: string, result: string, events: EventInput[]]>([
  [
    'a message of an unanswered send that is delivered after polls in vain meets no-unseen',
    'stream',
    'no-unseen',
    'met',
    inTurn({ process: 0, f: 'send', key: 'k', input: 'm', isLost: true }, ...inVain, {
      ...poll(2, 0, [[0, 'm']]),
      final: true,
    }),
  ],
  [
    'a message stored before polls in vain violates no-unseen',
    'stream',
    'no-unseen',
    'violated',
    inTurn(send('m', 0), ...inVain),
  ],
  [
    'a change that an unknown answer may have contained leaves live unknown',
    'watch',
    'live',
    'unknown',
    inTurn(watch, put, { ...watched, output: null, isLost: true }, ...often),
  ],
  [
    'a change that repeated requests of a watch never returned violates live',
    'watch',
    'live',
    'violated',
    inTurn(watch, put, ...often),
  ],
])('check finds that %s', (_, model, level, result, events) => {
  const { levels } = checkProved(historyFromEvents(events), {
    ...{ model, initial: null, failedCas: 'drop', memoryBytes: 1e9, levels: [model === 'stream' ? 'faithful' : level] },
    ...{ deadlineMs: millis(10_000), now: () => millis(0) },
  })
  expect(levels[level]?.result).toBe(result)
})

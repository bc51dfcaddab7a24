import { expect, test } from 'vitest'
import { Refused, Undecided, Unreadable } from '../../src/index.ts'
import { inTurn, met, violated } from '../attacks/attack.ts'
import { ofStreams } from '../attacks/streams.ts'
import { ofWatches } from '../attacks/watches.ts'
import { left, ofWorkQueues, put, took } from '../attacks/work-queues.ts'
import { history, verified } from '../maker.ts'

function verdictOf(text: string, head: object, entries: readonly object[]): string {
  try {
    const { findings } = verified(text, head as { readonly model: string }, entries)
    return findings.at(-1)?.verdict ?? 'none'
  } catch (error) {
    if (error instanceof Refused || error instanceof Undecided || error instanceof Unreadable) return 'refused'
    throw error
  }
}
test.each(
  Object.entries({ 'work-queue': ofWorkQueues, stream: ofStreams, watch: ofWatches }).flatMap(([model, attacks]) =>
    attacks.map(([what, ...attack]) => [model, what, attack] as const),
  ),
)('verify accepts no proof about a %s in which %s', (model, _, [proof, isFalse, isTrue, start = { initial: [] }]) => {
  expect(verdictOf(inTurn(isFalse), { model, ...start }, [proof])).not.toBe('accepted')
  expect(verdictOf(inTurn(isTrue), { model, initial: null }, [proof])).toBe('accepted')
})

test('verify refuses a proof that first-in-first-out is violated if the two messages were enqueued concurrently', () => {
  const takes = ['2 invoke take -', '2 ok take - ["b","r"]', '2 invoke take -', '2 ok take - ["a","s"]']
  const [a, b] = [
    ['0 invoke enqueue - "a"', '0 ok enqueue - "a"'],
    ['1 invoke enqueue - "b"', '1 ok enqueue - "b"'],
  ] as const
  const order = violated('first-in-first-out', 1, 3, 5, 7)
  const head = { model: 'work-queue', initial: null }
  expect(verdictOf(history(...a, ...b, ...takes), head, [order])).toBe('accepted')
  const atOnce = history(a[0], b[0], a[1], b[1], ...takes)
  expect(verdictOf(atOnce, head, [violated('first-in-first-out', 1, 2, 5, 7)])).toBe('refused')
})

const lost = inTurn([put('a'), took('a', 'r'), left([])])
const kept = inTurn([put('a'), took('a', 'r'), left(['a'])])
const queue = { model: 'work-queue', initial: null }

test.each<[what: string, history: string, entries: readonly object[]]>([
  ['two kinds of evidence', lost, [{ ...violated('no-lost-messages', 1, 5), whole: true }]],
  ['the whole history for a violation', lost, [{ level: 'no-lost-messages', result: 'violated', whole: true }]],
  ['a core for what is met', kept, [{ level: 'no-lost-messages', result: 'met', core: [1] }]],
  ['no operation', lost, [violated('no-lost-messages')]],
  ['an operation twice', lost, [violated('no-lost-messages', 1, 1, 5)]],
  ['the line of a completion', lost, [violated('no-lost-messages', 2, 5)]],
  ['a line beyond the end', lost, [violated('no-lost-messages', 1, 99)]],
  ['an order', kept, [{ level: 'no-lost-messages', result: 'met', order: [1, 2, 2] }]],
  ['final reads', kept, [{ level: 'no-lost-messages', result: 'met', final: true }]],
  ['a guarantee of another model', kept, [met('no-skips')]],
  ['a level of another model', kept, [met('faithful')]],
  ['a name that every object has', kept, [met('constructor')]],
  ['a weaker level that is met', kept, [met('at-least-once'), { level: 'leased', result: 'met', by: 'at-least-once' }]],
  [
    'a stronger level that is violated',
    lost,
    [violated('exactly-once', 1, 5), { level: 'no-repeats', result: 'violated', by: 'exactly-once' }],
  ],
  ['one guarantee of several', lost, [met('no-repeats'), { level: 'exactly-once', result: 'met', by: 'no-repeats' }]],
])('verify accepts no guarantee that is derived from %s', (_, history, entries) => {
  expect(verdictOf(history, queue, entries)).not.toBe('accepted')
})

test.each([
  ['register', 'no-lost-messages'],
  ['queue', 'at-least-once'],
])('verify accepts no proof that the model %s meets a guarantee of the model "work-queue"', (model, level) => {
  expect(verdictOf(kept, { model, initial: null }, [met(level)])).not.toBe('accepted')
})

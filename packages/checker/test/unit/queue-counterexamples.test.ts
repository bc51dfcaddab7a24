import { type EventInput, historyFromEvents, inputOf, type Json, outputOf } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { checkHistory } from '../checking.ts'

// The operations shown for a queue must be contradictory by themselves: a dequeued message needs its enqueue.

type Step = readonly [process: number, f: 'enqueue' | 'dequeue', message: Json, type?: 'ok' | 'info']

/** Operations one after another. */
const eventsOf = (steps: readonly Step[]): EventInput[] =>
  steps.flatMap(([process, f, message, type = 'ok']) => {
    const input = f === 'enqueue' ? message : null
    return [
      { process, f, type: 'invoke' as const, value: input },
      { process, f, type, value: type === 'info' ? input : message },
    ]
  })

/** Messages, each followed by a dequeue of unknown outcome. Tests use more than a counterexample can show. */
const openDequeues = (messages: number): readonly Step[] =>
  Array.from({ length: messages }, (_, n): readonly Step[] => [
    [1, 'enqueue', n],
    [100 + n, 'dequeue', null, 'info'],
  ]).flat()

/** Messages that are dequeued immediately. */
const taken = (messages: number): readonly Step[] =>
  Array.from({ length: messages }, (_, n): readonly Step[] => [
    [1, 'enqueue', n],
    [2, 'dequeue', n],
  ]).flat()

/** Returns, for each operation shown, the message that it enqueued or dequeued. */
function messagesOf(steps: readonly Step[], model: 'queue' | 'bag'): readonly (readonly Json[])[] {
  const history = historyFromEvents(eventsOf(steps))
  const verdict = checkHistory(history, { model, initial: [], levels: ['linearizable'] }).levels.linearizable
  if (verdict.result !== 'violated') throw new Error(`${model}: ${verdict.result}`)
  return verdict.counterexample.operations.map(({ operation }) => {
    const isIn = history.functions[history.operations.f[operation]!] === 'enqueue'
    return isIn ? ['in', inputOf(history, operation) ?? null] : ['out', outputOf(history, operation) ?? null]
  })
}

for (const model of ['queue', 'bag'] as const) {
  test(`a counterexample contains only the enqueue and the two dequeues of a message that a ${model} repeated`, () => {
    const twice: readonly Step[] = [
      [3, 'enqueue', 'a'],
      [4, 'dequeue', 'a'],
      [5, 'dequeue', 'a'],
    ]
    expect(messagesOf([...openDequeues(2_100), ...twice], model)).toEqual([
      ['in', 'a'],
      ['out', 'a'],
      ['out', 'a'],
    ])
  })

  test(`a counterexample leaves out earlier legal dequeues if a ${model} was wrongly found empty`, () => {
    const empties = Array.from({ length: 5 }, (): Step => [7, 'dequeue', null])
    const hidden: readonly Step[] = [...empties, [3, 'enqueue', 'a'], [4, 'dequeue', null]]
    expect(messagesOf(hidden, model)).toEqual([
      ['in', 'a'],
      ['out', null],
    ])
  })

  test(`a counterexample contains only the message that a ${model} held when a dequeue wrongly returned null`, () => {
    const hidden: readonly Step[] = [
      [3, 'enqueue', 'a'],
      [4, 'dequeue', null],
      [5, 'dequeue', 'a'],
    ]
    expect(messagesOf([...openDequeues(2_100), ...hidden], model)).toEqual([
      ['in', 'a'],
      ['out', null],
      ['out', 'a'],
    ])
  })
}

test('a counterexample contains only three operations if a later message overtook an earlier one', () => {
  const lost: readonly Step[] = [
    [3, 'enqueue', 'a'],
    [3, 'enqueue', 'b'],
    [4, 'dequeue', 'b'],
  ]
  expect(messagesOf([...taken(6_000), ...lost, ...taken(6_000).map(again)], 'queue')).toEqual([
    ['in', 'a'],
    ['in', 'b'],
    ['out', 'b'],
  ])
})

const again = ([process, f, message]: Step): Step => [process, f, `again ${String(message)}`]

import { createRandom } from '@chaosproxy/faults'
import { type Completion, type Nanos, nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { type NodeChoice, startClientLoop } from '../../src/clients/client-loop.ts'

/** Returns the nodes that a client chooses for consecutive operations, if it gets these answers. */
function drivenLoop(nodes: NodeChoice, answers: readonly (readonly [f: string, completion: Completion])[]) {
  const called: string[] = []
  let next: (() => void) | undefined
  let turn = 0
  startClientLoop({
    clock: {
      now: () => nanos(0),
      at(_: Nanos, callback: () => void) {
        next = callback
        return () => {}
      },
    },
    process: {
      invoke(node, _, completed) {
        called.push(node)
        completed(answers[turn++]![1])
      },
      becomeFinal() {},
      close() {},
    },
    client: { next: () => ({ f: answers[turn]![0], key: 'x', value: null }) },
    nodes,
    reads: ['read'],
    random: createRandom('client'),
    interval: nanos(1),
  })
  while (turn < answers.length) next?.()
  return called
}

const ok = { type: 'ok', value: null } as const
const fail = { type: 'fail', error: 'connection refused' } as const
const info = { type: 'info', error: 'no answer' } as const
const sticky: NodeChoice = { type: 'while up', home: 'n1', others: ['n2'] }

test('a sticky session moves to another node if a read gets no reply', () => {
  expect(
    drivenLoop(sticky, [
      ['read', ok],
      ['read', fail],
      ['read', ok],
      ['write', ok],
    ]),
  ).toEqual(['n1', 'n1', 'n2', 'n2'])
})

test('a sticky session moves to another node after an unknown outcome, but stays after a refused write', () => {
  expect(
    drivenLoop(sticky, [
      ['write', fail],
      ['write', info],
      ['write', ok],
    ]),
  ).toEqual(['n1', 'n1', 'n2'])
})

test('a sticky session moves between two nodes after failed reads, and stays if there is only one node', () => {
  expect(
    drivenLoop(sticky, [
      ['read', fail],
      ['read', fail],
      ['read', ok],
    ]),
  ).toEqual(['n1', 'n2', 'n1'])
  expect(
    drivenLoop({ ...sticky, others: [] }, [
      ['read', fail],
      ['read', ok],
    ]),
  ).toEqual(['n1', 'n1'])
})

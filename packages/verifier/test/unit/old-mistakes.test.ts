import { expect, test } from 'vitest'
import type { LevelProof } from '../../src/index.ts'
import { differences, history, verified } from '../maker.ts'

// Each test has a wrong verdict that an earlier version of the checker gave, and the proof that this version would have
// written for the verdict. The verifier must not accept the proof.

const met = (level: string, ...order: number[]): LevelProof => ({ level, result: 'met', order: differences(order) })
const violated = (level: string, ...core: number[]): LevelProof => ({ level, result: 'violated', core })

test.each<[mistake: string, lines: readonly string[], head: object, proof: LevelProof]>([
  [
    'condemns a log for gaps between its offsets',
    ['0 invoke append - 7', '0 ok append - 5', '0 invoke append - 8', '0 ok append - 9'],
    { model: 'log', initial: null },
    violated('linearizable', 1, 3),
  ],
  [
    'condemns a read that saw what a register of unknown start began with',
    ['0 invoke read -', '0 ok read - 5', '0 invoke write - 5', '0 ok write - 5'],
    { model: 'register' },
    violated('linearizable', 1, 3),
  ],
  [
    'calls a read of an intermediate state serializable',
    [
      '0 invoke txn - [["w","x",1],["w","x",2]]',
      '0 ok txn - [["w","x",1],["w","x",2]]',
      '1 invoke txn - [["r","x",null]]',
      '1 ok txn - [["r","x",1]]',
    ],
    { model: 'rw-register', initial: null },
    met('serializable', 1, 3),
  ],
  [
    'calls a message lost that a dequeue without an answer may have taken',
    [
      '0 invoke enqueue - 1',
      '0 ok enqueue - 1',
      '1 invoke dequeue -',
      '1 info dequeue -',
      '2 invoke dequeue -',
      '2 ok dequeue -',
    ],
    { model: 'queue', initial: null },
    violated('linearizable', 1, 5),
  ],
  [
    'accepts a message that only a failed enqueue tried to add',
    ['0 invoke enqueue - 1', '0 fail enqueue - 1', '1 invoke dequeue -', '1 ok dequeue - 1'],
    { model: 'bag', initial: null },
    met('linearizable', 1, 3),
  ],
  [
    'misses a message that an answered drain never gave out',
    ['0 invoke enqueue - 1', '0 ok enqueue - 1', '1 invoke drain -', '1 ok drain - []'],
    { model: 'queue', initial: null },
    met('linearizable', 1, 3),
  ],
  [
    'accepts a sum between the bounds of a counter that no additions come to',
    ['0 invoke add - 2', '0 ok add - 2', '1 invoke add - 2', '1 info add - 2', '2 invoke read -', '2 ok read - 3'],
    { model: 'counter', initial: null },
    met('linearizable', 1, 3, 5),
  ],
  [
    'takes an acquire that repeats its input for a token given twice',
    [
      '0 invoke acquire - 5',
      '0 ok acquire - 5',
      '0 invoke release - 5',
      '0 ok release - 5',
      '1 invoke acquire - 5',
      '1 ok acquire - 5',
    ],
    { model: 'lock', initial: null },
    violated('linearizable', 1, 3, 5),
  ],
  [
    'takes a cas that failed without looking for an observation',
    ['0 invoke write - 1', '0 ok write - 1', '1 invoke cas - [1,2]', '1 fail cas - [1,2]'],
    { model: 'register', initial: null, failedCas: 'drop' },
    violated('linearizable', 1, 3),
  ],
  [
    'holds a client to see its own write of unknown outcome',
    ['0 invoke write - 1', '0 info write - 1', '0 invoke read -', '0 ok read - null'],
    { model: 'register', initial: null },
    violated('read-your-writes', 1, 3),
  ],
  [
    'orders the operations of processes, not those of clients',
    ['0 invoke write - 1 alice', '0 ok write - 1', '1 invoke read - null alice', '1 ok read - null'],
    { model: 'register', initial: null },
    met('sequential', 3, 1),
  ],
  [
    'lets a write of unknown outcome take effect only before what its process does next',
    [
      '0 invoke write - 1',
      '0 info write - 1',
      '0 invoke read -',
      '0 ok read - null',
      '1 invoke read -',
      '1 ok read - 1',
    ],
    { model: 'register', initial: null },
    violated('sequential', 1, 3, 5),
  ],
])('verify refuses a proof that %s', (_mistake, lines, head, proof) => {
  const { findings } = verified(history(...lines), head as Parameters<typeof verified>[1], [proof])
  expect(findings.map(({ verdict }) => verdict)).toEqual(['refused'])
})

import {
  isDatabaseKind,
  isEngineKind,
  isMachineKind,
  isSurroundingFault,
  stopsNodes,
  voidsPromises,
} from '@chaosproxy/faults'
import { expect, test } from 'vitest'
import { nodeFamily } from '../../src/families/node.ts'

const all: readonly string[] = nodeFamily.kinds.map(({ kind }) => kind)

test.each([
  [
    'injected by a container engine',
    isEngineKind,
    ['stop', 'restart', 'signal', 'limit-cpu', 'limit-memory', 'fill-disk', 'clock'],
  ],
  [
    'faults of a disk or a clock',
    isMachineKind,
    ['power-loss', 'flip-bit', 'slow-fsync', 'fail-fsync', 'freeze-disk', 'fill-disk', 'clock'],
  ],
  [
    'faults of a simulated PostgreSQL',
    isDatabaseKind,
    ['lose-commit-reply', 'serialization-failure', 'refuse-sessions', 'slow-statements'],
  ],
  ['faults that stop their nodes', stopsNodes, ['kill', 'crash', 'pause', 'power-loss', 'flip-bit', 'stop', 'restart']],
  ['faults after which a node need not keep what it promised', voidsPromises, ['flip-bit']],
] as const)('the list of fault kinds that are %s is complete, and has no other kinds', (_, isSuch, kinds) => {
  expect(all.filter(isSuch).sort()).toEqual([...kinds].sort())
})

test('isSurroundingFault accepts exactly the fault kinds of container engines and of machines', () => {
  const surrounding = all.filter((kind) => isSurroundingFault({ kind }))
  expect(surrounding).toEqual(all.filter((kind) => isEngineKind(kind) || isMachineKind(kind)))
  expect(surrounding).not.toContain('kill')
})

test.each([undefined, 'n1', [], [7], [''], ['n1', ''], ['n1', null]])(
  'a fault of nodes is refused if its nodes are %j',
  (nodes) => {
    expect(() => nodeFamily.parse({ kind: 'kill', nodes }, 'a test')).toThrow(
      'a test: kill: "nodes" must be a list of nodes, such as ["n1"].',
    )
  },
)

import {
  createRandom,
  describeFault,
  type Fault,
  nemeses,
  nodeNames,
  parseFault,
  printFault,
  resolveFault,
} from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import fc from 'fast-check'
import { expect, test } from 'vitest'

test.each(nemeses.map((nemesis) => [nemesis.name, nemesis] as const))(
  'a fault of the nemesis %s is unchanged after printing and parsing, and has a description',
  (_, nemesis) => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const nodes = nodeNames(5)
        for (const { plan } of nemesis.plan(createRandom(seed), nodes).parts) {
          const fault = resolveFault(plan, { nodes, leader: 'n2', random: createRandom(seed) })
          expect(parseFault(JSON.parse(JSON.stringify(printFault(fault))), 'file')).toEqual(fault)
          expect(describeFault(fault)).toMatch(/\w/)
        }
      }),
      { numRuns: 30 },
    )
  },
)

test.each<[Fault, string]>([
  [{ kind: 'crash', nodes: ['n1'], before: 'persist', nth: 3 }, 'n1 killed before write 3'],
  [{ kind: 'failover', nodes: ['n2'] }, 'n2 told to fail over'],
  [{ kind: 'clock', nodes: ['n1'], offsetMs: -700 as Millis, driftPpm: 0 }, 'clock of n1 700 ms behind'],
  [
    { kind: 'clock', nodes: ['n1', 'n2'], offsetMs: 5 as Millis, driftPpm: -20_000 },
    'clocks of n1 n2 5 ms ahead and 2% too slow',
  ],
  [
    {
      kind: 'reorder-message',
      links: [{ from: 'n1', to: 'n2' }],
      behind: 1,
      withinMs: 20 as Millis,
      when: { probability: 0.1 },
    },
    'reorder withinMs=20 on 1 link (10%)',
  ],
])('describeFault returns one line of text for %j', (fault, words) => {
  expect(describeFault(fault)).toBe(words)
})

test.each([
  [{ kind: 'crash', nodes: ['n1'], before: 'breakfast' }, 'one of persist, send, reply'],
  [{ kind: 'crash', nodes: ['n1'], before: 'send', nth: 0 }, 'a whole number, at least 1'],
  [{ kind: 'clock', nodes: ['n1'], driftPpm: 2_000_000 }, '-500000 to 500000'],
  [{ kind: 'corrupt', links: ['n1>n2'], probability: 2 }, 'a probability from 0 to 1'],
  [{ kind: 'drop-message', links: ['n1>n2'], nodes: ['n1'] }, 'drop-message has no parameter "nodes"'],
  [{ kind: 'corrupt', links: ['n1>n2'] }, 'corrupt needs "probability"'],
  [{ kind: 'kill', nodes: 'n1' }, 'kill: "nodes" must be a list of nodes, such as ["n1"].'],
  [{ kind: 'kill' }, 'kill: "nodes" must be a list of nodes'],
  [{ kind: 'flip-bit', nodes: ['n1'], matching: '(' }, 'flip-bit: "matching": Invalid regular expression'],
  [{ kind: 'melt', nodes: ['n1'] }, 'there is no fault "melt". Known: partition'],
  [{ kind: 'lose-replies', links: ['n1>n2'] }, 'Did you mean lose-reply?'],
])('parseFault refuses %j with a correction', (value, message) => {
  expect(() => parseFault(value, 'file')).toThrow(message)
})

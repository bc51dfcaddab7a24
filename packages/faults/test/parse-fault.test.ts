import {
  createRandom,
  describeFault,
  type Fault,
  linkName,
  nemeses,
  nodeNames,
  parseFault,
  resolveFault,
} from '@chaos/faults'
import type { Millis } from '@chaos/history'
import fc from 'fast-check'
import { expect, test } from 'vitest'

/** As files spell it. */
const written = (fault: Fault): unknown =>
  JSON.parse(JSON.stringify('links' in fault ? { ...fault, links: fault.links.map(linkName) } : fault))

test.each(nemeses.map((nemesis) => [nemesis.name, nemesis] as const))(
  'what %s does comes back from a file as it was, and can be said in words',
  (_, nemesis) => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const nodes = nodeNames(5)
        for (const { plan } of nemesis.plan(createRandom(seed), nodes).stages) {
          const fault = resolveFault(plan, { nodes, leader: 'n2', random: createRandom(seed) })
          expect(parseFault(written(fault), 'file')).toEqual(fault)
          expect(describeFault(fault)).toMatch(/\w/)
        }
      }),
      { numRuns: 30 },
    )
  },
)

test.each<[Fault, string]>([
  [{ kind: 'crash', nodes: ['n1'], before: 'persist', nth: 3 }, 'n1 killed before write 3'],
  [{ kind: 'clock', nodes: ['n1'], offsetMs: -700 as Millis, driftPpm: 0 }, 'clock of n1 700 ms behind'],
  [
    { kind: 'clock', nodes: ['n1', 'n2'], offsetMs: 5 as Millis, driftPpm: -20_000 },
    'clocks of n1 n2 5 ms ahead and 2% too slow',
  ],
  [
    { kind: 'reorder', links: [{ from: 'n1', to: 'n2' }], probability: 0.1, withinMs: 20 as Millis },
    '10% of messages overtaken within 20 ms on 1 link',
  ],
])('%j is told as it is', (fault, words) => {
  expect(describeFault(fault)).toBe(words)
})

test.each([
  [{ kind: 'crash', nodes: ['n1'], before: 'breakfast' }, 'one of persist, send, reply'],
  [{ kind: 'crash', nodes: ['n1'], before: 'send', nth: 0 }, 'a whole number, at least 1'],
  [{ kind: 'clock', nodes: ['n1'], driftPpm: 2_000_000 }, '-500000 to 500000'],
  [{ kind: 'duplicate', links: ['n1>n2'], probability: 2 }, 'a probability from 0 to 1'],
  [{ kind: 'duplicate', nodes: ['n1'], probability: 1 }, 'duplicate has no parameter "nodes"'],
  [{ kind: 'corrupt', links: ['n1>n2'] }, 'corrupt needs "probability"'],
  [{ kind: 'melt', nodes: ['n1'] }, 'there is no fault "melt". Known: partition'],
])('%j is refused, with what would be right', (value, message) => {
  expect(() => parseFault(value, 'file')).toThrow(message)
})

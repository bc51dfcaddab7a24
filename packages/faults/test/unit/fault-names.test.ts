import {
  describeFault,
  type Fault,
  faultKinds,
  faultName,
  faultNames,
  insteadText,
  nameOfKind,
  nemeses,
  parseFault,
  refusalText,
} from '@chaosproxy/faults'
import { expect, test } from 'vitest'

const latencyOn = (...links: readonly string[]): Fault =>
  parseFault({ kind: 'latency', latencyMs: 50, links: [...links] }, 'a test')

test('faultName returns the name that --faults accepts, and not the kind', () => {
  expect(faultName(latencyOn('n1>n2'))).toBe('delay')
  expect(faultName(latencyOn('clients>n1', 'n1>clients'))).toBe('delay-clients')
  expect(faultName({ kind: 'kill', nodes: ['n1'] })).toBe('kill')
  expect(nameOfKind('drop-message', 'nodes')).toBe('loss')
  expect(nameOfKind('bandwidth', 'nodes')).toBe('slow')
})

test('faultName returns the --faults name, such as lose-reply, of a one-way cut between clients and nodes', () => {
  const dropping = (...links: readonly string[]): Fault =>
    parseFault({ kind: 'partition', mode: 'drop', links: [...links] }, 'a test')
  expect(faultName(dropping('n1>clients', 'n2>clients'))).toBe('lose-reply')
  expect(describeFault(dropping('n1>clients'))).toBe('lose-reply {n1>clients}')
  expect(faultName(dropping('clients>n1'))).toBe('lose-request')
  expect(faultName(dropping('clients>n1', 'n1>clients'))).toBe('partition')
  expect(faultName(dropping('n1>n2'))).toBe('partition')
})

test('nameOfKind returns the name that --faults uses for a kind, or else the kind', () => {
  const names = nemeses.map(({ name }) => name)
  for (const kind of faultKinds)
    for (const among of ['nodes', 'clients'] as const) {
      const name = nameOfKind(kind, among)
      if (nemeses.some((nemesis) => nemesis.kind === kind)) expect(names).toContain(name)
      else expect(name).toBe(kind)
    }
})

test('faultNames lists names of message faults, HTTP faults and SQL faults, and no name twice', () => {
  const names = faultNames()
  expect(new Set(names).size).toBe(names.length)
  expect(names).toEqual(expect.arrayContaining(['delay', 'delay-clients', 'loss', 'lose-reply', 'sql-error']))
})

test('the refusal of a fault names the nearest faults, and the kind of run that can inject it', () => {
  expect(refusalText({ not: 'no', instead: ['kill'] })).toBe('no. Instead: kill.')
  expect(insteadText({ not: 'no', instead: ['a', 'b', 'c'] })).toBe('a, b or c')
  expect(insteadText({ not: 'no', instead: ['a', 'b'], elsewhere: 'simulator' })).toBe('a or b, or with --sim')
  expect(insteadText({ not: 'no', instead: [], elsewhere: 'processes' })).toBe('run it on real processes')
})

import { expect, test } from 'vitest'
import { hostsOf } from '../../src/world/hosts.ts'

const NONE = { PostgreSQL: [], Redis: [] }

test('an unknown host that may be a database is refused with the address of the simulated database', () => {
  const hosts = hostsOf('server.mjs', ['n1', 'pg'], { ...NONE, PostgreSQL: ['pg'] })
  expect(hosts.unknown('db.internal').message).toBe(
    'the host db.internal cannot be simulated: it is not a node of server.mjs, whose nodes are n1, pg. The simulated PostgreSQL is at pg:5432.',
  )
  expect(hosts.refusePort(5432)?.message).toMatch(
    /^PostgreSQL at localhost:5432 .* The simulated PostgreSQL is at pg:5432\.$/,
  )
  expect(hosts.unknown('my-cache').message).toMatch(/ Add a Redis at redis:6379 with redis: 'simulated', or --redis\.$/)
})

test('an unknown host is refused with the options that add a database or a fake server', () => {
  const hosts = hostsOf('server.mjs', ['n1'], NONE)
  expect(hosts.unknown('db').message).toMatch(/ with --beside NAME=FILE .* or --beside pg=postgres\.$/)
  expect(hosts.unknown('payments').message).toMatch(/, or run the real program with chaos run\.$/)
  expect(hosts.refusePort(9092)?.message).toMatch(/^Kafka at localhost:9092 cannot be simulated/)
  expect(hosts.refusePort(8080)).toBeUndefined()
})

test('a program finds nodes by their names, and itself by localhost', () => {
  const hosts = hostsOf('server.mjs', ['n1', 'n2'], NONE)
  expect([hosts.find('n2', 'n1'), hosts.find('localhost', 'n1'), hosts.find('n3', 'n1')]).toEqual([
    'n2',
    'n1',
    undefined,
  ])
})

import { nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { createBusiest } from '../../../../src/stdio/maelstrom/busiest.ts'

const MS = 1e6

test('createBusiest reports a node as leader if it sends far more messages than every other node', () => {
  const busiest = createBusiest()
  expect(busiest.node()).toBeUndefined()
  for (let n = 0; n < 4; n++) busiest.sent('n2', nanos(n * MS))
  for (const other of ['n1', 'n3']) busiest.sent(other, nanos(5 * MS))
  expect(busiest.node()).toBe('n2')
})

test('createBusiest finds no leader if all nodes send similar numbers of messages', () => {
  const busiest = createBusiest()
  for (const node of ['n1', 'n2', 'n3', 'n1', 'n2', 'n3', 'n1']) busiest.sent(node, nanos(0))
  expect(busiest.node()).toBeUndefined()
})

test('createBusiest counts only recent messages', () => {
  const busiest = createBusiest()
  for (let n = 0; n < 100; n++) busiest.sent('n1', nanos(n * MS))
  for (let at = 600; at < 2_000; at += 10) busiest.sent('n3', nanos(at * MS))
  expect(busiest.node()).toBe('n3')
})

import { createRandom } from '@chaosproxy/faults'
import type { Json } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { completionOfError, parseMessage } from '../../../../src/stdio/maelstrom/message.ts'
import { createServices } from '../../../../src/stdio/maelstrom/services.ts'

const asking = (name: string, seed = 1) => {
  const service = createServices(createRandom(seed)).get(name)
  if (service === undefined) throw new Error(`there is no ${name}`)
  return (from: string, type: string, members: { readonly [name: string]: Json } = {}) =>
    service(from, { type, ...members })
}

test('lin-kv reads the latest write, and a cas fails if the current value differs', () => {
  const ask = asking('lin-kv')
  expect(ask('n1', 'read', { key: 'x' })).toMatchObject({ type: 'error', code: 20 })
  expect(ask('n1', 'cas', { key: 'x', from: 1, to: 2 })).toMatchObject({ type: 'error', code: 20 })
  expect(ask('n1', 'cas', { key: 'x', from: null, to: [1], create_if_not_exists: true })).toEqual({ type: 'cas_ok' })
  expect(ask('n2', 'cas', { key: 'x', from: [2], to: 3 })).toMatchObject({ type: 'error', code: 22 })
  expect(ask('n2', 'cas', { key: 'x', from: [1], to: 3 })).toEqual({ type: 'cas_ok' })
  expect(ask('n1', 'read', { key: 'x' })).toEqual({ type: 'read_ok', value: 3 })
  expect(ask('n1', 'delete', { key: 'x' })).toMatchObject({ type: 'error', code: 10 })
})

test('seq-kv may return old values to a node, but no value older than a value that the node has read', () => {
  const ask = asking('seq-kv')
  for (let n = 0; n < 50; n++) ask('n1', 'write', { key: 'x', value: n })
  const reads = Array.from({ length: 100 }, () => Number(ask('n2', 'read', { key: 'x' })['value'] ?? -1))
  expect(reads).toEqual(reads.toSorted((one, other) => one - other))
  expect(reads[0]).toBeLessThan(49)
  expect(ask('n1', 'read', { key: 'x' })).toEqual({ type: 'read_ok', value: 49 })
})

test('lww-kv returns old values at first, and returns the latest value eventually', () => {
  const ask = asking('lww-kv', 3)
  for (let n = 0; n < 20; n++) ask('n1', 'write', { key: 'x', value: n })
  const reads = Array.from({ length: 200 }, () => ask('n2', 'read', { key: 'x' })['value'])
  expect(new Set(reads).size).toBeGreaterThan(1)
  expect(new Set(reads.slice(-100))).toEqual(new Set([19]))
})

test('lin-tso returns each timestamp once', () => {
  const ask = asking('lin-tso')
  expect(['n1', 'n2', 'n1'].map((node) => ask(node, 'ts')['ts'])).toEqual([0, 1, 2])
})

test.each([
  ['hello', 'is not JSON'],
  ['7', 'is not an object'],
  ['{"dest":"n1","body":{"type":"x"}}', 'has no "src"'],
  ['{"src":"n1","body":{"type":"x"}}', 'has no "dest"'],
  ['{"src":"n1","dest":"n2"}', 'has no "body"'],
  ['{"src":"n1","dest":"n2","body":{}}', 'has a "body" without "type"'],
])('the Maelstrom parser explains why %s is not a message', (line, why) => {
  expect(parseMessage(line)).toContain(why)
})

test.each([
  [0, false, 'info'],
  [13, false, 'info'],
  [1000, false, 'info'],
  [11, false, 'fail'],
  [20, false, 'fail'],
  [22, false, 'fail'],
  [30, false, 'fail'],
  [0, true, 'fail'],
])('Maelstrom error %i (request read-only: %s) gives the outcome %s', (code, harmless, type) => {
  expect(completionOfError({ type: 'error', code }, harmless).type).toBe(type)
})

import type { EventInput } from '@chaosproxy/history'
import { register } from '@chaosproxy/workloads'
import { expect, test } from 'vitest'
import { onlineCheckerFor } from '../../src/judge/live-judge.ts'

const write = { process: 0, type: 'invoke', f: 'write', value: 1 } as const
const written = { ...write, type: 'ok' } as const
const puzzling: EventInput = { process: 1, type: 'invoke', f: 'cas', value: 'not a pair' }
const readsNothing: readonly EventInput[] = [
  { process: 2, type: 'invoke', f: 'read' },
  { process: 2, type: 'ok', f: 'read', value: 2 },
]

test('an event that the online checker cannot read makes later verdicts "not certain"', () => {
  const online = onlineCheckerFor(register)
  for (const event of [write, written]) online.push(event)
  expect(online.soFar()).toBe('linearizable')
  for (const event of [puzzling, ...readsNothing]) expect(online.push(event)).toBeUndefined()
  expect(online.soFar()).toBe('not certain')
})

test('a violation remains certain after an event that the online checker cannot read', () => {
  const online = onlineCheckerFor(register)
  for (const event of [write, written, ...readsNothing, puzzling]) online.push(event)
  expect(online.soFar()).toBe('not linearizable')
  expect(online.violation()).toMatchObject({ position: 3 })
})

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Undo, undoNodes, withoutRepeats } from '../../../src/keeper/undoing.ts'

// Tests with commands that append to a file when they run, so that the file shows their order.

let at = ''
beforeEach(() => {
  at = mkdtempSync(join(tmpdir(), 'chaos-undoing-'))
})
afterEach(() => rmSync(at, { recursive: true, force: true }))

const command = (script: string) => ({ words: ['sh', '-c', `cd ${at} && ${script}`] as const })
const undo = (name: string, turn?: Undo['turn'], script = 'true'): Undo => ({
  ...{ type: 'undo', id: 0, timeoutMs: 10_000, node: 'n1', turn },
  command: command(`echo ${name} >>done && ${script}`),
})
const done = () => (existsSync(join(at, 'done')) ? readFileSync(join(at, 'done'), 'utf8').trim().split('\n') : [])
const until = (script: string) => ({ command: command(script), timeoutMs: 10_000 })

test('undoNodes unpauses a node first, then starts it, and undoes its other faults last', async () => {
  const undos = [undo('limit'), undo('start', 'start'), undo('unpause', 'first')]
  await undoNodes([{ finishing: [], undos, until: until('[ -e done ]') }])
  expect(done()).toEqual(['unpause', 'start', 'limit'])
})

test('undoNodes retries the start of a stopped node before it lifts limits on that node', async () => {
  const undos = [undo('limit'), undo('start', 'start', '{ [ ! -e tried ] || touch runs; touch tried; }')]
  await undoNodes([{ finishing: [], undos, until: until('[ -e runs ]') }])
  expect(done()).toEqual(['start', 'start', 'limit'])
})

test('undoNodes lifts limits only after all nodes have restarted', async () => {
  const slow = undo('start', 'start', 'until [ -e other ]; do sleep 0.01; done')
  const other = { ...undo('other', 'start', 'touch other'), node: 'n2' as const }
  const limit = { ...undo('limit'), node: 'n2' as const }
  const nodes = [
    { finishing: [], undos: [slow], until: undefined },
    { finishing: [], undos: [limit, other], until: undefined },
  ]
  await undoNodes(nodes)
  expect(done().at(-1)).toBe('limit')
  expect(done().toSorted()).toEqual(['limit', 'other', 'start'])
})

test('withoutRepeats keeps one of several equal undo commands of a node, and ignores an empty environment', () => {
  const start = undo('start', 'start')
  const same: Undo = { ...start, id: 2, command: { ...start.command, environment: {} } }
  const other: Undo = { ...start, id: 3, node: 'n2' }
  expect(withoutRepeats([same, other, start]).map(({ id }) => id)).toEqual([2, 3])
})

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from './chaos.ts'

/** One client of one queue; an enqueue gives its message, a dequeue gets it. */
function queueOf(...steps: readonly (readonly ['enqueue' | 'dequeue', number])[]): string {
  const file = join(temporaryDirectory(), 'queue.jsonl')
  const lines: object[] = [{ chaos: 1, model: 'queue', initial: 'unknown' }]
  for (const [f, message] of steps) {
    lines.push({ process: 0, type: 'invoke', f, value: f === 'enqueue' ? message : null })
    lines.push({ process: 0, type: 'ok', f, value: message })
  }
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'))
  return file
}

const twice = () => queueOf(['enqueue', 1], ['enqueue', 2], ['dequeue', 1], ['dequeue', 1])

test('a message that was put in once and taken out twice proves nothing while the start is unknown', async () => {
  const { exitCode, stdout } = await chaosHere(['check', twice(), '--expect', 'linearizable'])
  expect(stdout.replace(/\s+/g, ' ')).toContain('1 was taken out of the queue 2 times and put in once')
  expect(stdout.replace(/\s+/g, ' ')).toContain("--initial '[]' for nothing")
  expect(exitCode).toBe(2)
})

test('a message that was put in once and taken out twice is a violation once the start is known', async () => {
  const { exitCode } = await chaosHere(['check', twice(), '--expect', 'linearizable', '--initial', '[]'])
  expect(exitCode).toBe(1)
})

test('a message that was taken as often as it was put in is no complaint while the start is unknown', async () => {
  const file = queueOf(['dequeue', 7], ['enqueue', 1], ['enqueue', 1], ['dequeue', 1], ['dequeue', 1])
  expect((await chaosHere(['check', file, '--expect', 'linearizable'])).exitCode).toBe(0)
})

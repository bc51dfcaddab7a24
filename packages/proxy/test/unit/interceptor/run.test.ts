import { expect, test } from 'vitest'
import type { Exit } from '../../../src/interceptor/interceptor.ts'
import { Run } from '../../../src/interceptor/run.ts'

function runOf(isFree: (bytes: Buffer) => boolean = () => true) {
  const passed: string[] = []
  const run = new Run({
    pass(bytes: Buffer) {
      passed.push(String(bytes))
      return isFree(bytes)
    },
  } as Exit)
  return { run, passed }
}
const memory = Buffer.from('abcdef')

test('bytes that are adjacent in memory are passed on as one chunk', () => {
  const { run, passed } = runOf()
  for (const [from, to] of [
    [0, 1],
    [1, 3],
    [4, 5],
    [5, 6],
    [1, 2],
  ])
    run.add(memory.subarray(from, to))
  run.add(Buffer.from('z'))
  expect(passed).toEqual(['abc', 'ef', 'b'])
  run.flush()
  run.flush()
  expect(passed).toEqual(['abc', 'ef', 'b', 'z'])
})

test('takeFree reports memory as reusable if all bytes passed on since its last call are reusable', () => {
  const { run } = runOf((bytes) => bytes.length > 1)
  const isFree = (...texts: readonly string[]) => {
    for (const text of texts) {
      run.add(Buffer.from(text))
      run.flush()
    }
    return run.takeFree()
  }
  expect([isFree(), isFree('ab'), isFree('a', 'ab'), isFree('ab', 'cd')]).toEqual([true, true, false, true])
})

import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { type EventInput, historyFromEvents, type Json } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { stepsOf } from '../../src/explanation/steps.ts'

/** Returns the text of the step that explains an operation. The events of the operation have no times. */
function step(f: string, input: Json, output?: Json): string | undefined {
  const answer: EventInput = { process: 0, type: 'ok', f, ...(output === undefined ? {} : { value: output }) }
  const history = historyFromEvents([{ process: 0, type: 'invoke', f, value: input }, answer])
  const counterexample: Counterexample = {
    ...{ level: 'linearizable', sentence: '', keys: [] },
    operations: [{ operation: 0 as OperationRow, role: 'core' }],
  }
  return stepsOf(history, counterexample)[0]?.text
}

test('a step of an explanation states the value that an operation of any model returned', () => {
  expect(step('read', null, 7)).toBe('Process 0 asks to read, and is given 7.')
  expect(step('pop', null, 7)).toBe('Process 0 asks to pop, and is given 7.')
  expect(step('try', 'a', false)).toBe('Process 0 asks to try "a", and is given false.')
})

test('a step states only that an operation is done, if the operation returned nothing or its own input', () => {
  expect(step('push', 7, 7)).toBe('Process 0 asks to push 7, and is told that it is done.')
  expect(step('push', 7)).toBe('Process 0 asks to push 7, and is told that it is done.')
  expect(step('write', 7, 7)).toBe('Process 0 asks to write 7, and is told that it is done.')
})

import { borrowHistory, type EventInput, type History, historyFromEvents, inputOf, outputOf } from '@chaosproxy/history'
import fc from 'fast-check'
import { expect, test } from 'vitest'

/** Sends a history to another thread, and returns the copy. */
function passedOn(history: History): History {
  if (history.lend === undefined) throw new Error('this history cannot be passed to another thread')
  return borrowHistory(structuredClone(history.lend()))
}

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.constantFrom('', 'a', 'a"b', 'ü', '\\'))
const events = fc.array(fc.record({ value: fc.oneof(fc.integer(), text), key: text, ok: fc.boolean() }), {
  maxLength: 40,
})

const eventsOf = (operations: readonly { value: number | string; key: string; ok: boolean }[]): EventInput[] =>
  operations.flatMap(({ value, key, ok }, process): EventInput[] => [
    { process, type: 'invoke', f: 'write', key, value },
    { process, type: ok ? 'ok' : 'info', f: 'write', key, value, ...(ok ? {} : { error: `no ${value}` }) },
  ])

test('a history that another thread borrows equals the original', () => {
  fc.assert(
    fc.property(events, (operations) => {
      const own = historyFromEvents(eventsOf(operations), { shared: true })
      const borrowed = passedOn(own)
      expect(borrowed.operations).toEqual(own.operations)
      expect(borrowed.keys).toEqual(own.keys)
      expect(borrowed.processCount).toBe(own.processCount)
      operations.forEach(({ value }, i) => {
        expect(inputOf(borrowed, i)).toBe(value)
        expect(outputOf(borrowed, i)).toBe(outputOf(own, i))
        expect(borrowed.errorOf(i)).toBe(own.errorOf(i))
        expect(borrowed.processName(i)).toBe(own.processName(i))
        expect(borrowed.values.id(value)).toBe(own.values.id(value))
      })
    }),
  )
})

test('a history received by borrowHistory shares its operations with the original, without a copy', () => {
  const own = historyFromEvents(eventsOf([{ value: 'x', key: 'k', ok: true }]), { shared: true })
  const borrowed = passedOn(own)
  own.operations.input[0] = own.values.id(5)
  expect(inputOf(borrowed, 0)).toBe(5)
})

test('a value added to one of three histories that share operations does not appear in the others', () => {
  const own = historyFromEvents(eventsOf([{ value: 'x', key: 'k', ok: true }]), { shared: true })
  const [one, other] = [passedOn(own), passedOn(own)]
  const names = [own, one, other].map(({ values }, i) => values.id(`new in ${i}`))
  expect([own, one, other].map(({ values }, i) => values.json(names[i]!))).toEqual(['new in 0', 'new in 1', 'new in 2'])
  for (const { values } of [own, one, other]) expect(values.json(values.id('x'))).toBe('x')
})

import { millis } from '@chaosproxy/history'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AnyEffect, createEffectRunner } from '../../src/node/effects.ts'
import { decodeJournal } from '../../src/node/journal.ts'

/** A disk on which the test decides when each write becomes durable or fails. */
function slowDisk() {
  const writes: { readonly batch: string; readonly durable: (error: Error | undefined) => void }[] = []
  const done: string[] = []
  const failures: string[] = []
  const runner = createEffectRunner({
    journal: { append: (batch, durable) => writes.push({ batch, durable }), close: () => undefined },
    carryOut: (effect) => done.push(effect.type === 'log' ? effect.text : effect.type),
    diskFailed: (error) => failures.push(error.message),
  })
  return { writes, done, failures, runner, records: (batch = '') => decoded(batch) }
}

function decoded(batch: string): readonly unknown[] {
  const content = decodeJournal(Buffer.from(batch))
  if (content.type !== 'usable') throw new Error('a batch is made of whole records')
  return content.records
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
const log = (text: string): AnyEffect => ({ type: 'log', text })
const persist = (record: unknown): AnyEffect => ({ type: 'persist', record })

test('effects are executed immediately if there is nothing to persist', () => {
  const { runner, done, writes } = slowDisk()
  runner.run([log('a'), { type: 'setTimer', timer: 't', afterMs: millis(5) }, log('b')])
  expect(done).toEqual(['a', 'setTimer', 'b'])
  expect(writes).toEqual([])
})

test('effects that follow a record wait until the record is durable, even in later steps', async () => {
  const { runner, done, writes } = slowDisk()
  runner.run([log('before'), persist(1), log('after')])
  runner.run([log('later step')])
  await nextTurn()
  expect(done).toEqual(['before'])
  writes[0]?.durable(undefined)
  expect(done).toEqual(['before', 'after', 'later step'])
  expect(runner.backlog()).toBe(0)
})

test('records that arrive during a write share the next write', async () => {
  const { runner, done, writes, records } = slowDisk()
  runner.run([persist(1), log('one')])
  await nextTurn()
  runner.run([persist(2), log('two')])
  runner.run([persist(3), log('three')])
  expect(writes).toHaveLength(1)
  writes[0]?.durable(undefined)
  expect(done).toEqual(['one'])
  expect(records(writes[1]?.batch)).toEqual([2, 3])
  writes[1]?.durable(undefined)
  expect(done).toEqual(['one', 'two', 'three'])
})

test('effects that wait for the disk are not executed if the disk fails', async () => {
  const { runner, done, writes, failures } = slowDisk()
  runner.run([persist(1), log('acknowledged')])
  await nextTurn()
  writes[0]?.durable(new Error('ENOSPC'))
  runner.run([log('later')])
  await nextTurn()
  expect(done).toEqual([])
  expect(failures).toEqual(['ENOSPC'])
})

test('effects are executed once, in order and after their records, at any speed of the disk', async () => {
  const step = fc.array(fc.boolean(), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 12 }), async (steps) => {
      const { runner, done, writes, records } = slowDisk()
      const expected: string[] = []
      let next = 0
      let durable = 0
      let recorded = 0
      const needs: number[] = []
      const settleOne = () => {
        const write = writes[durable]
        if (write === undefined) return false
        durable++
        write.durable(undefined)
        return true
      }
      for (const [effects, settles] of steps) {
        runner.run(
          effects.map((isRecord) => {
            if (isRecord) return persist(recorded++)
            needs.push(recorded)
            expected.push(String(next))
            return log(String(next++))
          }),
        )
        await nextTurn()
        if (settles) settleOne()
        const onDisk = writes.slice(0, durable).flatMap((write) => records(write.batch)).length
        expect(done).toEqual(expected.filter((_, index) => (needs[index] ?? 0) <= onDisk))
      }
      while (settleOne()) await nextTurn()
      expect(done).toEqual(expected)
      expect(writes.flatMap((write) => records(write.batch))).toEqual([...Array(recorded).keys()])
    }),
    { numRuns: 60 },
  )
})

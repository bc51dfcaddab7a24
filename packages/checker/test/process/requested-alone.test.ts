import type { Level } from '@chaosproxy/checker'
import { levels } from '@chaosproxy/checker'
import type { EventInput, Json } from '@chaosproxy/history'
import { expect, inject, test } from 'vitest'
import { randomEvents, randomFrom } from '../../../testing/src/random-history.ts'
import { smallHistory } from '../../../testing/src/small-history.ts'
import { checkHistory, historyOf, resultOf } from '../checking.ts'
import { many } from '../many.ts'
import { kinds, type RequestedOperation, randomObjectEvents, type Simulated } from '../random-objects.ts'
import { modelNames } from '../registry.ts'

const baseSeed = inject('seed')

/** Final reads of two nodes. An operation of unknown outcome may take effect between them. */
function finalReads(
  model: string,
  object: Simulated,
  { late, mutate }: { readonly late: readonly RequestedOperation[]; readonly mutate: (output: Json) => Json },
): EventInput[] {
  const finalRead: RequestedOperation =
    model === 'multi-register'
      ? { f: 'txn', value: ['x', 'y', 'z'].map((register) => ['read', register, null]) }
      : { f: model === 'queue' || model === 'bag' ? 'drain' : 'read', value: null }
  const answer = (): Json => (finalRead.f === 'drain' ? drained(object) : (object.apply(finalRead, 90) ?? null))
  return [90, 91].flatMap((process, n): EventInput[] => {
    if (n === 1) for (const each of late) object.apply(each, process)
    const node = `n${n + 1}`
    return [
      { process, type: 'invoke', ...finalRead, final: true, node },
      { process, type: 'ok', ...finalRead, value: mutate(answer()), node },
    ]
  })
}

function drained(object: Simulated): Json[] {
  const messages: Json[] = []
  for (let next = object.apply({ f: 'dequeue', value: null }, 90); next !== undefined && next !== null; ) {
    messages.push(next)
    next = object.apply({ f: 'dequeue', value: null }, 90)
  }
  return messages
}

function objectEvents(model: string, random: () => number): EventInput[] {
  const kind = kinds[model]!(random)
  const objects: Simulated[] = []
  const simulate = (): Simulated => {
    objects.push(kind.simulate())
    return objects[0]!
  }
  const shape = { processes: 2, operations: 2 + Math.floor(random() * 5), unknown: 0.3, failed: 0.15, mutated: 0.1 }
  const events = randomObjectEvents({ ...kind, simulate }, shape, random)
  if (model === 'lock' || model === 'unique-ids') return events
  const unknown = events.filter(({ type }) => type === 'info')
  const late = random() < 0.5 ? unknown.slice(-1).map(({ f, value }) => ({ f, value: value ?? null })) : []
  const mutate = (output: Json): Json => {
    if (random() < 0.8) return output
    if (Array.isArray(output)) return output.slice(1)
    return kind.mutate(output, { f: 'read', value: null }, random)
  }
  return [...events, ...finalReads(model, objects[0]!, { late, mutate })]
}

function registerEvents(random: () => number): EventInput[] {
  const stores = ['atomic', 'replicas', 'stale', 'scattered'] as const
  const shape = { processes: 3, operations: 5, keys: 1, values: 3, failed: 0.1, finals: true, unknown: 0.3, mutated: 0 }
  const store = stores[Math.floor(random() * stores.length)]!
  return randomEvents({ ...shape, cas: random() < 0.3, store }, random)
}

const initials: { readonly [model: string]: Json } = { bank: { a: 3, b: 0 } }

test.each(modelNames)(
  'the verdict of the model %s on a level does not depend on which other levels are checked',
  (model) => {
    const found = new Set<string>()
    for (let n = 0; n < many(1_500); n++) {
      const random = randomFrom(baseSeed + n)
      const events = kinds[model] === undefined ? registerEvents(random) : objectEvents(model, random)
      const history = smallHistory(events)
      const common = { model, initial: initials[model] ?? null } as const
      const together = checkHistory(history, { ...common, levels })
      for (const level of levels) {
        const alone = checkHistory(history, { ...common, levels: [level] })
        const where = `${level}, seed ${baseSeed + n}\n${events.map((event) => JSON.stringify(event)).join('\n')}\n`
        expect(resultOf(alone, level), where).toBe(resultOf(together, level))
        found.add(`${level} ${resultOf(alone, level)}`)
      }
    }
    expect(found).toContain('linearizable met')
    expect(found).toContain('linearizable violated')
  },
)

const eachWay = (model: string, level: Level, events: readonly EventInput[]): string[] =>
  [[level], levels].map((requested) =>
    resultOf(checkHistory(smallHistory(events), { model, levels: requested }), level),
  )

test('different final reads meet eventual and convergent if a write of unknown outcome explains the difference', () => {
  const history = historyOf('w1?', '    fr|', '          fr1|')
  for (const level of ['eventual', 'convergent'] as const) {
    expect(resultOf(checkHistory(history, { levels: [level] }), level)).toBe('met')
    expect(resultOf(checkHistory(history, { levels }), level)).toBe('met')
  }
})

test.each(['queue', 'bag'])(
  'check reports a violation if a later drain of a %s lacks an acknowledged message',
  (model) => {
    const put: EventInput[] = [
      { process: 0, type: 'invoke', f: 'enqueue', value: 1 },
      { process: 0, type: 'ok', f: 'enqueue', value: 1 },
    ]
    const drain = (...value: readonly Json[]): EventInput[] => [
      { process: 1, type: 'invoke', f: 'drain', value: null, final: true },
      { process: 1, type: 'ok', f: 'drain', value },
    ]
    expect(eachWay(model, 'eventual', [...put, ...drain()])).toEqual(['violated', 'violated'])
    expect(eachWay(model, 'linearizable', [...put, ...drain()])).toEqual(['violated', 'violated'])
    expect(eachWay(model, 'eventual', [...put, ...drain(1)])).toEqual(['met', 'met'])
    expect(eachWay(model, 'linearizable', [...put, ...drain(1)])).toEqual(['met', 'met'])
    // The drain was answered before the message was enqueued. A later drain may still return the message.
    expect(eachWay(model, 'linearizable', [...drain(), ...put])).toEqual(['met', 'met'])
  },
)

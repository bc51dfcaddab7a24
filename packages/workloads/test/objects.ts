import type { Completion, Input, Json } from '@chaosproxy/history'

/** A plain object that changes in place. Models are tested against it, so it must not be built from a model. */
export type PlainObject = (input: Input) => Completion

const ok = (value: Json): Completion => ({ type: 'ok', value })
const fail = (error: string): Completion => ({ type: 'fail', error })

/** Creates one object for each key, and one for operations without a key. */
const byKey = (create: () => PlainObject) => (): PlainObject => {
  const objects = new Map<string, PlainObject>()
  return (input) => {
    const key = input.key ?? ''
    const object = objects.get(key) ?? create()
    objects.set(key, object)
    return object(input)
  }
}

const register = byKey(() => {
  let held: Json = null
  return ({ f, value }) => {
    if (f === 'read') return ok(held)
    if (f === 'append') {
      held = `${held ?? ''}${value}`
      return ok(value)
    }
    if (f === 'write') {
      held = value
      return ok(value)
    }
    const [expected, next] = value as readonly [Json, Json]
    if (held !== expected) return fail('mismatch')
    held = next
    return ok(value)
  }
})

const counter = byKey(() => {
  let count = 0
  return ({ f, value }) => {
    if (f === 'read') return ok(count)
    count += value as number
    return ok(value)
  }
})

const set = byKey(() => {
  const elements = new Set<Json>()
  return ({ f, value }) => {
    if (f === 'read') return ok([...elements])
    if (f === 'add') elements.add(value)
    else elements.delete(value)
    return ok(value)
  }
})

const queue = byKey(() => {
  const messages: Json[] = []
  return ({ f, value }) => {
    if (f === 'drain') return ok(messages.splice(0))
    if (f === 'dequeue') return ok(messages.shift() ?? null)
    messages.push(value)
    return ok(value)
  }
})

const lock = byKey(() => {
  let holder: number | undefined
  let last = 0
  return ({ f, value }) => {
    if (f === 'release') {
      if (holder !== value) return fail('not held')
      holder = undefined
      return ok(value)
    }
    if (holder !== undefined) return fail('held')
    last += 1
    holder = last
    return ok(last)
  }
})

const lists = byKey(() => {
  const list: Json[] = []
  return ({ f, value }) => {
    if (f === 'read') return ok([...list])
    list.push(value)
    return ok(value)
  }
})

interface Transfer {
  readonly from: string
  readonly to: string
  readonly amount: number
  readonly id: number
}

const bank = (): PlainObject => {
  const balances: Record<string, number> = { a: 100_000, b: 100_000, c: 100_000, d: 100_000, e: 100_000 }
  return ({ f, value }) => {
    if (f === 'read') return ok({ ...balances })
    const { from, to, amount } = value as unknown as Transfer
    if (balances[from]! < amount) return fail('not enough money')
    balances[from]! -= amount
    balances[to]! += amount
    return ok(value)
  }
}

const ids = byKey(() => {
  let last = 0
  return () => ok(++last)
})

const log = byKey(() => {
  const entries: Json[] = []
  return ({ f, value }) => {
    if (f === 'send') return ok(entries.push(value) - 1)
    const { offset, limit } = (value ?? { offset: 0, limit: entries.length }) as { offset: number; limit: number }
    return ok(entries.slice(offset, offset + limit))
  }
})

/** A correct object for each workload, by the workload's name. */
export const plainObjects: { readonly [workload: string]: () => PlainObject } = {
  register,
  append: register,
  counter,
  set,
  queue,
  lock,
  'list-append': lists,
  bank,
  'unique-ids': ids,
  log,
  'read-only': register,
}

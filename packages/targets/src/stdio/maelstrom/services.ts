import type { Random } from '@chaosproxy/faults'
import { canonical, type Json } from '@chaosproxy/history'
import type { Body } from './message.ts'

// Services are nodes that Maelstrom itself provides: see doc/services.md.

export type Service = (from: string, request: Body) => Body

const DOES_NOT_EXIST: Body = { type: 'error', code: 20, text: 'key does not exist' }

const unsupported = (type: string): Body => ({ type: 'error', code: 10, text: `this service has no ${type}` })

interface Store {
  get(key: string): Json | undefined
  set(key: string, value: Json): void
}

function carryOut(store: Store, request: Body): Body {
  const { type, key = null, value = null, from = null, to = null } = request
  const name = canonical(key)
  const held = store.get(name)
  switch (type) {
    case 'read':
      return held === undefined ? DOES_NOT_EXIST : { type: 'read_ok', value: held }
    case 'write':
      store.set(name, value)
      return { type: 'write_ok' }
    case 'cas':
      if (held === undefined && request['create_if_not_exists'] !== true) return DOES_NOT_EXIST
      if (held !== undefined && canonical(held) !== canonical(from))
        return { type: 'error', code: 22, text: `expected ${JSON.stringify(from)}, but had ${JSON.stringify(held)}` }
      store.set(name, to)
      return { type: 'cas_ok' }
    default:
      return unsupported(type)
  }
}

/** A linearizable store is a single copy, which serves one request at a time. */
function linKv(): Service {
  const store = new Map<string, Json>()
  return (_, request) => carryOut(store, request)
}

/**
 * Returns a sequentially consistent store. A node may read an old state of the store, but never an older one than it
 * has seen. Changes apply to the newest state.
 */
function seqKv(random: Random): Service {
  /** By key: the key's values, one for each change. `at` is the number of changes of all keys up to this change. */
  const held = new Map<string, { readonly at: number; readonly value: Json }[]>()
  let newest = 0
  const seen = new Map<string, number>()
  return (from, request) => {
    const oldest = seen.get(from) ?? 0
    const at = request.type === 'read' ? oldest + random.integer(newest - oldest + 1) : newest
    const reply = carryOut(
      {
        get: (key) => held.get(key)?.findLast((state) => state.at <= at)?.value,
        set(key, value) {
          newest++
          const states = held.get(key)
          if (states === undefined) held.set(key, [{ at: newest, value }])
          else states.push({ at: newest, value })
        },
      },
      request,
    )
    seen.set(from, request.type === 'read' ? at : newest)
    return reply
  }
}

const LWW_COPIES = 5

/** Returns a store with several copies, which learn of each other's writes later. The last write wins. */
function lwwKv(random: Random): Service {
  type Copy = Map<string, { readonly at: number; readonly value: Json }>
  const copies: readonly Copy[] = Array.from({ length: LWW_COPIES }, () => new Map())
  let time = 0
  const exchange = (one: Copy, other: Copy, key: string) => {
    const [mine, theirs] = [one.get(key), other.get(key)]
    if (theirs !== undefined && theirs.at > (mine?.at ?? -1)) one.set(key, theirs)
  }
  return (_, request) => {
    const copy = random.pick(copies)
    exchange(copy, random.pick(copies), canonical(request['key'] ?? null))
    return carryOut(
      {
        get: (key) => copy.get(key)?.value,
        set: (key, value) => void copy.set(key, { at: time++, value }),
      },
      request,
    )
  }
}

/** Returns a service that gives each timestamp once. */
function linTso(): Service {
  let next = 0
  return (_, { type }) => (type === 'ts' ? { type: 'ts_ok', ts: next++ } : unsupported(type))
}

export const createServices = (random: Random): ReadonlyMap<string, Service> =>
  new Map([
    ['lin-kv', linKv()],
    ['seq-kv', seqKv(random.fork('seq-kv'))],
    ['lww-kv', lwwKv(random.fork('lww-kv'))],
    ['lin-tso', linTso()],
  ])

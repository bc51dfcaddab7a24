import type { EventInput, Json } from '@chaosproxy/history'
import fc from 'fast-check'
import { del, put, txn, watch, watched } from './watches.ts'

// Small histories of a store and one watch. Most of them contain an error.

export interface WatchEvent {
  revision: number
  key: string
  value?: number
}
export type Response = { events: WatchEvent[] } | { progress: number }

const KEYS = ['x', 'y']

/** The changes of each revision, from revision 2 on. */
const writes = fc.array(
  fc.oneof(
    fc.constantFrom('x', 'y').map((key) => ({ [key]: true })),
    fc.constantFrom('x', 'y').map((key) => ({ [key]: false })),
    fc.constant({ x: true, y: true }),
  ),
  { minLength: 1, maxLength: 7 },
)

type Changes = { readonly [key: string]: number | undefined }

function changesOf(drawn: readonly { readonly [key: string]: boolean }[]): Map<number, Changes> {
  return new Map(
    drawn.map((write, i) => [
      i + 2,
      Object.fromEntries(Object.entries(write).map(([key, isPut], k) => [key, isPut ? 10 * (i + 2) + k : undefined])),
    ]),
  )
}

interface Mutation {
  readonly what: 'drop' | 'swap' | 'repeat' | 'split' | 'join' | 'lie' | 'progress'
  readonly at: number
  readonly to: number
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  what: fc.constantFrom('drop', 'swap', 'repeat', 'split', 'join', 'lie', 'progress'),
  at: fc.nat(8),
  to: fc.nat(10),
})

/** Returns the responses of a correct watch, one for each revision. */
function rightly(all: ReadonlyMap<number, Changes>, from: number, key: string | undefined): Response[] {
  return [...all]
    .filter(([revision]) => revision >= from)
    .map(([revision, changes]) => ({
      events: Object.entries(changes)
        .filter(([name]) => key === undefined || name === key)
        .map(([name, value]) => (value === undefined ? { revision, key: name } : { revision, key: name, value })),
    }))
    .filter(({ events }) => events.length > 0)
}

function mutated(responses: Response[], { what, at, to }: Mutation): void {
  const i = at % Math.max(1, responses.length)
  const response = responses[i]
  if (what === 'progress') {
    responses.splice(at % (responses.length + 1), 0, { progress: to })
    return
  }
  if (response === undefined || !('events' in response)) return
  const first = response.events[0]
  const j = to % responses.length
  switch (what) {
    case 'drop':
      response.events.shift()
      if (response.events.length === 0) responses.splice(i, 1)
      break
    case 'swap':
      ;[responses[i], responses[j]] = [responses[j] ?? response, response]
      break
    case 'repeat':
      responses.splice(j, 0, { events: response.events.map((event) => ({ ...event })) })
      break
    case 'split':
      if (response.events.length > 1) responses.splice(i + 1, 0, { events: response.events.splice(1) })
      break
    case 'join': {
      const next = responses[i + 1]
      if (next !== undefined && 'events' in next) {
        response.events.push(...next.events)
        responses.splice(i + 1, 1)
      }
      break
    }
    case 'lie':
      if (first !== undefined) first.value = 999
      break
  }
}

export interface Case {
  readonly all: ReadonlyMap<number, Changes>
  readonly from: number
  readonly present: number
  readonly key: string | undefined
  readonly responses: readonly Response[]
}

/** Generates the input of `caseOf`: a store's writes, and a watch with mutations of its correct responses. */
export const drawing = fc.record({
  drawn: writes,
  from: fc.integer({ min: 2, max: 6 }),
  present: fc.integer({ min: 1, max: 8 }),
  key: fc.constantFrom(undefined, ...KEYS),
  mutations: fc.array(mutation, { maxLength: 3 }),
})

type Drawn = typeof drawing extends fc.Arbitrary<infer Value> ? Value : never

export function caseOf({ drawn, from, present, key, mutations }: Drawn): Case {
  const all = changesOf(drawn)
  const responses = rightly(all, from, key)
  for (const each of mutations) mutated(responses, each)
  return { all, from, present, key, responses }
}

/** Returns the events of the writes, followed by those of one watch. */
export function linesOf({ all, from, present, key, responses }: Case): EventInput[][] {
  const lines = [...all].map(([revision, changes]) => {
    const [[name, value] = ['x', undefined], ...more] = Object.entries(changes)
    if (more.length > 0) return txn(revision, changes as { [key: string]: Json })
    return value === undefined ? del(revision, name) : put(revision, name, value)
  })
  const request = watch(1, present, { from, ...(key === undefined ? {} : { key }) })
  return [...lines, request, watched(1, ...(responses as unknown as Json[]))]
}

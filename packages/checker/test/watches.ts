import { type EventInput, historyFromEvents, type Json, millis } from '@chaosproxy/history'
import type { Report } from '../src/judge/report.ts'
import { guarantees, type WatchLevel, watchLadder } from '../src/watch/guarantees.ts'
import { checkProved } from './proof/proving.ts'

// Histories of writes and watches for tests. Each line is one operation, completed immediately.

type Line = EventInput[]
let process = 0

const done = (f: string, input: Json, value: Json, more: object = {}): Line => {
  process++
  const event = { process, f, ...more }
  return [
    { ...event, type: 'invoke', value: input },
    { ...event, type: 'ok', value },
  ]
}

export const put = (revision: number, key: string, value: Json): Line => done('put', value, revision, { key })
export const del = (revision: number, key: string): Line => done('delete', null, revision, { key })
export const txn = (revision: number, changes: { readonly [key: string]: Json }): Line => done('txn', changes, revision)
export const compact = (revision: number): Line => done('compact', revision, revision)
/** The changes at these revisions, as the store lists them. */
export const changes = (from: number, to: number, ...all: Json[]): Line =>
  done('changes', { from }, { from, to, changes: all })
export const watch = (id: number, present: number, request: object = {}): Line =>
  done('watch', { watch: id, ...request }, { revision: present })
export const watched = (id: number, ...responses: Json[]): Line => done('watched', { watch: id }, responses)
/** The responses to a watch after all faults were healed. */
export const followed = (id: number, ...responses: Json[]): Line =>
  done('watched', { watch: id }, responses, { final: true })

/** Makes the outcome of an operation unknown. */
export const open = ([invocation]: Line): Line =>
  invocation === undefined ? [] : [invocation, { ...invocation, type: 'info', error: 'timeout' }]

export const events = (...all: Json[]): Json => ({ events: all })
export const event = (
  revision: number,
  key: string,
  value?: Json,
  more: { readonly [member: string]: Json } = {},
): Json => (value === undefined ? { revision, key, ...more } : { revision, key, value, ...more })
export const progress = (revision: number): Json => ({ progress: revision })

export const judge = (...lines: readonly Line[]): Report<WatchLevel> =>
  checkProved(historyFromEvents(lines.flat()), {
    model: 'watch',
    initial: null,
    levels: watchLadder.levels,
    failedCas: 'drop',
    deadlineMs: millis(10_000),
    memoryBytes: 1e9,
    now: () => millis(performance.now()),
  }) as unknown as Report<WatchLevel>

/** Returns the guarantees that are violated. */
export const broken = ({ levels }: Report<WatchLevel>): string[] =>
  guarantees.filter((each) => levels[each].result === 'violated')

import {
  canonical,
  FLAG_FINAL,
  type History,
  INFO,
  inputOf,
  isObject,
  type Json,
  OK,
  outputOf,
} from '@chaosproxy/history'
import { malformed, type OperationRow } from '../encoding/operation-row.ts'

/** A change of one key at a revision. */
export interface Change {
  readonly revision: number
  readonly key: string
  /** The new value; undefined for a deletion. */
  readonly value: Json | undefined
}

export interface WatchEvent extends Change {
  /** The value before the change, as reported. Null: there was no value. Undefined: the event does not report it. */
  readonly previous: Json | undefined
  /** Whether the event reports the key as new; undefined if it does not report this. */
  readonly created: boolean | undefined
}

/** Events that arrived together, or another message of the server. */
type Response =
  | { readonly type: 'events'; readonly events: readonly WatchEvent[] }
  | { readonly type: 'progress'; readonly revision: number }
  /** The server ended the watch. `compacted`: it deleted changes below this revision. */
  | { readonly type: 'ended'; readonly compacted: number | undefined }

/** One transaction, with a single revision. */
export interface Write {
  readonly row: OperationRow
  /** By key: the new value; undefined for a deletion. */
  readonly changes: ReadonlyMap<string, Json | undefined>
  /** `done`: the write was acknowledged, with or without a revision. */
  readonly outcome: 'done' | 'open' | 'failed'
  readonly revision: number | undefined
}

export interface Reading {
  readonly row: OperationRow
  /** Event position of the operation's completion. */
  readonly at: number
  readonly from: number
  /** Inclusive. */
  readonly to: number
  readonly changes: readonly Change[]
}

export interface Compaction {
  readonly row: OperationRow
  readonly revision: number
}

export interface Watch {
  readonly id: string
  readonly row: OperationRow
  /** The watched key. Without a key and a prefix, all keys are watched. */
  readonly key: string | undefined
  readonly prefix: string | undefined
  /** The first requested revision; undefined if the watch begins at the present one. */
  readonly from: number | undefined
  readonly without: readonly ('put' | 'delete')[]
  readonly resumes: string | undefined
  /** The store's revision when the watch was created, according to its server. */
  readonly present: number | undefined
  readonly deliveries: Delivery[]
  /** Whether the watch is over: its client ended it, or a later watch resumed it. */
  over: boolean
}

export interface Delivery {
  readonly row: OperationRow
  /** Event position of the operation's completion. */
  readonly at: number
  /** `lost`: it is unknown which events were sent. */
  readonly type: 'arrived' | 'nothing' | 'lost'
  readonly responses: readonly Response[]
  /** Whether the operation was called after all faults were healed and writing had ended. */
  readonly final: boolean
}

export interface WatchRecord {
  readonly writes: readonly Write[]
  readonly readings: readonly Reading[]
  readonly compactions: readonly Compaction[]
  readonly watches: ReadonlyMap<string, Watch>
}

export const functions = [
  ...['put', 'delete', 'txn', 'compact', 'changes', 'watch', 'watched', 'unwatch', 'read'],
] as const

/**
 * Reads a history of writes and watches:
 *
 * - `put` (key, value), `delete` (key) and `txn` (`{"x":1,"y":null}`, null deletes) return their revision, or null if
 *   nothing was changed
 * - `compact` (revision): the server deletes the changes below this revision
 * - `changes` `{"from":5,"to":9}` returns all changes at these revisions:
 *   `{"from":5,"to":9,"changes":[{"revision":7,"key":"x","value":1}]}`. Without `to`, `changes` reads up to the present
 *   revision. A deletion has no `value`. The changes show whether a write without an answer took effect
 * - `watch` `{"watch":7,"prefix":"k","from":12,"resumes":6}` returns `{"revision":11}`, the present revision. `resumes`
 *   is the earlier watch that this watch continues
 * - `watched` `{"watch":7}` returns a list of the responses that arrived since the last `watched`. A response is
 *   `{"events":[…]}`, `{"progress":12}` or `{"ended":true,"compacted":9}`. An event is
 *   `{"revision":12,"key":"x","value":1}`, without `value` for a deletion, and may have `previous` and `created`
 * - `unwatch` `{"watch":7}` ends the watch
 *
 * @throws UserError (input) for a history of any other form.
 */
export function readRecord(history: History): WatchRecord {
  const { length, f, outcome, returnEvent, flags } = history.operations
  const writes: Write[] = []
  const readings: Reading[] = []
  const compactions: Compaction[] = []
  const watches = new Map<string, Watch>()
  for (let row = 0; row < length; row++) {
    const input = inputOf(history, row)
    const ended = outcome[row]
    const answer = ended === OK ? outputOf(history, row) : undefined
    switch (history.functions[f[row]]) {
      case 'put':
      case 'delete':
      case 'txn':
        writes.push(writeOf(history, row, answer))
        break
      case 'compact':
        compactions.push({ row, revision: numberAt(input, history, row) })
        break
      case 'changes':
        if (answer !== undefined) readings.push(readingOf(history, row, answer))
        break
      case 'watch': {
        const watch = watchOf(history, row, answer)
        if (watches.has(watch.id)) throw malformed(history, row, `two watches have the id ${watch.id}`)
        watches.set(watch.id, watch)
        if (watch.resumes !== undefined) named(watches, watch.resumes, history, row).over = true
        break
      }
      case 'watched': {
        const type = ended === OK ? 'arrived' : ended === INFO ? 'lost' : 'nothing'
        named(watches, idOf(input, history, row), history, row).deliveries.push({
          ...{ row, at: returnEvent[row], type, final: (flags[row] & FLAG_FINAL) !== 0 },
          responses: answer === undefined ? [] : responsesOf(answer, history, row),
        })
        break
      }
      case 'unwatch':
        named(watches, idOf(input, history, row), history, row).over = true
        break
    }
  }
  return { writes, readings, compactions, watches }
}

function writeOf(history: History, row: OperationRow, answer: Json | undefined): Write {
  const { f, outcome, key } = history.operations
  const input = inputOf(history, row)
  const changes = new Map<string, Json | undefined>()
  if (history.functions[f[row]] === 'txn')
    for (const [name, value] of Object.entries(objectAt(input, history, row))) changes.set(name, value ?? undefined)
  else changes.set(history.keys[key[row]] ?? '', history.functions[f[row]] === 'put' ? input : undefined)
  const revision = typeof answer === 'number' ? answer : undefined
  if (outcome[row] !== OK) return { row, changes, outcome: outcome[row] === INFO ? 'open' : 'failed', revision }
  // A deletion that found no key changed nothing.
  return { row, changes: answer === null ? new Map() : changes, outcome: 'done', revision }
}

function readingOf(history: History, row: OperationRow, answer: Json): Reading {
  const { from, to, changes } = objectAt(answer, history, row)
  if (typeof from !== 'number' || typeof to !== 'number' || !Array.isArray(changes))
    throw malformed(history, row, 'its completion must have two revisions, "from" and "to", and a list "changes"')
  const all = (changes as readonly Json[]).map((change) => eventOf(change, history, row))
  return { row, at: history.operations.returnEvent[row], from, to, changes: all }
}

function watchOf(history: History, row: OperationRow, answer: Json | undefined): Watch {
  const request = objectAt(inputOf(history, row), history, row)
  const { key, prefix, from, without, resumes } = request
  const present = isObject(answer) ? answer['revision'] : undefined
  return {
    id: idOf(request, history, row),
    row,
    key: typeof key === 'string' ? key : undefined,
    prefix: typeof prefix === 'string' ? prefix : undefined,
    from: typeof from === 'number' ? from : undefined,
    without: Array.isArray(without) ? (without as ('put' | 'delete')[]) : [],
    resumes: resumes === undefined || resumes === null ? undefined : canonical(resumes),
    present: typeof present === 'number' ? present : undefined,
    deliveries: [],
    over: answer === undefined,
  }
}

function responsesOf(answer: Json, history: History, row: OperationRow): Response[] {
  if (!Array.isArray(answer))
    throw malformed(history, row, 'the completion of a "watched" must have a list of responses')
  return (answer as readonly Json[]).map((response): Response => {
    const members = objectAt(response, history, row)
    if (typeof members['progress'] === 'number') return { type: 'progress', revision: members['progress'] }
    if (members['ended'] !== undefined)
      return { type: 'ended', compacted: typeof members['compacted'] === 'number' ? members['compacted'] : undefined }
    if (!Array.isArray(members['events']))
      throw malformed(history, row, 'a response must have "events", "progress" or "ended"')
    return {
      type: 'events',
      events: (members['events'] as readonly Json[]).map((event) => eventOf(event, history, row)),
    }
  })
}

function eventOf(event: Json, history: History, row: OperationRow): WatchEvent {
  const { revision, key, value, previous, created } = objectAt(event, history, row)
  if (typeof revision !== 'number' || typeof key !== 'string')
    throw malformed(history, row, 'an event must have a "revision" (a number) and a "key" (a string)')
  return { revision, key, value, previous, created: typeof created === 'boolean' ? created : undefined }
}

type JsonObject = { readonly [member: string]: Json | undefined }

function objectAt(json: Json | undefined, history: History, row: OperationRow): JsonObject {
  if (isObject(json)) return json
  throw malformed(history, row, `its value is not an object: ${JSON.stringify(json ?? null)}`)
}

function numberAt(json: Json, history: History, row: OperationRow): number {
  if (typeof json === 'number') return json
  throw malformed(history, row, `its value is not a revision: ${JSON.stringify(json)}`)
}

function idOf(json: Json | JsonObject, history: History, row: OperationRow): string {
  const { watch } = objectAt(json as Json, history, row)
  if (watch === undefined || watch === null) throw malformed(history, row, 'its "watch" is missing')
  return canonical(watch)
}

function named(watches: ReadonlyMap<string, Watch>, id: string, history: History, row: OperationRow): Watch {
  const found = watches.get(id)
  if (found === undefined) throw malformed(history, row, `no earlier operation started watch ${id}`)
  return found
}

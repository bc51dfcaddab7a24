import { type Completion, type Json, membersOf } from '@chaosproxy/history'
import { entryOf, type KeyedLists, keyedLists, ok, type ReplicatedObject, UNKEYED, unsupported } from './object.ts'

/** Logs by key: send returns an offset, the index of its value; poll returns what follows an offset. */
export const log: ReplicatedObject<KeyedLists> = {
  name: 'log',
  functions: ['append', 'send', 'read', 'poll'],
  reads: ['read', 'poll'],
  ...keyedLists,
  apply(logs, { f, key = UNKEYED, value }) {
    switch (f) {
      case 'append':
      case 'send':
        return ok(entryOf(logs, key, () => []).push(value) - 1)
      case 'read':
      case 'poll':
        return poll(logs.get(key) ?? [], value)
      default:
        return unsupported
    }
  },
}

/**
 * Returns the entries from an offset on (null: all entries). For `{ offset, limit }`, returns at most `limit` entries.
 */
function poll(entries: readonly Json[], value: Json): Completion {
  const { offset = 0, limit = null } = typeof value === 'number' ? { offset: value } : membersOf(value)
  if (!isCount(offset) || !(limit === null || isCount(limit))) return unsupported
  return ok(entries.slice(offset, limit === null ? undefined : offset + limit))
}

const isCount = (value: Json): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0

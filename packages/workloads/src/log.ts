import type { Json } from '@chaosproxy/history'
import { createKeyPool, keysSetting, sizeSetting } from './keys.ts'
import { readShare, readsSetting } from './reading.ts'
import { numberOf } from './setting.ts'
import { missing, unfound } from './vacuity.ts'
import type { Workload } from './workload.ts'

const LIMIT = 5

/**
 * Logs to which clients send distinct values, and which they poll from an offset. A poll starts at an entry that its
 * client knows, because a poll beyond the end would reveal nothing.
 */
export const log: Workload = {
  name: 'log',
  summary: 'a log: a send returns the offset of its message, a poll returns the messages from an offset on',
  model: 'log',
  initial: null,
  levels: ['linearizable'],
  object: 'log',
  functions: ['send', 'poll'],
  reads: ['poll'],
  settings: [
    keysSetting(20, 'how many logs clients use at a time'),
    { ...readsSetting, summary: 'share of operations that poll; some clients poll more, others less' },
    sizeSetting('number of sends after which a new log replaces a log'),
  ],
  create(settings, serial) {
    const keys = createKeyPool(numberOf(settings, 'keys'), numberOf(settings, 'size'))
    const reads = numberOf(settings, 'reads')
    let last = serial
    return {
      client(random, rank) {
        const share = readShare(reads, rank)
        /** By log: the highest offset of an entry that this client has seen. */
        const seen = new Map<string, number>()
        /**
         * By log: the number of values that this client has sent, minus 1. The client's polls begin near this offset
         * until an answer has shown it an offset of the log.
         */
        const sent = new Map<string, number>()
        return {
          next() {
            const key = keys.pick(random)
            if (random.chance(share)) {
              const known = seen.get(key) ?? sent.get(key) ?? 0
              // Some polls begin at an earlier offset, to show whether entries have changed.
              const offset = Math.max(0, known - random.integer(LIMIT))
              return { f: 'poll', key, value: { offset, limit: LIMIT } }
            }
            last += 1
            keys.filled(key)
            sent.set(key, (sent.get(key) ?? -1) + 1)
            return { f: 'send', key, value: last }
          },
          learned({ f, key = '', value }, completion) {
            if (completion.type !== 'ok') return
            const offset = f === 'send' ? completion.value : lastPolled(value, completion.value)
            if (typeof offset === 'number') seen.set(key, Math.max(offset, seen.get(key) ?? 0))
          },
        }
      },
    }
  },
  finale: (keys) => keys.map((key) => ({ f: 'poll', key, value: null })),
  races: { what: 'a send', functions: ['send'] },
  vacuous: (history) => [
    ...missing(history, 'send'),
    ...unfound(history, ['poll'], {
      text: 'no poll returned an entry',
      fits: (entries) => Array.isArray(entries) && entries.length > 0,
    }),
  ],
}

function lastPolled(input: Json, entries: Json): number | undefined {
  if (!Array.isArray(entries) || entries.length === 0) return undefined
  const from = input !== null && typeof input === 'object' && 'offset' in input ? input['offset'] : 0
  return typeof from === 'number' ? from + entries.length - 1 : undefined
}

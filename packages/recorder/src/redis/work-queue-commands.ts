import type { Json } from '@chaosproxy/history'
import { ok } from '../record/call.ts'
import { type Interpret, interpretList, interpretOneOr } from './answers.ts'
import { type CommandReaders, one, operation, word } from './command-reader.ts'
import type { CommandTable } from './command-table.ts'
import { type KnownScript, oneOperation } from './scripts.ts'

/** All consumers form one group, which delivers each entry once and remembers it until it is acknowledged. */
const GROUP = 'workers'
const CONSUMER = 'worker'

const JOIN = `redis.pcall('XGROUP','CREATE',KEYS[1],'${GROUP}','0','MKSTREAM')`

/**
 * Delivers an entry whose lease has ended or, if there is none, a new entry. `EVAL source 1 key lease`, in ms, returns
 * the entry's message and id, or nil. In one step, it does what consumers do with XAUTOCLAIM and XREADGROUP.
 */
const TAKE = `${JOIN} local entry = redis.call('XAUTOCLAIM',KEYS[1],'${GROUP}','${CONSUMER}',ARGV[1],'0-0','COUNT','1')[2][1] if not entry then local found = redis.call('XREADGROUP','GROUP','${GROUP}','${CONSUMER}','COUNT','1','STREAMS',KEYS[1],'>') entry = found and found[1][2][1] end if not entry then return false end return {entry[2][2], entry[1]}`

/** Ends an entry's lease by a long idle time: `EVAL source 1 key id` returns 1, or 0 if no consumer holds the entry. */
const GIVE_BACK = `return #redis.call('XCLAIM',KEYS[1],'${GROUP}','${CONSUMER}','0',ARGV[1],'IDLE','86400000','JUSTID')`

/** Returns the unacknowledged messages, delivered messages first: `EVAL source 1 key`. The script changes nothing. */
const REMAINING = `local all = {} local last = '0-0' local groups = redis.pcall('XINFO','GROUPS',KEYS[1]) if groups.err then groups = {} end local function add(entries) for _, entry in ipairs(entries) do all[#all + 1] = entry[2][2] end end for _, group in ipairs(groups) do for i = 1, #group, 2 do if group[i] == 'last-delivered-id' then last = group[i + 1] end end for _, held in ipairs(redis.call('XPENDING',KEYS[1],'${GROUP}','-','+','1000000')) do add(redis.call('XRANGE',KEYS[1],held[1],held[1])) end end add(redis.call('XRANGE',KEYS[1],'(' .. last,'+')) return all`

const MESSAGE = 'message'
const NOT_HELD = 'nobody has it'

const interpretEntry: Interpret = (answer) =>
  answer === null || (Array.isArray(answer) && answer.length === 2) ? ok(answer) : undefined

/** XADD returns the id of the new entry. */
const interpretAdded: Interpret = (answer, { value }) =>
  typeof answer === 'string' && typeof value !== 'symbol' ? ok(value) : undefined

export const workQueueCommands: CommandReaders = {
  XADD: (words, names) =>
    words.length === 5 && words[2] === '*' && words[3] === MESSAGE
      ? one(operation('enqueue', names.key(word(words, 1)), word(words, 4), interpretAdded))
      : undefined,
  XACK: (words, names) =>
    words.length === 4 && words[2] === GROUP
      ? one(operation('ack', names.key(word(words, 1)), word(words, 3), interpretOneOr(NOT_HELD)))
      : undefined,
}

export const workQueueScripts: readonly KnownScript[] = [
  oneOperation(TAKE, 1, (key, [lease = null], names) =>
    operation('take', names.key(key), numberOf(lease), interpretEntry),
  ),
  oneOperation(GIVE_BACK, 1, (key, [id = null], names) =>
    operation('nack', names.key(key), id, interpretOneOr(NOT_HELD)),
  ),
  oneOperation(REMAINING, 0, (key, _, names) => ({
    call: { f: 'remaining', key: names.key(key), value: null, harmless: true },
    interpret: interpretList,
  })),
]

const numberOf = (text: Json): number | null => (typeof text === 'string' && text !== '' ? Number(text) : null)

export const workQueueTable: CommandTable = {
  enqueue: [{ send: ['XADD', '{key}', '*', MESSAGE, '{value}'] }],
  take: [{ send: ['EVAL', TAKE, '1', '{key}', '{value}'], result: 'list' }],
  ack: [{ send: ['XACK', '{key}', GROUP, '{value}'], refused: [0] }],
  nack: [{ send: ['EVAL', GIVE_BACK, '1', '{key}', '{value}'], refused: [0] }],
  remaining: [{ send: ['EVAL', REMAINING, '1', '{key}'], result: 'list' }],
}

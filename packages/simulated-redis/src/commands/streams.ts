import { type Call, type Command, command } from '../command.ts'
import { CommandError, syntaxError, UnknownCommand, wrongArity } from '../failures.ts'
import { integerOf, wholeOf } from '../numbers.ts'
import { NO_ARRAY, OK, type Reply } from '../reply.ts'
import { entriesBetween, removeEntries, type Trimming, trim } from '../stream.ts'
import { entryReply, streamAt, streamFor } from '../stream-access.ts'
import { idOf, idText, LEAST_ID, newId, rangeOf } from '../stream-ids.ts'

interface Cut {
  readonly trimming: Trimming | undefined
  readonly most: number | undefined
  readonly makesStream: boolean
  readonly rest: readonly string[]
}

function cutOf(words: readonly string[], command: 'XADD' | 'XTRIM'): Cut {
  let trimming: Trimming | undefined
  let most: number | undefined
  let makesStream = true
  let at = 0
  for (; at < words.length; at++) {
    const option = (words[at] ?? '').toUpperCase()
    const hasMore = at + 1 < words.length
    if ((option === 'MAXLEN' || option === 'MINID') && hasMore) {
      if (trimming !== undefined)
        throw new CommandError('ERR syntax error, MAXLEN and MINID options at the same time are not compatible')
      const sign = words[at + 1] ?? ''
      const isSigned = (sign === '~' || sign === '=') && at + 2 < words.length
      at += isSigned ? 2 : 1
      trimming = trimmingOf(option, words[at] ?? '', isSigned && sign === '~')
    } else if (option === 'LIMIT' && hasMore) {
      at++
      most = integerOf(words[at] ?? '')
      if (most < 0) throw new CommandError('ERR The LIMIT argument must be >= 0.')
    } else if (option === 'NOMKSTREAM' && command === 'XADD') makesStream = false
    else if (command === 'XADD') break
    else throw syntaxError()
  }
  if (most !== undefined && trimming?.isApproximate !== true)
    throw new CommandError('ERR syntax error, LIMIT cannot be used without the special ~ option')
  return { trimming, most, makesStream, rest: words.slice(at) }
}

function trimmingOf(option: 'MAXLEN' | 'MINID', text: string, isApproximate: boolean): Trimming {
  if (option === 'MINID') return { by: 'id', to: idOf(text), isApproximate }
  const to = wholeOf(text)
  if (to < 0n) throw new CommandError('ERR The MAXLEN argument must be >= 0.')
  return { by: 'length', to, isApproximate }
}

function add(call: Call): Reply {
  const [key = '', ...words] = call.args
  const { trimming, most, makesStream, rest } = cutOf(words, 'XADD')
  const [given = '', ...fields] = rest
  if (fields.length < 2 || fields.length % 2 === 1) throw wrongArity(call.name)
  // Redis checks the ID before it looks for the stream.
  if (given !== '*') newId(given, LEAST_ID, 0)
  if (streamAt(call, key) === undefined && !makesStream) return null
  const id = newId(given, streamAt(call, key)?.lastId ?? LEAST_ID, call.store.now)
  const stream = streamFor(call, key)
  stream.entries.push({ id, fields })
  stream.lastId = id
  stream.addedCount++
  if (trimming !== undefined) trim(stream, trimming, most)
  call.database.changed(key)
  return idText(id)
}

function cut(call: Call): Reply {
  const [key = '', ...words] = call.args
  const { trimming, most } = cutOf(words, 'XTRIM')
  if (trimming === undefined) throw new CommandError('ERR syntax error, XTRIM must be called with a trimming strategy')
  const stream = streamAt(call, key)
  const count = stream === undefined ? 0 : trim(stream, trimming, most)
  if (count > 0) call.database.changed(key)
  return count
}

const range =
  (isReversed: boolean) =>
  (call: Call): Reply => {
    const [key, one = '', other = '', ...words] = call.args
    const [from, to] = isReversed ? rangeOf(other, one) : rangeOf(one, other)
    let count = Number.POSITIVE_INFINITY
    for (let i = 0; i < words.length; i += 2) {
      if ((words[i] ?? '').toUpperCase() !== 'COUNT')
        throw new UnknownCommand(`${call.name.toUpperCase()} with ${words[i]}`)
      if (words[i + 1] === undefined) throw syntaxError()
      count = Math.max(0, integerOf(words[i + 1] ?? ''))
    }
    const stream = streamAt(call, key)
    if (stream === undefined) return []
    if (count === 0) return NO_ARRAY
    const found = entriesBetween(stream, from, to)
    return (isReversed ? found.toReversed() : found).slice(0, count).map(entryReply)
  }

function remove(call: Call): Reply {
  const [key = '', ...texts] = call.args
  const stream = streamAt(call, key)
  if (stream === undefined) return 0
  const ids = texts.map((text) => idOf(text))
  const count = removeEntries(stream, ids)
  if (count > 0) call.database.changed(key)
  return count
}

function setId(call: Call): Reply {
  const [key = '', text = '', ...words] = call.args
  if (words.length > 0) throw new UnknownCommand(`XSETID with the option ${words[0]}`)
  const id = idOf(text)
  const stream = streamAt(call, key)
  if (stream === undefined) throw new CommandError('ERR no such key')
  const last = stream.entries.at(-1)?.id ?? LEAST_ID
  if (id < last) throw new CommandError('ERR The ID specified in XSETID is smaller than the target stream top item')
  stream.lastId = id
  call.database.changed(key)
  return OK
}

export const streamCommands: readonly Command[] = [
  command('XADD', -5, add),
  command('XTRIM', -4, cut),
  command('XLEN', 2, (call) => streamAt(call, call.args[0])?.entries.length ?? 0),
  command('XRANGE', -4, range(false)),
  command('XREVRANGE', -4, range(true)),
  command('XDEL', -3, remove),
  command('XSETID', -3, setId),
]

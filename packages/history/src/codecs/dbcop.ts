import { inputError, type UserError } from '../event/error.ts'
import type { Json } from '../event/event.ts'
import type { ChunkReader, EventSink } from '../event/sink.ts'
import { isArray, isObject, parseJson } from './json-text.ts'
import { type MicroOperation, Sessions } from './sessions-of-transactions.ts'

/** Whether the text is in DBCop's format: sessions of transactions, perhaps as an object's `data`. */
export const isDbcop = (content: string): boolean =>
  /^\[\s*\[\s*\{\s*"(?:events|committed|success)"\s*:/.test(content) ||
  (content.startsWith('{') &&
    /"data"\s*:\s*\[\s*\[\s*\{\s*"(?:events|committed|success)"\s*:/.test(content.slice(0, 2000)))

interface Options {
  readonly source: string
  readonly sink: EventSink
}

/** Reads the JSON of DBCop, a single value per file. */
export function dbcopReader({ source, sink }: Options): ChunkReader {
  const decoder = new TextDecoder()
  let text = ''
  return {
    line: 1,
    get held() {
      return { events: 0, bytes: 2 * text.length }
    },
    read(bytes, start, end, last) {
      text += decoder.decode(bytes.subarray(start, end), { stream: !last })
      if (last) sessionsOf(source, sink, text)
      return end
    },
  }
}

function sessionsOf(source: string, sink: EventSink, text: string): void {
  const sessions = new Sessions({ source, sink })
  const wrong = (what: string): UserError =>
    inputError(
      `${source}: ${what}. A history of DBCop is a list of sessions, each a list of transactions {"events":[{"Write":{"variable":0,"version":1}}],"committed":true}.`,
    )
  let json: Json
  try {
    json = parseJson(text)
  } catch {
    throw wrong('this JSON is cut off or damaged')
  }
  const data = isObject(json) ? (json['data'] ?? null) : json
  if (!isArray(data)) throw wrong('"data" is not a list')
  for (const [number, session] of data.entries()) {
    if (!isArray(session)) throw wrong(`session ${number} is not a list`)
    for (const [place, transaction] of session.entries()) {
      const where = `transaction ${place} of session ${number}`
      const events = isObject(transaction) ? (transaction['events'] ?? null) : null
      if (!isObject(transaction) || !isArray(events)) throw wrong(`${where} has no events`)
      const isCommitted = (transaction['committed'] ?? transaction['success'] ?? true) === true
      const done = events.filter((event) => !isObject(event) || event['success'] !== false)
      const operations = done.map(operationOf).filter((each) => each !== undefined)
      if (operations.length < done.length) throw wrong(`${where} has an event that is neither a Read nor a Write`)
      sessions.add(number, operations, isCommitted, number + 1)
    }
  }
  sessions.end(0)
}

/**
 * Reads one event. An event without a version concerns the initial version. In newer histories, the kind is the name of
 * a member, or the first item of a list.
 */
function operationOf(event: Json): MicroOperation | undefined {
  if (isArray(event)) {
    const [kind, key, version = null] = event
    return (kind === 'r' || kind === 'w') && key !== undefined ? [kind, key, version] : undefined
  }
  if (!isObject(event)) return undefined
  const read = event['Read'] ?? event['read']
  const write = event['Write'] ?? event['write']
  const members = read ?? write
  if (isObject(members) && (read === undefined) !== (write === undefined)) {
    const version = members['version'] ?? members['value'] ?? null
    const key = members['variable'] ?? members['key']
    return key === undefined ? undefined : [read === undefined ? 'w' : 'r', key, version]
  }
  const { write: isWrite, variable, version, value } = event
  if (typeof isWrite !== 'boolean' || variable === undefined) return undefined
  return [isWrite ? 'w' : 'r', variable, version ?? value ?? null]
}

import { existsSync } from 'node:fs'
import { errorText, usageError } from '@chaosproxy/history'
import { type Carriage, carriageNames, parseCarriage, withDescriptor } from '@chaosproxy/proxy/control'
import { findRecordedProtocol, recordedExamples } from '@chaosproxy/recorder/protocols'
import { readBytesFile, readJsonFile } from '../text-file.ts'

/** Options of a recording that replace members of its route table. */
export interface RecordedMembers {
  /** The part of a request that identifies its client. */
  readonly client?: string | undefined
  /** The initial values of keys: `unknown`, `read`, or `{ value }`. */
  readonly initial?: unknown
  /** The model that selects which commands of Redis or PostgreSQL are operations. */
  readonly model?: string | undefined
}

/**
 * Returns how recorded traffic is read: by the route table in a file, or as a protocol such as `resp` or `postgresql`.
 * `as` is the path of the file, or the protocol as a name or as JSON.
 *
 * @throws UserError (usage, input) whose message begins with `where`, or with the file.
 */
export function recordedCarriage(where: string, as: string, { model, ...settings }: RecordedMembers): Carriage {
  const members = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
  const commands = model === undefined ? {} : { commands: model }
  if (carriageNames().includes(as))
    return parseCarriage({ kind: as, ...members, ...(findRecordedProtocol(as) === undefined ? {} : commands) }, where)
  if (/^\w+$/.test(as) && !existsSync(as))
    throw usageError(
      `${where} ${as}: there is no such file, and no protocol of this name.${/^(redis|valkey|keydb)$/i.test(as) ? ' Did you mean resp?' : ''} Give the file of a route table, ${recordedExamples()}.`,
    )
  const given = as.trimStart().startsWith('{') ? parsedCarriage(where, as) : readJsonFile(where, as)
  const table = withDescriptor(given, as, (path) => readBytesFile(where, path))
  const own = table !== null && typeof table === 'object' ? table : {}
  const kind = 'kind' in own ? own.kind : 'http'
  if (findRecordedProtocol(kind) !== undefined) return parseCarriage({ ...own, ...members, ...commands }, as)
  if (typeof kind !== 'string' || !carriageNames().includes(kind))
    throw usageError(
      `${where} ${as}: "kind" is ${JSON.stringify(kind)}, which chaos does not record. Give the file of a route table, ${recordedExamples()}.`,
    )
  if (!/^http2?$/.test(kind)) return parseCarriage({ ...own, ...members }, as)
  return parseCarriage({ ...own, ...members, kind: 'http' }, as)
}

/** @throws UserError (usage) for text that is not JSON. The message begins with `where`. */
export function parsedCarriage(where: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw usageError(`${where} ${text} is not valid JSON: ${errorText(error)}`)
  }
}

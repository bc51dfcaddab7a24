import type { Json } from '../event/event.ts'
import { EventError } from '../event/rules.ts'
import type { ChunkReader } from '../event/sink.ts'
import { membersOf } from './event-members.ts'
import { isObject, parseJson, parseUniqueJson } from './json-text.ts'
import { isComment } from './left-out.ts'
import { LinesReader, Unfinished } from './lines-reader.ts'
import { callOf } from './operation-members.ts'
import { OperationRows, type RowsOptions } from './operation-rows.ts'
import { type Mapping, type Members, Roles } from './roles.ts'
import { timeValue } from './time-units.ts'

/** Reads one operation per line of JSON. */
export function operationLines(options: RowsOptions): ChunkReader {
  const rows = new OperationRows(options)
  return new LinesReader(options, {
    take: (text, line) => {
      if (isComment(text)) rows.leaveOut(line, text)
      else rows.take(membersOf(parsed(text)), line)
    },
    end: () => rows.end(),
    get held() {
      return rows.held
    },
  })
}

const MOST_LINES = 200

/** Whether lines are operations with two times, and not events. */
export function hasOperationLines(content: string, mapping?: Mapping): boolean {
  const roles = new Roles(mapping)
  let found = false
  for (const line of content.split('\n', MOST_LINES)) {
    if (line.trim() === '' || isComment(line)) continue
    let members: Json
    try {
      members = parseJson(line)
    } catch {
      return found
    }
    if (!isObject(members)) return false
    if (Object.hasOwn(members, 'chaos')) continue
    // An invocation is a native event, regardless of its other members.
    if (members['type'] === 'invoke') return false
    found ||= isOperation(members, roles)
    // A line with a type may be a completion.
    if (found && members['type'] === undefined) return true
  }
  return found
}

function isOperation(members: Members, roles: Roles): boolean {
  const call = callOf(members, roles)
  if (call === undefined || timeValue(call[1]) === undefined) return false
  return (roles.found(members, 'returned') ?? roles.found(members, 'took')) !== undefined
}

function parsed(text: string): Json {
  try {
    return parseUniqueJson(text)
  } catch (error) {
    if (error instanceof EventError) throw error
    throw new Unfinished(
      'this line is not valid JSON. Every line must be one JSON object: an operation with its "call" and "return".',
    )
  }
}

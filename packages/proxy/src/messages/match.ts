import type { MessageMatch } from '@chaosproxy/faults'
import { canonical, type Json, memberOf, usageError } from '@chaosproxy/history'
import type { Direction, Framing } from '@chaosproxy/wire'

export function compileMatch(
  match: MessageMatch | undefined,
  framing: Framing,
  direction: Direction,
): (message: Buffer) => boolean {
  const { not, ...given } = match ?? {}
  const conditions = conditionsOf(given, framing, direction)
  const exclusions = not === undefined ? undefined : conditionsOf(not, framing, direction)
  return (message) =>
    conditions.every((holds) => holds(message)) && exclusions?.every((holds) => holds(message)) !== true
}

type Conditions = Omit<MessageMatch, 'not'>

function conditionsOf(match: Conditions, framing: Framing, direction: Direction): ((message: Buffer) => boolean)[] {
  const conditions: ((message: Buffer) => boolean)[] = []
  const { contains, member, command, key } = match
  if (contains !== undefined) {
    const text = Buffer.from(contains)
    conditions.push((message) => (framing.plain?.(message) ?? message).includes(text))
  }
  if (command !== undefined || key !== undefined) conditions.push(commandCondition(command, key, framing, direction))
  if (member !== undefined) {
    if (framing.readsJson !== true)
      throw usageError(`"member" matches only JSON, and the link has the framing ${framing.name}.`)
    conditions.push(memberCondition(member, match, framing))
  }
  return conditions
}

function commandCondition(
  command: string | undefined,
  key: string | undefined,
  framing: Framing,
  direction: Direction,
): (message: Buffer) => boolean {
  const read = framing.command
  if (read === undefined)
    throw usageError(`"command" and "key" match only RESP, and the link has the framing ${framing.name}.`)
  if (direction === 'responses')
    throw usageError('"command" and "key" match only requests, and this link carries only responses.')
  const name = command?.toUpperCase()
  return (message) => {
    const given = read(message)
    return (
      given !== undefined && (name === undefined || given.name === name) && (key === undefined || given.key === key)
    )
  }
}

function memberCondition(path: string, match: Conditions, framing: Framing): (message: Buffer) => boolean {
  const names = path.split('.')
  const wanted = match.equals === undefined ? undefined : canonical(match.equals)
  const name = Buffer.from(names.at(-1) ?? '')
  const isSought = !ADDED.has(names[0] ?? '') && PLAIN.test(names.at(-1) ?? '')
  return (message) => {
    const text = framing.plain?.(message) ?? message
    // Parsing a text that is not JSON takes a hundred times longer. Therefore a text without the member's name is not
    // parsed.
    if (isSought && !text.includes(name) && !text.includes(ESCAPE)) return false
    const value = framing.read(message)
    const found = value === undefined ? undefined : memberOf(value, names)
    return found !== undefined && (wanted === undefined || equals(found, wanted))
  }
}

/** JSON may write any letter as an escape such as `\u0041`. */
const ESCAPE = Buffer.from('\\u')
const PLAIN = /^[\w-]+$/
/** A message that is not JSON is read as an object with some of these members. */
const ADDED: ReadonlySet<string> = new Set(['base64', 'close', 'reason'])

function equals(value: Json, wanted: string): boolean {
  try {
    return canonical(value) === wanted
  } catch {
    return false
  }
}

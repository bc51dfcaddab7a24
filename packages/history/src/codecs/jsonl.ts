import type { Event, EventInput, Header, Json } from '../event/event.ts'
import { EventError, shortened } from '../event/rules.ts'
import { eventMembers, eventOfMembers, headerMembers, headerOfMembers, membersOf } from './event-members.ts'
import { jsonErrorOffset, jsonText, numberText, parseUniqueJson } from './json-text.ts'

export type Line =
  | { readonly kind: 'header'; readonly header: Header }
  | { readonly kind: 'event'; readonly event: EventInput }

/** Parses one line of a native history. Throws EventError; the caller adds file and line. */
export function parseJsonLine(text: string): Line {
  const members = membersOf(parsedJson(text))
  const header = headerOfMembers(members)
  return header === undefined ? { kind: 'event', event: eventOfMembers(members) } : { kind: 'header', header }
}

/** @throws BadJson */
export function parsedJson(text: string): Json {
  try {
    return parseUniqueJson(text)
  } catch (error) {
    if (error instanceof EventError) throw error
    throw new BadJson(badJson(text))
  }
}

/** Thrown if the line is not JSON, like the last line of a file whose writer was killed. */
export class BadJson extends EventError {}

function badJson(text: string): string {
  const offset = jsonErrorOffset(text)
  const remedy = 'Every line is one JSON object.'
  if (offset >= text.trimEnd().length) return `bad JSON: the line ends at column ${offset + 1}, too early. ${remedy}`
  return `bad JSON at column ${offset + 1}, near ${JSON.stringify(shortened(text.slice(offset, offset + 20)))}. ${remedy}`
}

/** Prints an event as one line, without its line end. `parseJsonLine` parses it to an equal event. */
export function printJsonLine(event: Event | EventInput): string {
  let text = '{'
  if (event.index !== undefined) text += `"index":${event.index},`
  if (event.time !== undefined) text += `"time":${numberText(event.time)},`
  text += `"process":${JSON.stringify(event.process)},"type":"${event.type}","f":${JSON.stringify(event.f)}`
  if (event.key !== undefined) text += `,"key":${jsonText(event.key)}`
  if (event.value !== undefined) text += `,"value":${jsonText(event.value)}`
  if (event.node !== undefined) text += `,"node":${JSON.stringify(event.node)}`
  if (event.error !== undefined) text += `,"error":${JSON.stringify(event.error)}`
  if (event.final !== undefined) text += `,"final":${event.final}`
  if (event.answered !== undefined) text += `,"answered":${event.answered}`
  if (event.session !== undefined) text += `,"session":${JSON.stringify(event.session)}`
  return `${text}${printExtra(event.extra, eventMembers)}}`
}

/** The first line of a native history, without its line end. */
export function printJsonHeader(header: Header): string {
  let text = '{"chaos":1'
  if (header.model !== undefined) text += `,"model":${JSON.stringify(header.model)}`
  if (header.initial !== undefined) text += `,"initial":${jsonText(header.initial)}`
  if (header.sessions !== undefined) text += `,"sessions":${jsonText({ ...header.sessions })}`
  if (header.mapping !== undefined) text += `,"mapping":${jsonText(header.mapping)}`
  if (header.ends !== undefined) text += `,"ends":${header.ends}`
  if (header.stamps !== undefined) text += `,"stamps":${jsonText({ ...header.stamps })}`
  if (header.from !== undefined) text += `,"from":${JSON.stringify(header.from)}`
  if (header.taken !== undefined) text += `,"taken":${JSON.stringify(header.taken)}`
  return `${text}${printExtra(header.extra, headerMembers)}}`
}

function printExtra(extra: Event['extra'], reserved: readonly string[]): string {
  if (extra === undefined) return ''
  return Object.keys(extra)
    .filter((name) => !reserved.includes(name))
    .map((name) => `,${JSON.stringify(name)}:${jsonText(extra[name] ?? null)}`)
    .join('')
}

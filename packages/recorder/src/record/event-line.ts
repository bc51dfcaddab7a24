import { type EventInput, type Json, type Nanos, type Process, printJsonLine } from '@chaosproxy/history'

/** An event with every member of its line in the history, including the members that only the recorder sets. */
export interface RecordedEvent
  extends Pick<EventInput, 'process' | 'type' | 'f' | 'value' | 'node' | 'error' | 'final' | 'answered' | 'session'> {
  index: number
  readonly time: Nanos
  readonly key?: string | undefined
  readonly epoch?: number | undefined
  /**
   * The boundaries of the proxy that the request and its reply crossed, such as `client-in`. Absent if they crossed all
   * four.
   */
  readonly edges?: readonly string[] | undefined
  /**
   * The number that identifies a `touched` mark, which says that a request may have changed keys. If the request is
   * refused, a later line withdraws the mark with this number.
   */
  readonly mark?: number | undefined
}

/** The index of an event that is not written yet. */
export const UNWRITTEN = 0

export interface Line {
  readonly text: string
  readonly event: RecordedEvent
}

/**
 * Joins the parts of an event's line. The result equals the text that `printJsonLine` returns. It takes a fraction of
 * the time, because shared parts are built only once. Every request adds two to four lines.
 *
 * @param members function, key and value as text
 * @param more the rest of the event as text
 */
export const eventLine = (event: RecordedEvent, members: string, more: string): Line => ({
  text: `,"time":${event.time},"process":${processText(event.process)},"type":"${event.type}"${members}${more}}\n`,
  event,
})

const processText = (process: Process): string => (typeof process === 'number' ? String(process) : quoted(process))

export interface Extra {
  readonly text: string
  readonly members: { readonly [member: string]: Json }
}

export const NO_EXTRA: Extra = { text: '', members: {} }

export const extraOf = (members: Extra['members']): Extra => ({ text: extraText(members), members })

export const joined = (one: Extra, other: Extra): Extra => {
  if (one === NO_EXTRA) return other
  return other === NO_EXTRA ? one : { text: one.text + other.text, members: { ...one.members, ...other.members } }
}

/** Function and key. */
export const subjectText = (f: string, key: string | undefined): string =>
  key === undefined ? `,"f":${quoted(f)}` : `,"f":${quoted(f)},"key":${quoted(key)}`

export const nodeText = (node: string): string => `,"node":${quoted(node)}`

export const errorText = (error: string): string => `,"error":${quoted(error)}`

export const sessionText = (session: string): string => `,"session":${quoted(session)}`

export const epochText = (epoch: number): string => `,"epoch":${epoch}`

export function valueText(value: Json): string {
  if (value === null) return ',"value":null'
  return `,"value":${jsonOf(value)}`
}

function extraText(extra: Extra['members']): string {
  let text = ''
  for (const name of Object.keys(extra)) text += `,${quoted(name)}:${jsonOf(extra[name] ?? null)}`
  return text
}

const PLAIN = /^[ !#-[\]-~]*$/

const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))

/** The value as JSON. The history package prints unusual values, such as numbers that JSON cannot represent. */
const jsonOf = (value: Json): string =>
  plainText(value, 0) ?? printJsonLine({ process: 0, type: 'ok', f: '', value }).slice(VALUE_AT, -1)

/** The value as JSON. Undefined if the value has an object, an unsafe or fractional number, or deeply nested lists. */
function plainText(value: Json, depth: number): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) ? String(value) : undefined
    case 'string':
      return quoted(value)
    case 'boolean':
      return String(value)
    default:
  }
  if (value === null) return 'null'
  if (!Array.isArray(value) || depth === DEEPEST_PLAIN) return undefined
  let text = '['
  for (let at = 0; at < value.length; at++) {
    const item = plainText(value[at] as Json, depth + 1)
    if (item === undefined) return undefined
    text += at === 0 ? item : `,${item}`
  }
  return `${text}]`
}

const DEEPEST_PLAIN = 4

const VALUE_AT = '{"process":0,"type":"ok","f":"","value":'.length

import type { EventType, Json, Nanos } from '@chaosproxy/history'
import { printJsonLine } from '@chaosproxy/history'

/**
 * Joins the parts of an event's line, from the comma after its index. The result equals that of `printJsonLine`, in a
 * fraction of the time, since parts shared by the two events of an operation, or by a whole connection, are built only
 * once. Every request costs two to four lines.
 */
export const eventLine = (time: Nanos, process: string, type: EventType, members: string, more: string): string =>
  `,"time":${time},"process":${process},"type":"${type}"${members}${more}}\n`

/** Function and key. */
export const subjectText = (f: string, key: string | undefined): string =>
  key === undefined ? `,"f":${quoted(f)}` : `,"f":${quoted(f)},"key":${quoted(key)}`

export const nodeText = (node: string): string => `,"node":${quoted(node)}`

export const errorText = (error: string): string => `,"error":${quoted(error)}`

export const sessionText = (session: string): string => `,"session":${quoted(session)}`

/** The epoch of the faults in force. */
export const epochText = (epoch: number): string => `,"epoch":${epoch}`

export function valueText(value: Json): string {
  if (value === null) return ',"value":null'
  return typeof value === 'string' ? `,"value":${quoted(value)}` : `,"value":${jsonOf(value)}`
}

export function extraText(extra: { readonly [member: string]: Json }): string {
  let text = ''
  for (const name of Object.keys(extra)) text += `,${quoted(name)}:${jsonOf(extra[name] ?? null)}`
  return text
}

const PLAIN = /^[ !#-[\]-~]*$/

const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))

/** Uses the history's own printer, which handles numbers that JSON cannot express and values nested too deeply. */
function jsonOf(value: Json): string {
  if (typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value)
  return printJsonLine({ process: 0, type: 'ok', f: '', value }).slice(VALUE_AT, -1)
}

const VALUE_AT = '{"process":0,"type":"ok","f":"","value":'.length

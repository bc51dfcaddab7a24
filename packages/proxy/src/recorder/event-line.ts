import type { EventType, Json, Nanos } from '@chaos/history'
import { printJsonLine } from '@chaos/history'

/** An event of a recorded operation, as the recorder has it. */
export interface RecordedEvent {
  readonly time: Nanos
  readonly process: number | 'nemesis'
  readonly type: EventType
  readonly f: string
  readonly key?: string | undefined
  readonly value?: Json | undefined
  readonly node?: string | undefined
  readonly error?: string | undefined
  readonly extra?: { readonly [member: string]: Json } | undefined
  /** Of the rules in force. */
  readonly epoch: number
}

/**
 * The event's line from the comma after its index on, line end included: what `printJsonLine` makes of it, at a quarter
 * of the time where the members are as simple as they mostly are. Every request costs two to four of these.
 */
export function eventMembers(event: RecordedEvent): string {
  const { value, node, error, extra } = event
  let text = `,"time":${event.time},"process":${typeof event.process === 'number' ? event.process : '"nemesis"'},"type":"${event.type}","f":${quoted(event.f)}`
  if (event.key !== undefined) text += `,"key":${quoted(event.key)}`
  if (value !== undefined) {
    if (value === null) text += ',"value":null'
    else if (typeof value === 'string') text += `,"value":${quoted(value)}`
    else text += `,"value":${jsonOf(value)}`
  }
  if (node !== undefined) text += `,"node":${quoted(node)}`
  if (error !== undefined) text += `,"error":${quoted(error)}`
  text += `,"epoch":${event.epoch}`
  if (extra !== undefined) {
    for (const name of Object.keys(extra)) text += `,${quoted(name)}:${jsonOf(extra[name] ?? null)}`
  }
  return `${text}}\n`
}

const PLAIN = /^[ !#-[\]-~]*$/

const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))

/** As the history's own printer has it, which knows about numbers that JSON confuses and values nested too deeply. */
function jsonOf(value: Json): string {
  if (typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value)
  return printJsonLine({ process: 0, type: 'ok', f: '', value }).slice(VALUE_AT, -1)
}

const VALUE_AT = '{"process":0,"type":"ok","f":"","value":'.length

import type { Event, EventInput, Json } from '../event/event.ts'
import { isClient } from '../tables/processes.ts'
import { isTransaction } from '../tables/transactions.ts'
import { atomOf, elementsOf } from './edn-values.ts'
import { isArray, numberText } from './json-text.ts'

const SIMPLE_NAME = /^[A-Za-z*!_?$%&=<>][\w*!?$%&=<>.'-]*(\/[A-Za-z*!_?$%&=<>][\w*!?$%&=<>.'-]*)?$/

export interface EdnWriterOptions {
  /** Whether to write keyed values as `[key value]`, without `:key`, as Jepsen's independent tests expect. */
  readonly independent?: boolean | undefined
}

/**
 * Prints an event as a map on one line, with names as keywords, as in Jepsen. A reader of the line gets an equal event.
 * With `independent`, a key and its value become a pair, which the reader must detect.
 */
export function printEdnEvent(event: Event | EventInput, options: EdnWriterOptions = {}): string {
  const members: string[] = []
  if (event.index !== undefined) members.push(`:index ${event.index}`)
  if (event.time !== undefined) members.push(`:time ${timeText(event.time)}`)
  members.push(`:process ${typeof event.process === 'number' ? event.process : named(event.process)}`)
  members.push(`:type :${event.type}`, `:f ${named(event.f)}`)
  const { key, value } = event
  const text = isTransaction(event.f) ? transactionText : ednText
  const joined = options.independent === true && key !== undefined && isClient(event.process)
  if (joined) members.push(`:value [${ednText(key)} ${text(value ?? null)}]`)
  else {
    if (key !== undefined) members.push(`:key ${ednText(key)}`)
    if (value !== undefined) members.push(`:value ${text(value)}`)
  }
  if (event.node !== undefined) members.push(`:node ${JSON.stringify(event.node)}`)
  if (event.error !== undefined) members.push(`:error ${JSON.stringify(event.error)}`)
  if (event.final !== undefined) members.push(`:final ${event.final}`)
  if (event.answered !== undefined) members.push(`:answered ${event.answered}`)
  if (event.session !== undefined) members.push(`:session ${JSON.stringify(event.session)}`)
  const { extra = {} } = event
  for (const name of Object.keys(extra)) members.push(`${named(name)} ${ednText(extra[name] ?? null)}`)
  return `{${members.join(', ')}}`
}

function ednText(value: Json): string {
  if (value === null) return 'nil'
  if (typeof value === 'string') return atomOf(value) ?? JSON.stringify(value)
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'boolean') return String(value)
  if (isArray(value)) return `[${value.map(ednText).join(' ')}]`
  const elements = elementsOf(value)
  if (elements !== undefined) return `#{${elements.map(ednText).join(' ')}}`
  const members = Object.keys(value).map((name) => `${JSON.stringify(name)} ${ednText(value[name] ?? null)}`)
  return `{${members.join(', ')}}`
}

/** The text of a transaction, with kinds as keywords. */
function transactionText(value: Json): string {
  if (!isArray(value)) return ednText(value)
  const micro = (item: Json): string => {
    if (!isArray(item)) return ednText(item)
    const [kind, ...rest] = item
    return typeof kind === 'string' ? `[${[named(kind), ...rest.map(ednText)].join(' ')}]` : ednText(item)
  }
  return `[${value.map(micro).join(' ')}]`
}

const timeText = (time: number): string => (Number.isSafeInteger(time) ? String(time) : numberText(time))

const named = (name: string): string => (SIMPLE_NAME.test(name) ? `:${name}` : JSON.stringify(name))

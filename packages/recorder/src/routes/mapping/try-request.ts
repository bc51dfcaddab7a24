import { inputError, type Json, nanos } from '@chaosproxy/history'
import { createRecorder } from '../../record/recorder.ts'
import type { RouteTable } from '../table/route-table.ts'
import { describeTable } from './describe-table.ts'
import { keptOfAnswer } from './kept-of-answer.ts'
import { compileMapping, type Understood } from './mapping.ts'

export interface WrittenRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

export interface WrittenAnswer {
  readonly status: number
  readonly headers: WrittenRequest['headers']
  readonly body: string
}

export interface TriedRequest {
  readonly kind: Understood['understanding']['kind']
  /** The number of the matching route, from 1. */
  readonly route: number | undefined
  readonly session: string | undefined
  /** The history's events, with the recorder's marks. */
  readonly events: readonly { readonly [member: string]: Json }[]
}

/** Passes a request and a response through a real recorder. */
export function tryRequest(table: RouteTable, request: WrittenRequest, answer: WrittenAnswer): TriedRequest {
  const lines: string[] = []
  let time = 0
  const now = () => nanos(time++)
  const recorder = createRecorder({ client: { write: (line) => void lines.push(line) }, now })
  describeTable(table, recorder)
  const head = { method: request.method, target: request.target, headers: fieldsOf(request.headers) }
  const peer = { connection: 1, address: '127.0.0.1', process: 'client 4711' }
  const routed = compileMapping(table).match(head)
  const body = routed.bodyBytes === 0 ? undefined : { bytes: Buffer.from(request.body) }
  const { understanding, complete, route } = routed.understand(head, body, peer)
  const exchange = recorder.connection({ node: 'n1', client: peer.address }).beginWhole(now())
  exchange.called(understanding)
  exchange.forwarded(now())
  const headers = fieldsOf(answer.headers)
  const completions = complete({
    status: answer.status,
    headers,
    body: keptOfAnswer(routed, headers) === 0 ? undefined : { bytes: Buffer.from(answer.body) },
  })
  exchange.answered(now(), completions)
  exchange.delivered(now(), completions)
  return {
    kind: understanding.kind,
    route: route === undefined ? undefined : route + 1,
    session: understanding.kind === 'operations' ? understanding.session : undefined,
    events: lines.map((line) => JSON.parse(line) as { readonly [member: string]: Json }),
  }
}

function fieldsOf(headers: WrittenRequest['headers']): { get(name: string): string | undefined } {
  const fields = new Map<string, string>()
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    const before = fields.get(lower)
    fields.set(lower, before === undefined ? value : `${before}, ${value}`)
  }
  return { get: (name) => fields.get(name) }
}

/**
 * Parses `PUT /kv/x`, or a whole request as in HTTP/1.1.
 *
 * @throws UserError (input)
 */
export function readWrittenRequest(text: string, where: string): WrittenRequest {
  const form = /^([A-Z]+) (\S+)(?: HTTP\/1\.[01])?$/
  const { line, headers, body } = messageOf(text, where, form, 'Write a method and a path: PUT /kv/x')
  return { method: line[1] ?? '', target: line[2] ?? '', headers, body }
}

/**
 * Parses `200`, or a whole response as in HTTP/1.1.
 *
 * @throws UserError (input)
 */
export function readWrittenAnswer(text: string, where: string): WrittenAnswer {
  const form = /^(?:HTTP\/\S+ )?([1-5]\d\d)(?: .*)?$/
  const { line, headers, body } = messageOf(text, where, form, 'Write a status: HTTP/1.1 200 OK')
  return { status: Number(line[1]), headers, body }
}

/**
 * Parses an HTTP message whose first line must match `form`. If the first line does not match, the error message ends
 * with `remedy`.
 */
function messageOf(
  text: string,
  where: string,
  form: RegExp,
  remedy: string,
): { line: RegExpExecArray; headers: WrittenRequest['headers']; body: string } {
  const end = /\r?\n\r?\n/.exec(text)
  const head = end === null ? text.trimEnd() : text.slice(0, end.index)
  const [first = '', ...lines] = head.split(/\r?\n/)
  const headers = lines.map((line) => readHeader(line, where))
  const line = form.exec(first)
  if (line === null) throw inputError(`${where}: the first line is ${JSON.stringify(first)}. ${remedy}`)
  return {
    line,
    headers,
    // Editors add a newline at the end of a file. JSON does not need it.
    body: end === null ? '' : text.slice(end.index + end[0].length).replace(/\r?\n$/, ''),
  }
}

/** Parses `X-Client: alice`. @throws UserError (input) */
export function readHeader(line: string, where: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':')
  if (colon > 0) return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
  throw inputError(`${where}: ${JSON.stringify(line)} is not a header. Write X-Client: alice`)
}

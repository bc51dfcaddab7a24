import type { Json } from '@chaos/history'
import { UserError } from '@chaos/history'
import { describeGrpcStatus, grpcStatusNames, usualGrpcOutcome } from '../grpc/grpc-status.ts'
import type { Schema } from '../grpc/message-type.ts'
import type { Call, Completion } from '../recorder/call.ts'
import { UNSAID } from '../recorder/call.ts'
import type { Captured } from './body-capture.ts'
import { jsonOf, textOf } from './body-value.ts'
import type { MatchableHead } from './head-match.ts'
import { compilePath, decodeSegment, pathOf } from './path-pattern.ts'
import type { OutcomeName, RouteSpec, RouteTable, ValueSource } from './route-table.ts'

/** Header fields, by names in lower case. */
type Fields = MatchableHead['headers']

/** What is needed of an answer to say how an operation ended. */
export interface Answer {
  readonly status: number
  /** Of a call of gRPC, which says with it how it ended. */
  readonly grpcStatus?: number | undefined
  readonly headers: Fields | undefined
  readonly body: Captured | undefined
}

/** Requests that a route recognises by their method and target, before anything else of them is known. */
export interface RoutedRequest {
  /** How much of the request's body to keep; 0 for nothing. */
  readonly bodyBytes: number
  /** Undefined where the body does not say what the route expects of it. */
  call(head: MatchableHead, body: Captured | undefined): Call | undefined
  /** How much of the answer's body to keep. */
  readonly answerBytes: number
  readonly harmless: boolean
  complete(call: Call, answer: Answer): Completion
}

/** Requests as operations, as a route table has them. */
export interface HttpMapping {
  /** Undefined for what no route recognises. */
  match(head: MatchableHead): RoutedRequest | undefined
  /** What the messages of gRPC consist of. */
  readonly schema: Schema | undefined
}

export function compileMapping(table: RouteTable): HttpMapping {
  const requestId = table.requestId?.toLowerCase()
  const routes = table.routes.map((spec) => compileRoute(spec, requestId))
  // The same keys are asked for over and over.
  const known = new Map<string, Map<string, RoutedRequest | undefined>>()

  function find(method: string, target: string): RoutedRequest | undefined {
    const path = pathOf(target)
    for (const route of routes) {
      const found = route(method, path)
      if (found !== undefined) return found
    }
    return undefined
  }

  return {
    schema: table.schema,
    match({ method, target }) {
      let targets = known.get(method)
      if (targets === undefined) {
        if (known.size >= MOST_METHODS) return find(method, target)
        targets = new Map()
        known.set(method, targets)
      }
      let found = targets.get(target)
      if (found === undefined && !targets.has(target)) {
        found = find(method, target)
        if (targets.size >= MOST_TARGETS) targets.clear()
        targets.set(target, found)
      }
      return found
    },
  }
}

const MOST_METHODS = 16
const MOST_TARGETS = 1000

type Route = (method: string, path: string) => RoutedRequest | undefined

function compileRoute(spec: RouteSpec, requestId: string | undefined): Route {
  const [methods = '', pattern = ''] = spec.request.split(' ')
  const allowed = methods.split(',')
  const path = compilePath(pattern)
  const keyOf = compileKey(spec, path.names)
  const inputOf = compileValue(spec.value)
  const resultOf = spec.result === undefined ? undefined : compileSource(spec.result)
  const bodyBytes = bytesFor([...sourcesOf(spec.value), ...(spec.key === undefined ? [] : [spec.key])])
  const answerBytes = bytesFor(spec.result === undefined ? [] : [spec.result])
  const harmless = spec.harmless ?? (spec.f === 'read' || spec.f === 'get')
  const outcomes = compileOutcomes(spec.outcomes ?? {})

  function complete(call: Call, answer: Answer): Completion {
    const outcome = outcomes(answer)
    const status = describeStatus(answer)
    if (outcome === 'absent') return { type: 'ok', value: null }
    if (outcome !== 'ok') return { type: outcome, error: status }
    if (resultOf === undefined) return { type: 'ok', value: call.value === UNSAID ? null : call.value }
    const value = resultOf(new Message(NO_NAMES, NO_NAMES, '', answer.headers, answer.body))
    return value === undefined
      ? { type: 'not-understood', error: `${status}, and nothing at ${spec.result}` }
      : { type: 'ok', value }
  }

  function call(head: MatchableHead, segments: readonly string[], body: Captured | undefined): Call | undefined {
    const message = new Message(segments, path.names, head.target, head.headers, body)
    const key = keyOf(message)
    const value = inputOf(message)
    if (key === NOT_THERE || value === undefined) return undefined
    const id = requestId === undefined ? undefined : head.headers.get(requestId)
    return { f: spec.f, key, value, harmless, requestId: id }
  }

  return (method, requestPath) => {
    if (!allowed.includes(method)) return undefined
    const segments = path.match(requestPath)
    if (segments === null) return undefined
    const decoded = segments.map(decodeSegment)
    return { bodyBytes, answerBytes, harmless, complete, call: (head, body) => call(head, decoded, body) }
  }
}

/** Where values are found. */
class Message {
  /** The path, and what its names stand for, decoded. */
  readonly segments: readonly string[]
  readonly names: readonly string[]
  readonly target: string
  readonly headers: Fields | undefined
  readonly body: Captured | undefined

  constructor(
    segments: readonly string[],
    names: readonly string[],
    target: string,
    headers: Fields | undefined,
    body: Captured | undefined,
  ) {
    this.segments = segments
    this.names = names
    this.target = target
    this.headers = headers
    this.body = body
  }
}

const NO_NAMES: readonly string[] = []

const NOT_THERE = Symbol('no key')

function compileKey(
  spec: RouteSpec,
  names: readonly string[],
): (message: Message) => string | undefined | typeof NOT_THERE {
  const source = spec.key ?? (names.includes('key') ? 'path.key' : undefined)
  if (source === undefined) return () => undefined
  const read = compileSource(source)
  return (message) => {
    const value = read(message)
    if (value === undefined || value === null) return NOT_THERE
    return typeof value === 'string' ? value : JSON.stringify(value)
  }
}

function compileValue(value: RouteSpec['value']): (message: Message) => Json | undefined {
  if (value === undefined) return () => null
  if (typeof value === 'string') return compileSource(value)
  const sources = value.map(compileSource)
  return (message) => {
    const values: Json[] = []
    for (const source of sources) {
      const part = source(message)
      if (part === undefined) return undefined
      values.push(part)
    }
    return values
  }
}

const sourcesOf = (value: RouteSpec['value']): readonly ValueSource[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value

/** Longer texts stand in the history by their hash. JSON has to be read whole. */
const LONGEST_TEXT_BYTES = 4 * 1024
const LONGEST_JSON_BYTES = 1024 * 1024

function bytesFor(sources: readonly ValueSource[]): number {
  if (sources.some((source) => /^json\b/.test(source))) return LONGEST_JSON_BYTES
  return sources.includes('body') ? LONGEST_TEXT_BYTES : 0
}

/** What to read, and where, as a function. The parser has seen to it that it is one of these. */
function compileSource(source: ValueSource): (message: Message) => Json | undefined {
  const dot = source.indexOf('.')
  const kind = dot < 0 ? source : source.slice(0, dot)
  const name = dot < 0 ? '' : source.slice(dot + 1)
  switch (kind) {
    case 'body':
      return ({ body, headers }) => (body === undefined ? undefined : textOf(body, headers?.get('content-encoding')))
    case 'json': {
      const members = name === '' ? [] : name.split('.')
      return ({ body, headers }) => {
        const value = body === undefined ? undefined : jsonOf(body, headers?.get('content-encoding'))
        return value === undefined ? undefined : memberOf(value, members)
      }
    }
    case 'path':
      return ({ segments, names }) => segments[names.indexOf(name) + 1]
    case 'query':
      return ({ target }) => {
        const question = target.indexOf('?')
        const query = question < 0 ? '' : target.slice(question + 1)
        return new URLSearchParams(Buffer.from(query, 'latin1').toString('utf8')).get(name) ?? undefined
      }
    case 'header': {
      const field = name.toLowerCase()
      return ({ headers }) => headers?.get(field)
    }
    default:
      throw new UserError('usage', `${source} names no place in a message`)
  }
}

function memberOf(value: Json, members: readonly string[]): Json | undefined {
  let found: Json | undefined = value
  for (const member of members) {
    if (found === null || typeof found !== 'object' || !Object.hasOwn(found, member)) return undefined
    found = (found as { readonly [name: string]: Json })[member]
  }
  return found
}

const describeStatus = ({ status, grpcStatus }: Answer): string =>
  grpcStatus === undefined ? `status ${status}` : describeGrpcStatus(grpcStatus)

/** A status by itself, then its class, then what HTTP, or gRPC, says of them all. */
function compileOutcomes(outcomes: { readonly [status: string]: OutcomeName }): (answer: Answer) => OutcomeName {
  const known = new Map<number, OutcomeName>()
  return ({ status, grpcStatus }) => {
    if (grpcStatus !== undefined) return grpcOutcome(outcomes, grpcStatus)
    let outcome = known.get(status)
    if (outcome === undefined) {
      outcome = outcomes[String(status)] ?? outcomes[`${Math.floor(status / 100)}xx`] ?? usualOutcome(status)
      known.set(status, outcome)
    }
    return outcome
  }
}

const grpcOutcome = (outcomes: { readonly [status: string]: OutcomeName }, status: number): OutcomeName =>
  outcomes[`grpc ${status}`] ?? outcomes[`grpc ${grpcStatusNames[status] ?? ''}`] ?? usualGrpcOutcome(status)

/**
 * A 2xx is done. A 4xx says that the request was not taken (408 excepted: it may have been, in part). Of anything else, a
 * 5xx above all, nobody knows.
 */
function usualOutcome(status: number): OutcomeName {
  if (status >= 200 && status < 300) return 'ok'
  return status >= 400 && status < 500 && status !== 408 ? 'fail' : 'info'
}

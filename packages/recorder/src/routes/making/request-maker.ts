import { type Input, inputError, type Json, writtenValue } from '@chaosproxy/history'
import type { Answer } from '@chaosproxy/wire/http'
import type { Interpretation } from '../../record/call.ts'
import { formOf, isList } from '../forms/form-of.ts'
import { keptOfAnswer } from '../mapping/kept-of-answer.ts'
import { compileMapping, type HttpMapping } from '../mapping/mapping.ts'
import type { WrittenRequest } from '../mapping/try-request.ts'
import { isOfAnswer, partsOfKey, sourcesOf } from '../mapping/value-source.ts'
import { findPlace } from '../places/place-of.ts'
import {
  isIgnored,
  keySpec,
  type OperationSpec,
  operationsOf,
  type RecordedRoute,
  type RouteTable,
  requestLine,
  type ValueSpec,
} from '../table/route-table.ts'
import { RequestDraft, type Trouble } from './request-draft.ts'

interface Asker {
  /** The client's name, for a table with a place for it. */
  readonly session: string
  readonly requestId: string
  readonly final: boolean
}

export interface MadeRequest {
  readonly type: 'made'
  readonly request: WrittenRequest
  /** The operation's key and value in the record. */
  readonly key: string | undefined
  /** How many bytes of the response's body are needed. */
  readonly answerBytes: number
  complete(answer: Answer): Interpretation
}

type Made = MadeRequest | { readonly type: 'impossible'; readonly why: string }

export interface RequestMaker {
  readonly functions: readonly string[]
  /** For each function, such as `write`, that chaos cannot send as a request: the reason and the remedy. */
  readonly refusals: ReadonlyMap<string, string>
  /**
   * Whether the function `f` writes a value that contains a version from the response, such as an ETag. If so, a cas
   * must expect a version from an earlier response.
   */
  speaksVersions(f: string): boolean
  make(input: Input, asker: Asker): Made
}

interface Turned {
  readonly number: number
  readonly route: RecordedRoute
  readonly operation: OperationSpec
  readonly at: string
}

export function compileRequestMaker(table: RouteTable, where: string): RequestMaker {
  const mapping = compileMapping(table)
  const turned = new Map<string, Turned[]>()
  const refusals = new Map<string, string>()
  for (const [number, route] of table.routes.entries()) {
    if (isIgnored(route)) continue
    const at = `${where}: route ${number + 1} (${route.request})`
    const operations = operationsOf(route)
    const [operation] = operations
    if (operation === undefined) continue
    const why = irreversible(route, operations)
    if (why !== undefined) {
      for (const { f } of operations) if (!refusals.has(f)) refusals.set(f, `${at}: ${why}`)
      continue
    }
    turned.set(operation.f, [...(turned.get(operation.f) ?? []), { number, route, operation, at }])
  }
  for (const f of turned.keys()) refusals.delete(f)
  return {
    functions: [...turned.keys()],
    refusals,
    speaksVersions: (f) =>
      (turned.get(f) ?? []).some(({ operation }) => sourcesOf(operation.value).some((source) => isOfAnswer(source))),
    make(input, asker) {
      const candidates = turned.get(input.f) ?? []
      let why = refusals.get(input.f) ?? `${where} has no route for ${input.f}`
      for (const candidate of candidates) {
        const made = makeBy(candidate, input, { table, mapping, asker })
        if (made.type === 'made') return made
        why = `${candidate.at}: ${made.why}`
      }
      return { type: 'impossible', why }
    },
  }
}

function irreversible(route: RecordedRoute, operations: readonly OperationSpec[]): string | undefined {
  const [operation] = operations
  if (operation === undefined || operations.length > 1)
    return 'it has several operations at once, and clients make one at a time. Give each its own route, or write a client (kind "module")'
  if (route.request.startsWith('GRPC '))
    return 'gRPC can be recorded, but not sent. Write a client (kind "module" or "program")'
  if (operation.perhaps) return 'its operation only happens later, if at all. Add a route that does it at once'
  if (operation.each !== undefined)
    return 'it has an operation for each item of a list, and clients use one object at a time. Add a route for a single one'
  if (sourcesOf(operation.key).some(isOfAnswer))
    return 'its key is chosen by the server, so clients cannot choose one. Add a route with the key in the request (PUT /items/{key}), or write a client (kind "module")'
  if (sourcesOf(operation.value).some(isOfAnswer) && Object.keys(route.sends ?? {}).length === 0)
    return 'its value is only in the answer, so it is unknown what to send. Say it with "sends", such as "sends": {"body": "{value}"}'
  return undefined
}

interface Making {
  readonly table: RouteTable
  readonly mapping: HttpMapping
  readonly asker: Asker
}

function makeBy({ number, route, operation }: Turned, input: Input, { table, mapping, asker }: Making): Made {
  const impossible = (why: string): Made => ({ type: 'impossible', why })
  const draft = new RequestDraft(table.spellings?.of)
  const { methods, path: pattern } = requestLine(route)
  const sends = { ...table.sends, ...route.sends }
  const trouble =
    putKey(operation, input, pattern, { draft, fixed: new Set(Object.keys(sends)) }) ??
    putValue(operation.value, input.value, draft) ??
    putConditions(route, draft) ??
    putSent(sends, { key: input.key ?? '', value: writtenValue(input.f, input.value), ...asker }, draft) ??
    putAsker(route.client ?? table.client, table, { draft, asker, sends })
  if (trouble !== undefined) return impossible(trouble)
  const request = draft.finish(methods[0] ?? '', pattern)
  if ('why' in request) return impossible(request.why)
  // Check that the route table assigns the request to this route, and reads operations from it.
  const head = { method: request.method, target: request.target, headers: fieldsOf(request.headers) }
  const routed = mapping.match(head)
  const body = routed.bodyBytes === 0 ? undefined : { bytes: Buffer.from(request.body) }
  const { understanding, complete, route: taker } = routed.understand(head, body, NOBODY)
  if (taker !== number)
    return impossible(
      taker === undefined
        ? 'it does not match the request that chaos makes from it'
        : `route ${taker + 1} takes its requests. Put the narrower one first, or distinguish them by "when"`,
    )
  if (understanding.kind !== 'operations') return impossible(whyNot(understanding))
  const { key } = understanding.calls[0]
  return {
    type: 'made',
    request,
    key: typeof key === 'string' ? key : undefined,
    answerBytes: keptOfAnswer(routed, undefined),
    complete(answer) {
      const completions = complete(answer)
      return Array.isArray(completions) ? completions[0] : (completions as Interpretation)
    },
  }
}

const whyNot = (understanding: { readonly kind: string; readonly why?: string }): string =>
  `the table would not understand the request: ${understanding.why ?? understanding.kind}`

const NOBODY = { connection: 0, address: '127.0.0.1', process: undefined }

const fieldsOf = (headers: WrittenRequest['headers']) => {
  const fields = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]))
  return { get: (name: string) => fields.get(name) }
}

interface KeyPlaces {
  readonly draft: RequestDraft
  readonly fixed: ReadonlySet<string>
}

/** Puts the key into the request. If the route divides the key into several parts, each part goes to its own place. */
function putKey(operation: OperationSpec, input: Input, pattern: string, { draft, fixed }: KeyPlaces): Trouble {
  const { f } = operation
  const spec = keySpec(operation, pattern)
  const free = sourcesOf(spec).filter((source) => !fixed.has(source))
  if (input.key === undefined)
    return free.length === 0
      ? undefined
      : `the request must name an object, but the operation ${f} has no key. To send all requests to one object, add "sends": {"${free[0]}": "chaos"}`
  if (free.length === 0)
    return 'it has no place for a key, so all objects would be one. Give "key", or let clients use only one: --workload-set keys=1, or a workload of yours that names no key'
  const parts: readonly ValueSpec[] = Array.isArray(spec) ? spec : spec === undefined ? [] : [spec]
  const texts = parts.length > 1 ? partsOfKey(input.key, parts.length) : undefined
  for (const [place, part] of parts.entries()) {
    const sources = sourcesOf(part)
    if (sources.length === 0 || sources.some((source) => fixed.has(source))) continue
    const trouble = putValue(part, texts?.[place] ?? input.key, draft)
    if (trouble !== undefined) return trouble
  }
  return undefined
}

/** Puts a value into its places in the request. A value that only the response contains has no place. */
function putValue(spec: ValueSpec | undefined, value: Json, draft: RequestDraft): Trouble {
  if (spec === undefined) return undefined
  if (typeof spec === 'string') return isOfAnswer(spec) ? undefined : draft.put(spec, value)
  if (isList(spec)) {
    if (!Array.isArray(value) || value.length !== spec.length)
      return `it takes a list of ${spec.length}, and ${JSON.stringify(value)} is none`
    return firstTrouble(spec.map((part, i) => putValue(part, (value as readonly Json[])[i] ?? null, draft)))
  }
  const form = formOf(spec)
  const parts = form.split(spec, value)
  if ('why' in parts) return parts.why
  return firstTrouble(form.parts(spec).map((part, i) => putValue(part, parts[i] ?? null, draft)))
}

const firstTrouble = (troubles: readonly Trouble[]): Trouble => troubles.find((trouble) => trouble !== undefined)

function putConditions({ when }: RecordedRoute, draft: RequestDraft): Trouble {
  return firstTrouble(
    Object.entries(when ?? {}).map(([place, wanted]) =>
      // A condition `there` puts nothing into the request. It is checked when the route table reads the finished
      // request.
      wanted !== null && typeof wanted === 'object' && 'there' in wanted ? undefined : draft.put(place, wanted as Json),
    ),
  )
}

function putSent(
  sends: { readonly [place: string]: Json },
  words: Asker & { readonly key: string; readonly value: Json },
  draft: RequestDraft,
): Trouble {
  return firstTrouble(Object.entries(sends).map(([place, template]) => draft.put(place, fillSent(template, words))))
}

interface AskerPlaces {
  readonly draft: RequestDraft
  readonly asker: Asker
  readonly sends: { readonly [place: string]: Json }
}

/** Adds the client's name, the request id and the mark of a final read. */
function putAsker(client: string | undefined, { requestId, final }: RouteTable, parts: AskerPlaces): Trouble {
  const { draft, asker, sends } = parts
  // Do not invent tokens and cookies, which only a service can issue. "sends" may supply them.
  const names = client !== undefined && findPlace(client)?.namesClient === 'made' && !Object.hasOwn(sends, client)
  return (
    (names ? draft.put(client, asker.session) : undefined) ??
    (requestId === undefined ? undefined : draft.put(`header.${requestId}`, asker.requestId)) ??
    (final === undefined || !asker.final ? undefined : draft.put(`header.${final}`, 'true'))
  )
}

/**
 * Returns the table for recording the requests that a `RequestMaker` makes. The header field `Chaos-Session` of these
 * requests has the client's name.
 *
 * @param initial the initial value of every object, or `unknown`.
 */
export const generatorTable = (table: RouteTable, initial: Json): RouteTable => ({
  ...table,
  client: GENERATOR_CLIENT,
  final: table.final ?? GENERATOR_FINAL,
  initial: initial === 'unknown' ? initial : { value: initial },
  routes: table.routes.map((route) => (isIgnored(route) ? route : { ...route, client: undefined })),
})

export const GENERATOR_CLIENT = 'header.Chaos-Session'
const GENERATOR_FINAL = 'Chaos-Final'

/** @throws UserError (input) that lists the unsupported functions, each with the reason and the remedy. */
export function requireFunctions(maker: RequestMaker, wanted: readonly string[], where: string): void {
  const lacking = wanted.filter((f) => !maker.functions.includes(f))
  if (lacking.length === 0) return
  const reasons = lacking.map((f) => maker.refusals.get(f) ?? `${where}: no route says how to ${f}`)
  throw inputError(reasons.join('\n'))
}

interface SentWords {
  readonly key: string
  readonly value: Json
  readonly session: string
  readonly requestId: string
}

const WORD = /\{(key|value|session|requestId)\}/g

function fillSent(template: Json, words: SentWords): Json {
  if (typeof template === 'string') {
    if (template === '{value}') return words.value
    return template.replaceAll(WORD, (_, name: keyof SentWords) => textOf(words[name]))
  }
  if (Array.isArray(template)) return template.map((item: Json) => fillSent(item, words))
  if (template === null || typeof template !== 'object') return template
  return Object.fromEntries(Object.entries(template).map(([name, member]) => [name, fillSent(member as Json, words)]))
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

import type { Schema } from '@chaosproxy/wire/grpc'
import { describeGrpcStatus } from '@chaosproxy/wire/grpc-status'
import type { Answer, Captured, MatchableHead } from '@chaosproxy/wire/http'
import { compilePath, decodeSegment, pathOf } from '@chaosproxy/wire/http'
import type { Call, Completions, Interpretation, Touches, Understanding } from '../../record/call.ts'
import type { RecordedRoute, RouteSpec, RouteTable } from '../table/route-table.ts'
import { isIgnored, operationsOf, requestLine } from '../table/route-table.ts'
import { compileClient, type NameClient, type Peer } from './client-source.ts'
import { compileConditions } from './conditions.ts'
import { Message, NO_PATH } from './message.ts'
import { collect, compileOperation, type OperationParts, type RequestedOperation, union } from './operation.ts'
import { compileOutcomes } from './outcomes.ts'
import { parametersBeside, parametersIn, parametersNamedBy, whyNotNamed } from './parameters.ts'
import type { Scene } from './scene.ts'
import { normalizationOf } from './textual-values.ts'
import { bytesFor, inAnswer, sourcesOf } from './value-source.ts'
import { writtenValuesOf } from './written-values.ts'

/** The meaning of a request, and of its future response. */
export interface Understood {
  route: number | undefined
  readonly understanding: Understanding
  complete(answer: Answer): Completions
}

/** The possible routes of a request, as far as its head tells. */
export interface RoutedRequest {
  readonly isKnown: boolean
  /** Whether the request has possible routes, and all of them are ignored (`"ignore": true`). */
  readonly isIgnored: boolean
  readonly bodyBytes: number
  readonly answerBytes: number
  /** Whether a short JSON body is kept, because it may say that the request was refused. */
  readonly mayBeRefused: boolean
  understand(head: MatchableHead, body: Captured | undefined, peer: Peer): Understood
  /** Returns the keys that an incomplete request may have changed. */
  touches(head: MatchableHead): Touches
}

export interface HttpMapping {
  /** Returns the possible routes of a request. */
  match(head: MatchableHead): RoutedRequest
  readonly schema: Schema | undefined
}

export function compileMapping(table: RouteTable): HttpMapping {
  const parts = { table, normalize: normalizationOf(table), written: writtenValuesOf(table) }
  const routes = table.routes.map((spec, number) => compileRoute(spec, number, parts))
  const namedForAll = [...(table.ignoredParameters ?? []), ...parametersIn(Object.keys(table.sends ?? {}))]
  // Clients request the same keys repeatedly, so the possible routes of each target are remembered.
  const known = new Map<string, Map<string, RoutedRequest>>()

  function find(method: string, target: string): RoutedRequest {
    const path = pathOf(target)
    const candidates = routes.flatMap((route) => route(method, path) ?? [])
    const named = [...namedForAll, ...candidates.flatMap(({ parameters }) => parameters)]
    return chooseAmong(candidates, parametersBeside(target, named))
  }

  return {
    schema: table.schema,
    match({ method, target }) {
      let targets = known.get(method)
      if (target.length > LONGEST_KNOWN_TARGET) return find(method, target)
      if (targets === undefined) {
        if (known.size >= MOST_METHODS) return find(method, target)
        targets = new Map()
        known.set(method, targets)
      }
      let found = targets.get(target)
      if (found === undefined) {
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
const LONGEST_KNOWN_TARGET = 1024

/** A route whose method and path match the request. `fits` checks the route's other conditions. */
interface Candidate extends Omit<RoutedRequest, 'isKnown' | 'understand'> {
  readonly parameters: readonly string[]
  fits(head: MatchableHead, body: Captured | undefined): boolean
  /** @param unnamed the query parameters that no matching route mentions */
  understand(head: MatchableHead, body: Captured | undefined, peer: Peer, unnamed: readonly string[]): Understood
}

function chooseAmong(candidates: readonly Candidate[], unnamed: readonly string[]): RoutedRequest {
  return {
    isKnown: candidates.length > 0,
    isIgnored: candidates.length > 0 && candidates.every(({ isIgnored: ignored }) => ignored),
    bodyBytes: Math.max(0, ...candidates.map(({ bodyBytes }) => bodyBytes)),
    answerBytes: Math.max(0, ...candidates.map(({ answerBytes }) => answerBytes)),
    mayBeRefused: candidates.some(({ mayBeRefused }) => mayBeRefused),
    understand(head, body, peer) {
      for (const candidate of candidates)
        if (candidate.fits(head, body)) return candidate.understand(head, body, peer, unnamed)
      return passedOn(head, usualTouches(head))
    },
    touches(head) {
      if (candidates.length === 0) return usualTouches(head)
      return candidates.map((candidate) => candidate.touches(head)).reduce(union)
    },
  }
}

/** Safe methods (RFC 9110 §9.2.1). */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

const usualTouches = ({ method }: MatchableHead): Touches => (SAFE_METHODS.has(method) ? 'nothing' : 'everything')

const passedOn = (head: MatchableHead, touches: Touches): Understood =>
  noOperation({ kind: 'passed-on', what: nameOfRequest(head), touches })

const noOperation = (understanding: Understanding): Understood => ({
  route: undefined,
  understanding,
  complete: notRecorded,
})

const notRecorded = ({ status }: Pick<Answer, 'status'>): Completions =>
  status >= 400 && status < 500 && !UNDECIDED.has(status) ? REFUSED : NOT_RECORDED

/** Client errors after which the request may still have been executed, for example by an earlier attempt. */
const UNDECIDED: ReadonlySet<number> = new Set([408, 409, 425, 499])

const REFUSED: Interpretation = { type: 'fail', error: 'refused, and not recorded' }

const NOT_RECORDED: Interpretation = { type: 'info', error: 'not recorded' }

export const nameOfRequest = ({ method, target }: Pick<MatchableHead, 'method' | 'target'>): string =>
  `${method} ${pathOf(target)}`

type Route = (method: string, path: string) => Candidate | undefined

function compileRoute(spec: RouteSpec, number: number, parts: TableParts): Route {
  const { methods: allowed, path: pattern } = requestLine(spec)
  const path = compilePath(pattern)
  const fits = compileConditions(spec.when, 'request')
  const whenSources = Object.keys(spec.when ?? {})
  const understandRequest = isIgnored(spec) ? undefined : compileRecorded(spec, parts, pattern)
  const parameters = parametersNamedBy(spec, parts.table.client)

  return (method, requestPath) => {
    if (!allowed.includes(method)) return undefined
    const matched = path.match(requestPath)
    if (matched === null) return undefined
    const segments = matched.map(decodeSegment)
    const place = { segments, names: path.names }
    const messageOf = ({ target, headers }: MatchableHead, body: Captured | undefined) =>
      new Message(headers, body, place, target)
    return {
      bodyBytes: Math.max(bytesFor(whenSources, 'request'), understandRequest?.bodyBytes ?? 0),
      answerBytes: understandRequest?.answerBytes ?? 0,
      isIgnored: isIgnored(spec),
      mayBeRefused: !isIgnored(spec) && spec.answers === undefined,
      parameters,
      fits: (head, body) => whenSources.length === 0 || fits({ request: messageOf(head, body) }),
      understand(head, body, peer, unnamed) {
        // Skip the first element: it is the whole path.
        for (let i = 1; i < segments.length; i++) parts.table.spellings?.sent(segments[i] ?? '', matched[i] ?? '')
        const request = messageOf(head, body)
        const understood = understandRequest?.understand(head, request, peer, unnamed) ?? passedOn(head, 'nothing')
        understood.route = number
        return understood
      },
      touches: (head) => understandRequest?.touches(messageOf(head, undefined)) ?? 'nothing',
    }
  }
}

interface RecordedRequests {
  readonly bodyBytes: number
  readonly answerBytes: number
  understand(head: MatchableHead, request: Message, peer: Peer, unnamed: readonly string[]): Understood
  touches(request: Message): Touches
}

interface TableParts extends OperationParts {
  readonly table: RouteTable
}

function compileRecorded(spec: RecordedRoute, { table, ...parts }: TableParts, path: string): RecordedRequests {
  const operations = operationsOf(spec).map((operation) => compileOperation(operation, path, parts))
  const client = spec.client ?? table.client
  const nameClient: NameClient = compileClient(client)
  const requestId = table.requestId?.toLowerCase()
  const final = table.final?.toLowerCase()
  const outcomes = compileOutcomes(
    spec,
    operationsOf(spec).flatMap(({ key, value, result, each }) => [
      ...sourcesOf(key),
      ...sourcesOf(value),
      ...sourcesOf(result).map(inAnswer),
      ...sourcesOf(each),
    ]),
  )
  const answerSources = (spec.answers ?? [])
    .flatMap(({ when }) => Object.keys(when))
    .map((source) => `answer.${source}`)
  const most = (sizes: readonly number[]) => Math.max(0, ...sizes)

  function completions(
    requested: readonly RequestedOperation[],
    request: Message,
    method: string,
    answer: Answer,
  ): Completions {
    const { status, grpcStatus, headers } = answer
    const scene: Scene = {
      request,
      answer: new Message(headers, contentOf(answer, method), NO_PATH, '', status === 204 || status === 205),
      status: grpcStatus === undefined ? `status ${status}` : describeGrpcStatus(grpcStatus),
      item: undefined,
    }
    const [only] = requested
    if (requested.length === 1 && only !== undefined)
      return only.complete(scene, outcomes(answer, only.call.harmless === true, scene))
    return requested.map((one) => one.complete(scene, outcomes(answer, one.call.harmless === true, scene)))
  }

  return {
    bodyBytes: most([
      ...operations.map(({ bodyBytes }) => bodyBytes),
      client === undefined ? 0 : bytesFor([client], 'request'),
    ]),
    answerBytes: most([...operations.map(({ answerBytes }) => answerBytes), bytesFor(answerSources, 'answer')]),
    understand(head, request, peer, unnamed) {
      const what = nameOfRequest(head)
      const scene: Scene = { request, answer: undefined, status: undefined, item: undefined }
      const id = requestId === undefined ? undefined : request.headers?.get(requestId)
      const common = { what, requestId: id }
      const [only] = operations
      const requested =
        operations.length === 1 && only !== undefined
          ? only.ask(scene, common)
          : collect(operations.map((operation) => operation.ask(scene, common)))
      if ('why' in requested) return noOperation({ kind: 'not-understood', what, ...requested })
      const calls = requested.map(({ call }) => call)
      if (unnamed.length > 0) {
        const { key } = calls[0] ?? {}
        const touches = operations.map((operation) => operation.touches({ request })).reduce(union)
        const keyRead = calls.length === 1 && typeof key === 'string' ? key : undefined
        return noOperation({ kind: 'not-understood', what, why: whyNotNamed(unnamed), key: keyRead, touches })
      }
      if (!hasSome(calls)) return passedOn(head, 'nothing')
      const session = nameClient(request, peer)
      const isFinal = final !== undefined && request.headers?.get(final) !== undefined
      const understanding: Understanding = { kind: 'operations', calls, session, final: isFinal }
      return {
        route: undefined,
        understanding,
        complete: (answer) => completions(requested, request, head.method, answer),
      }
    },
    touches: (request) => operations.map((operation) => operation.touches({ request })).reduce(union),
  }
}

/** The content of a response. A HEAD and a 304 omit it (RFC 9110 §9.3.2, §15.4.5). */
function contentOf({ status, body }: Answer, method: string): Captured | undefined {
  if (body === undefined) return undefined
  if (method === 'HEAD') return { withheld: 'an answer to HEAD' }
  return status === 304 ? { withheld: 'a 304' } : body
}

const hasSome = (calls: readonly Call[]): calls is readonly [Call, ...Call[]] => calls.length > 0

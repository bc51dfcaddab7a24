import type { Json } from '@chaosproxy/history'
import type { Schema } from '@chaosproxy/wire/grpc'
import type { Spellings } from './segment-spellings.ts'

/**
 * Names the place of a value in a message. A request has the places `path.NAME` (the path segment that matches
 * `{NAME}`), `query.NAME`, `header.NAME`, `cookie.NAME`, `form.NAME`, `body` (as text), and `json` or a part of it
 * (`json.value`, `json.items.0`). A response has the places `answer.header.NAME`, `answer.body` and `answer.json`. A
 * result is always in the response, so its place has no prefix `answer.`. An operation for each item of a list has the
 * places `item`, `item.MEMBER` and `name`.
 */
export type ValueSource = string

/** A value: from a place, constant, or composed of other values. */
export type ValueSpec = ValueSource | FormSpec | readonly ValueSpec[]

/** A value whose members determine its form in `forms/`, such as `{"const": null}`. */
export type FormSpec = { readonly [member: string]: unknown }

/** `absent`: success without a value, as with a 404 for a read. */
export type OutcomeName = 'ok' | 'fail' | 'info' | 'absent'

/**
 * Conditions on the values in a message, by place (see `ValueSource`). The place must have the given value; or any
 * value, for `{"there": true}`; or no value, for `{"there": false}`.
 */
export type Conditions = { readonly [source: string]: Json | { readonly there: boolean } }

export interface OperationSpec {
  readonly f: string
  /** The key of the object, by default `path.key`. Several parts are joined by `/`. */
  readonly key?: ValueSpec | undefined
  /** The given value; for a cas, the expected and the new value. */
  readonly value?: ValueSpec | undefined
  /** The result in the response; by default the given value. */
  readonly result?: ValueSpec | undefined
  /** If `absent`, a response without the result means that there is no value. By default it is not understood. */
  readonly missing?: 'absent' | undefined
  /** Whether the operation never has an effect; by default true for reads and gets. */
  readonly harmless?: boolean | undefined
  /** Whether the operation may happen at any time after the request, or never, as when a lease removes its key. */
  readonly perhaps?: boolean | undefined
  /** A list in the request or the response (`answer.json.items`), with an operation for each item. */
  readonly each?: ValueSource | undefined
}

/** The meaning of a successful response by its content. */
export interface AnswerSpec {
  readonly when: Conditions
  readonly outcome: OutcomeName
}

interface RouteBase {
  /** One or several methods, and a path: `PUT /kv/{key}`, `PUT,POST /items/{key}`. */
  readonly request: string
  /** Conditions that a request must meet. */
  readonly when?: Conditions | undefined
}

interface RecordedBase extends RouteBase {
  /** Outcomes by status (`404`), class (`5xx`) or gRPC status (`grpc 5`, `grpc NOT_FOUND`). */
  readonly outcomes?: { readonly [status: string]: OutcomeName } | undefined
  /** The meanings of successful responses by content. The first match applies. */
  readonly answers?: readonly AnswerSpec[] | undefined
  /** Overrides the table's. */
  readonly client?: ClientSource | undefined
  /** Additional contents of the requests that chaos itself sends to this route. */
  readonly sends?: Sends | undefined
}

/**
 * Additional contents of requests that chaos itself sends, by place (see `ValueSource`):
 * `{"header.Authorization": "Bearer …", "json.owner": "{session}"}`. Texts may contain `{key}`, `{value}`, `{session}`
 * and `{requestId}`. Recorded requests may lack these contents.
 */
export type Sends = { readonly [place: ValueSource]: Json }

/** A route on which each request is one operation. */
interface SimpleRoute extends RecordedBase, OperationSpec {}

/** A route on which each request is several operations at once. */
export interface CompoundRoute extends RecordedBase {
  readonly operations: readonly [OperationSpec, ...OperationSpec[]]
}

export type RecordedRoute = SimpleRoute | CompoundRoute

/** A route whose requests change no recorded key, whatever their method. */
export interface IgnoredRoute extends RouteBase {
  readonly ignore: true
}

export type RouteSpec = RecordedRoute | IgnoredRoute

/**
 * The source of the client's name. A part of the request: `header.X-Client`, `cookie.sid`, `bearer`, `query.client`,
 * `json.client`. A property of the side that opened the connection: `peer.process`, `peer.address`, `connection`.
 */
export type ClientSource = string

export type InitialSpec = 'unknown' | { readonly value: Json } | { readonly read: readonly string[] }

/** A mapping from the requests of a service to operations, as data. */
export interface RouteTable {
  readonly routes: readonly RouteSpec[]
  /**
   * The header field of a request id, such as `Idempotency-Key`. Attempts with equal ids are one operation, which takes
   * effect at most once.
   */
  readonly requestId?: string | undefined
  readonly client?: ClientSource | undefined
  /** The header field that marks final reads, such as `X-Final`. */
  readonly final?: string | undefined
  /** Contents to add to every generated request, such as an authorization header. */
  readonly sends?: Sends | undefined
  /** Query parameters that do not change the meaning of a request. */
  readonly ignoredParameters?: readonly string[] | undefined
  /** By default unknown. */
  readonly initial?: InitialSpec | undefined
  /** The gRPC messages, from a descriptor or declared. */
  readonly schema?: Schema | undefined
  /** Remembers how recorded requests encode path segments. Generated requests use the same encoding. */
  readonly spellings?: Spellings | undefined
}

/** Returns the state in which objects begin. Undefined if the workload, not the table, defines it. */
export const beginningIn = (
  { initial }: Pick<RouteTable, 'initial'>,
  where: string,
): { readonly initial: Json; readonly where: string } | undefined =>
  initial === undefined ? undefined : { initial: initialIn(initial), where }

/** The given initial value, or `unknown`. */
export const initialIn = (initial: InitialSpec | 'read' | undefined): Json =>
  typeof initial === 'object' && 'value' in initial ? initial.value : 'unknown'

export const isIgnored = (route: RouteSpec): route is IgnoredRoute => 'ignore' in route

export function requestLine({ request }: RouteSpec): { readonly methods: readonly string[]; readonly path: string } {
  const [methods = '', path = ''] = request.split(' ')
  return { methods: methods.split(','), path }
}

/** The parts of the key, by default the path's segment `{key}`. */
export const keySpec = ({ key }: OperationSpec, path: string): ValueSpec | undefined =>
  key ?? (path.includes('{key}') ? 'path.key' : undefined)

export function placeParts(place: ValueSource): { readonly kind: string; readonly name: string } {
  const [kind = ''] = place.split('.')
  return { kind, name: place.slice(kind.length + 1) }
}

export const operationsOf = (route: RecordedRoute): readonly OperationSpec[] =>
  'operations' in route ? route.operations : [route]

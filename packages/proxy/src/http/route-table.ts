import type { Json } from '@chaosproxy/history'
import type { Schema } from '../grpc/message-type.ts'

/**
 * Where a value is found in a request: `path.NAME` (what stands for `{NAME}` in the path), `query.NAME`, `header.NAME`,
 * `cookie.NAME`, `form.NAME`, `body` (the whole body, a text), `json` (the whole body, as JSON) or what is in it
 * (`json.value`, `json.a.b`, `json.items.0`). In its answer: the same of `header`, `body` and `json`, after `answer.`
 * where it is not the result that is looked for. Of each of several: `item`, `item.MEMBER`, and `name`.
 */
export type ValueSource = string

/** A value: found somewhere, the same always, or made of others. */
export type ValueSpec =
  | ValueSource
  | { readonly const: Json }
  /** The part of a text that stands for `{NAME}` in the pattern: `/items/{id}` of a Location. */
  | { readonly from: ValueSource; readonly match: string }
  | { readonly members: { readonly [name: string]: ValueSpec } }
  | readonly ValueSpec[]

/** `absent`: it was done, and there is no value (a read's 404). */
export type OutcomeName = 'ok' | 'fail' | 'info' | 'absent'

/** What has to be so: a place has this value, or has one at all, or none. */
export type Conditions = { readonly [source: string]: Json | { readonly there: boolean } }

/** What one request does to one object. */
export interface OperationSpec {
  /** What it does: `read`, `write`, `cas`, … as the model has it. */
  readonly f: string
  /** The object; by default `path.key`, where the path has one. Several parts are joined by `/`. */
  readonly key?: ValueSpec | undefined
  /** What is given with it; of a cas two, what is expected and what is to be. By default nothing. */
  readonly value?: ValueSpec | undefined
  /** Where the answer has the result; by default the result is the value given. */
  readonly result?: ValueSpec | undefined
  /** A result that is not in the answer means that there is no value; by default it is not understood. */
  readonly missing?: 'absent' | undefined
  /** It leaves nothing behind, whatever becomes of it; by default reads and gets. */
  readonly harmless?: boolean | undefined
  /** A list, in the request or (`answer.json.items`) in its answer: it is done for each item. */
  readonly each?: ValueSource | undefined
}

/** What an answer means that has a status of success. */
export interface AnswerSpec {
  readonly when: Conditions
  readonly outcome: OutcomeName
}

interface RouteBase {
  /** Method, or several, and path: `PUT /kv/{key}`, `PUT,POST /items/{key}`. */
  readonly request: string
  /** It is for requests only of which this is so. */
  readonly when?: Conditions | undefined
}

interface RecordedBase extends RouteBase {
  /** By status (`404`) or class of them (`5xx`), of gRPC by its own (`grpc 5`, `grpc NOT_FOUND`). */
  readonly outcomes?: { readonly [status: string]: OutcomeName } | undefined
  /** By what the answer says: the first that fits. */
  readonly answers?: readonly AnswerSpec[] | undefined
  /** As the table's. */
  readonly client?: ClientSource | undefined
  /** What requests made by this route say besides, by place. */
  readonly sends?: Sends | undefined
}

/**
 * What made requests say besides key and value, by place: `{"header.Authorization": "Bearer …", "json.owner":
 * "{session}"}`. Texts may have `{key}`, `{value}`, `{session}` and `{requestId}`. What is recorded does not depend on
 * it.
 */
export type Sends = { readonly [place: ValueSource]: Json }

/** Requests that are one operation. */
export interface SimpleRoute extends RecordedBase, OperationSpec {}

/** Requests that are several operations at once. */
export interface CompoundRoute extends RecordedBase {
  readonly operations: readonly [OperationSpec, ...OperationSpec[]]
}

export type RecordedRoute = SimpleRoute | CompoundRoute

/** Requests that touch nothing of what is recorded, whatever their method. */
export interface IgnoredRoute extends RouteBase {
  readonly ignore: true
}

export type RouteSpec = RecordedRoute | IgnoredRoute

/**
 * What names the client: `header.X-Client`, `cookie.sid`, `bearer`, `query.client`, `json.client`, or who dialled:
 * `peer.process`, `peer.address`, `connection`.
 */
export type ClientSource = string

/** What keys hold before anything is recorded. */
export type InitialSpec = 'unknown' | { readonly value: Json } | { readonly read: readonly string[] }

/** How the requests of a service are operations, as data. */
export interface RouteTable {
  readonly routes: readonly RouteSpec[]
  /** The field by which a request names itself, so that its retries are known: `Idempotency-Key`. */
  readonly requestId?: string | undefined
  readonly client?: ClientSource | undefined
  /** The field that marks a read as one of the last, after which nothing is written: `X-Final`. */
  readonly final?: string | undefined
  /** What all made requests say besides. */
  readonly sends?: Sends | undefined
  /** By default unknown. */
  readonly initial?: InitialSpec | undefined
  /** What the messages of gRPC consist of: from a descriptor, or declared. */
  readonly schema?: Schema | undefined
}

export const isIgnored = (route: RouteSpec): route is IgnoredRoute => 'ignore' in route

export const operationsOf = (route: RecordedRoute): readonly OperationSpec[] =>
  'operations' in route ? route.operations : [route]

import { type DescribedRoute, listOf, reference } from './described-route.ts'
import { json, noContent } from './replies.ts'
import { readJsonBody } from './requests.ts'

/** Resources with names, such as faults at `/v1/faults/{fault}`. */
export interface NamedThings<Thing> {
  /** The noun in the path and, capitalised, in the schema's name. */
  readonly noun: string
  readonly nouns?: string | undefined
  /** The verbs of the operations; by default `add` and `remove`. */
  readonly added?: string | undefined
  readonly removed?: string | undefined
  readonly view: (thing: Thing) => object
}

/** The description of a route's success, and its error statuses. */
interface Outcomes {
  readonly done: string
  /** The description of the status 201, if the route returns 201 for a new resource. */
  readonly created?: string | undefined
  readonly errors?: readonly number[] | undefined
}

type Answered<Thing> = Thing | Promise<Thing>

const capitalised = (noun: string): string => `${noun.charAt(0).toUpperCase()}${noun.slice(1)}`
const nounsOf = ({ noun, nouns = `${noun}s` }: NamedThings<never>): string => nouns
const all = (things: NamedThings<never>): string => `/v1/${nounsOf(things)}`
const one = (things: NamedThings<never>): string => `${all(things)}/{${things.noun}}`
const operationOf = (verb: string, { noun }: NamedThings<never>): string => `${verb}${capitalised(noun)}`
const schemaOf = ({ noun }: NamedThings<never>) => reference(capitalised(noun))

export const lists = <Thing>(
  things: NamedThings<Thing>,
  summary: string,
  list: () => readonly Thing[],
): DescribedRoute => ({
  method: 'GET',
  path: all(things),
  operation: `list${capitalised(nounsOf(things))}`,
  summary,
  success: { status: 200, description: `The ${nounsOf(things)}.`, schema: listOf(schemaOf(things)) },
  handle: () => json(200, list().map(things.view)),
})

export const gets = <Thing>(
  things: NamedThings<Thing>,
  summary: string,
  get: (name: string) => Thing,
): DescribedRoute => ({
  method: 'GET',
  path: one(things),
  operation: operationOf('get', things),
  summary,
  success: { status: 200, description: `The ${things.noun}.`, schema: schemaOf(things) },
  errors: [404],
  handle: (request) => json(200, things.view(get(request.param(things.noun)))),
})

/** Returns the POST route that adds a named resource. `add` creates the resource from the request's body. */
export const adds = <Thing>(
  things: NamedThings<Thing>,
  summary: string,
  { done, errors }: Outcomes,
  add: (body: unknown) => Answered<readonly [name: string, thing: Thing]>,
): DescribedRoute => ({
  method: 'POST',
  path: all(things),
  operation: operationOf(things.added ?? 'add', things),
  summary,
  body: reference(`${capitalised(things.noun)}Request`),
  success: { status: 201, description: done, schema: schemaOf(things) },
  errors,
  async handle({ body }) {
    const [name, thing] = await add(readJsonBody(body))
    return json(201, things.view(thing), { Location: `${all(things)}/${encodeURIComponent(name)}` })
  },
})

/** Returns the PUT route of a named resource. `put` changes the resource (status 200), or creates it (status 201). */
export const puts = <Thing>(
  things: NamedThings<Thing>,
  summary: string,
  { done, created, errors }: Outcomes,
  put: (name: string, body: unknown) => readonly [status: 200 | 201, thing: Thing],
): DescribedRoute => ({
  method: 'PUT',
  path: one(things),
  operation: operationOf('put', things),
  summary,
  body: reference(`${capitalised(things.noun)}Request`),
  success: { status: 200, created, description: done, schema: schemaOf(things) },
  errors,
  handle(request) {
    const [status, thing] = put(request.param(things.noun), readJsonBody(request.body))
    return json(status, things.view(thing))
  },
})

export const removes = <Thing>(
  things: NamedThings<Thing>,
  summary: string,
  { done, errors }: Outcomes,
  remove: (name: string) => Answered<void>,
): DescribedRoute => ({
  method: 'DELETE',
  path: one(things),
  operation: operationOf(things.removed ?? 'remove', things),
  summary,
  success: { status: 204, description: done },
  errors,
  async handle(request) {
    await remove(request.param(things.noun))
    return noContent
  },
})

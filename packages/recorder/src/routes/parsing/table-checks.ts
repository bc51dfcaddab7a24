import {
  foundOrMade,
  inputError,
  meaningOf,
  nearest,
  readsWhole,
  replacesWhole,
  type UserError,
} from '@chaosproxy/history'
import { sourcesOf } from '../mapping/value-source.ts'
import {
  isIgnored,
  keySpec,
  type OperationSpec,
  operationsOf,
  type RouteSpec,
  type RouteTable,
  requestLine,
} from '../table/route-table.ts'
import { refuseDoubtfulOutcomes } from './doubtful-outcomes.ts'
import { refuseSharedKeys } from './shared-keys.ts'

/** A model that the checker supports, with its functions. */
export interface KnownModel {
  readonly name: string
  readonly functions: readonly string[]
}

/**
 * Finds errors between valid routes: unused names, keys that could be equal, and routes that no request reaches.
 *
 * @throws UserError (input) that begins with `where`.
 */
export function checkRoutes(routes: readonly RouteSpec[], where: string): void {
  refuseSharedKeys(routes, where)
  refuseMissingKeys(routes, where)
  refuseDoubtfulOutcomes(routes, where)
  const earlierRoutes = segment()
  for (const [i, route] of routes.entries()) {
    const at = `${where}: route ${i + 1} (${route.request})`
    if (!isIgnored(route)) checkNames(operationsOf(route), route, at)
    const { methods, path } = requestLine(route)
    const segments = path.split('/')
    const earlier = covering(earlierRoutes, segments)
      .filter((other) => methods.every((method) => other.methods.includes(method)))
      .reduce((first, { at: place }) => Math.min(first, place), Number.POSITIVE_INFINITY)
    if (earlier < i)
      throw inputError(
        `${at} is never reached: route ${earlier + 1} (${routes[earlier]?.request}) comes before it and takes the same requests. Put the narrower one first, or say with "when" which requests the first is for.`,
      )
    if (route.when === undefined) insert(earlierRoutes, segments, { methods, at: i })
  }
}

const namesOf = (path: string): readonly string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)

function checkNames(operations: readonly OperationSpec[], route: RouteSpec, at: string): void {
  const { when } = route
  const { path } = requestLine(route)
  const names = namesOf(path)
  const keys = operations.map((operation) => keySpec(operation, path))
  const used = [...keys, ...operations.map(({ value }) => value)].flatMap(sourcesOf).concat(Object.keys(when ?? {}))
  const unused = names.find((name) => !used.includes(`path.${name}`))
  if (unused === undefined) return
  const parts = [`path.${unused}`, ...sourcesOf(keys[0])].map((source) => `"${source}"`)
  throw inputError(
    `${at}: {${unused}} of the path is not used, so paths that differ only in it name one object. Add it to the key ("key": [${parts.join(', ')}]), or replace it with *.`,
  )
}

interface Placed {
  readonly methods: readonly string[]
  readonly at: number
}

/**
 * A node of the tree of all routes, one level for each segment. Comparing all pairs of thousands of routes would take
 * too long.
 */
interface Segment {
  readonly next: Map<string, Segment>
  readonly ended: Placed[]
  /** Routes whose path ends here with a star, which matches any further segments. */
  readonly starred: Placed[]
}

const segment = (): Segment => ({ next: new Map(), ended: [], starred: [] })

const ANY = '*'
const shapeOf = (text: string): string => (/^\{\w+\}$/.test(text) ? ANY : text.replaceAll(/\{\w+\}/g, '{}'))

function insert(root: Segment, path: readonly string[], route: Placed): void {
  let here = root
  for (const [i, text] of path.entries()) {
    if (text === '*' && i === path.length - 1) {
      here.starred.push(route)
      return
    }
    const next = foundOrMade(here.next, shapeOf(text), () => segment())
    here = next
  }
  here.ended.push(route)
}

/** Returns the earlier routes that match every path that `path` matches. */
function covering({ next, ended, starred }: Segment, path: readonly string[], i = 0): readonly Placed[] {
  const text = path[i]
  if (text === undefined) return ended
  const isRest = text === '*' && i === path.length - 1
  const matching = new Set([shapeOf(text), ...(text === '' ? [] : [ANY])])
  const onwards = isRest ? [] : [...matching].flatMap((shape) => next.get(shape) ?? [])
  return [...starred, ...onwards.flatMap((each) => covering(each, path, i + 1))]
}

/**
 * Requires a model with all functions of the table.
 *
 * @param wanted the model that the history will be checked against, if known.
 *
 * @throws UserError (input) that begins with `where`.
 */
export function checkFunctions(
  { routes }: RouteTable,
  {
    models,
    wanted,
    where,
  }: { readonly models: readonly KnownModel[]; readonly wanted?: string | undefined; readonly where: string },
): void {
  const model = models.find(({ name }) => name === wanted)
  const candidates = model === undefined ? models : [model]
  const used: UsedFunction[] = []
  for (const [i, route] of routes.entries()) {
    if (isIgnored(route)) continue
    const at = `${where}: route ${i + 1} (${route.request})`
    for (const { f } of operationsOf(route)) {
      if (!candidates.some(({ functions }) => functions.includes(f))) throw unknownFunction(f, at, candidates, models)
      used.push({ f, at })
    }
  }
  if (candidates.some(({ functions }) => used.every(({ f }) => functions.includes(f)))) return
  throw severalModels(used, candidates, where)
}

interface UsedFunction {
  readonly f: string
  readonly at: string
}

/** The error for functions of several models, with the closest model. */
function severalModels(used: readonly UsedFunction[], models: readonly KnownModel[], where: string): UserError {
  const shared = (model: KnownModel) => used.filter(({ f }) => model.functions.includes(f))
  const closest = models.reduce((best, model) => (shared(model).length > shared(best).length ? model : best))
  const stranger = used.find(({ f }) => !closest.functions.includes(f))
  const others = [...new Set(shared(closest).map(({ f }) => `"${f}"`))].join(' and ')
  const advice = stranger !== undefined && closest.functions.includes('write') ? writtenAs(stranger.f) : undefined
  return inputError(
    `${stranger?.at ?? where}: "f" is "${stranger?.f}", which the model ${closest.name} does not know. Other routes use ${others} of the model ${closest.name}, and no model knows all of these functions. ${advice ?? 'Record these requests apart, with two tables.'}`,
  )
}

/** Suggests a register's function for a name that is usual in other stores, such as `fetch`. */
function writtenAs(f: string): string | undefined {
  const name = f.toLowerCase()
  if (readsWhole(name) || name === 'fetch') return 'Write "f": "read".'
  if (replacesWhole(name) || /^(set|post|update)$/.test(name)) return 'Write "f": "write".'
  return meaningOf(name)?.effect === 'removes' || name === 'del'
    ? 'In a register, a delete is a write of null: "f": "write", "value": { "const": null }.'
    : undefined
}

function unknownFunction(
  f: string,
  at: string,
  candidates: readonly KnownModel[],
  models: readonly KnownModel[],
): UserError {
  const [only] = candidates
  if (candidates.length === 1 && only !== undefined && models.length > 1) {
    return inputError(
      `${at}: "f" is "${f}", which the model ${only.name} does not know.${meantOf(f, candidates)} It knows: ${only.functions.join(', ')}.`,
    )
  }
  const meant = writtenAs(f) === undefined ? meantOf(f, candidates) : ''
  const known = candidates.map(({ name, functions }) => `${name}: ${functions.join(', ')}`).join('; ')
  return inputError(`${at}: "f" is "${f}", which no model knows.${meant} ${writtenAs(f) ?? `They know: ${known}.`}`)
}

function meantOf(f: string, models: readonly KnownModel[]): string {
  const meant = nearest(
    f,
    models.flatMap(({ functions }) => functions),
  )
  return meant === undefined ? '' : ` Did you mean "${meant}"?`
}

/** Whether a function acts on several objects at once, so that its operations have no key of their own. */
function isKeyless(f: string): boolean {
  const effect = meaningOf(f)?.effect
  return effect === 'transacts' || effect === 'moves'
}

/**
 * Refuses a route without a key if another route has one. Operations with keys would never read a value that was
 * written without a key.
 *
 * @throws UserError (input) that begins with `where`.
 */
function refuseMissingKeys(routes: readonly RouteSpec[], where: string): void {
  const keyed = routes.find((route) => !isIgnored(route) && operationsOf(route).some((each) => hasKey(each, route)))
  if (keyed === undefined) return
  for (const [i, route] of routes.entries()) {
    if (isIgnored(route)) continue
    const keyless = operationsOf(route).find((each) => !hasKey(each, route) && !isKeyless(each.f))
    if (keyless === undefined) continue
    const place = /^(GET|HEAD|DELETE)\b/.test(route.request) ? 'query.key' : 'json.key'
    throw inputError(
      `${where}: route ${i + 1} (${route.request}): its ${keyless.f} has no "key", but ${keyed.request} has one, so these routes would never share an object. Say where the request has the key, such as "key": "${place}", or give a fixed key: "key": {"const": "NAME"}.`,
    )
  }
}

const hasKey = (operation: OperationSpec, route: RouteSpec): boolean =>
  keySpec(operation, requestLine(route).path) !== undefined

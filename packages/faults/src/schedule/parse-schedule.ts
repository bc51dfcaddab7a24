import { didYouMean, inputError, type Json, millisToNanos, nanosToMillis } from '@chaosproxy/history'
import { ms, text } from '../definition/parameter.ts'
import { quote, readObject, readParameters } from '../definition/read-parameters.ts'
import { isNodeKind } from '../families/node.ts'
import { parseFault } from '../families/registry.ts'
import { printFault } from './print-fault.ts'
import {
  type FaultPlan,
  type LinkSelector,
  linkSelectors,
  type NodeSelector,
  nodeSelectors,
  type Schedule,
  type ScheduledFault,
} from './schedule.ts'

const timeParameters = {
  fromMs: ms('when the fault begins, counted from the start of the run'),
  toMs: ms('when the fault ends, counted from the start of the run'),
}

/**
 * Parses a schedule: a list of faults with their times, possibly with selectors:
 * `[{"fromMs":1000,"toMs":2000,"kind":"kill","nodes":"leader"}]`.
 *
 * @param where the start of every error message: the file, and the place in it.
 * @param idPrefix the prefix of the ids given to faults without an id.
 * @throws UserError (input)
 */
export function parseSchedule(value: unknown, where: string, idPrefix = 'fault'): Schedule {
  if (!Array.isArray(value))
    throw inputError(`${where}: a schedule must be a list of faults, each with "fromMs" and "toMs".`)
  const faults = value.map((item, i) => parseScheduled(item, `${where}[${i}]`, `${idPrefix}-${i + 1}`))
  const twice = faults.find(({ id }, i) => faults.findIndex((other) => other.id === id) !== i)
  if (twice !== undefined)
    throw inputError(`${where}: the id ${quote(twice.id)} is given twice. Give each fault its own id.`)
  return faults.sort((a, b) => a.from - b.from)
}

/** Converts a schedule to JSON that `parseSchedule` parses. */
export const printSchedule = (schedule: Schedule): readonly { readonly [member: string]: Json }[] =>
  schedule.map(({ id, from, to, plan }) => ({
    id,
    fromMs: nanosToMillis(from),
    toMs: nanosToMillis(to),
    ...printFault(plan),
  }))

function parseScheduled(value: unknown, where: string, usualId: string): ScheduledFault {
  const { id = usualId, fromMs, toMs, ...members } = readObject(value, where)
  const { id: name } = readParameters({ id: text('its name') }, { id }, where)
  const times = readParameters(timeParameters, { fromMs, toMs }, where)
  if (times.toMs < times.fromMs) throw inputError(`${where} ends before it begins: "toMs" must not be below "fromMs".`)
  return { id: name, from: millisToNanos(times.fromMs), to: millisToNanos(times.toMs), plan: parsePlan(members, where) }
}

/** Parses a fault whose nodes or links may be a selector. @throws UserError (input) */
export function parsePlan(value: unknown, where: string): FaultPlan {
  const members = readObject(value, where)
  const { nodes, links } = members
  if (typeof nodes === 'string' && isNodeKind(members['kind'])) {
    const selector = oneOf<NodeSelector & string>(nodeSelectors, nodes, `${where}: "nodes"`)
    return { ...parseFault({ ...members, nodes: ANY_NODES }, where), nodes: selector } as FaultPlan
  }
  if (typeof links !== 'string') return parseFault(value, where)
  const selector = oneOf<LinkSelector & string>(linkSelectors, links, `${where}: "links"`)
  return { ...parseFault({ ...members, links: ANY_LINKS }, where), links: selector } as FaultPlan
}

/**
 * These names stand for nodes and links that are not selected yet. With them, a planned fault can be parsed like an
 * injected one.
 */
const ANY_NODES = ['n1']
const ANY_LINKS = ['n1>n2']

function oneOf<Value extends string>(known: readonly Value[], value: string, where: string): Value {
  const found = known.find((candidate) => candidate === value)
  if (found !== undefined) return found
  throw inputError(
    `${where} is ${quote(value)}. Give a list, or one of ${known.join(', ')}.${didYouMean(value, known)}`,
  )
}

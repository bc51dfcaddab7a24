import {
  answeredAt,
  calledAt,
  count,
  duration,
  elementsOf,
  FAIL,
  functionOf,
  type History,
  hasTimes,
  INFO,
  inputOf,
  isObject,
  type Json,
  meaningOf,
  plural,
  type ValueId,
} from '@chaosproxy/history'
import { NEVER } from '../../encoding/encoded.ts'
import type { Accounted } from '../../verdict/accounting.ts'
import { capital, phrase, show, who } from '../../verdict/words.ts'
import { jsonOf, NO_OUTPUT, type Part } from './part.ts'

/** The maximum number of operations that are described individually. */
const MOST_CLAUSES = 6

/**
 * Describes the operations of a contradiction, the time between them, and the rule that they break: `Process 0 enqueued
 * 1 by 0.002 s, 1.0 ms later process 0 enqueued 2, and …: a queue hands out each message once.`
 */
export function sentenceOf(core: Part, rule: string, remarkOn: (i: number) => string | undefined): string {
  const clauses: string[] = []
  for (let i = Math.max(0, core.length - MOST_CLAUSES); i < core.length; i++) {
    const text = remarkOn(i)
    const did = didOf(core, i)
    const remark = text === undefined ? '' : `, ${text}`
    if (clauses.length === 0) {
      const isCounted = i + 1 < core.length && isLater(core, i + 1)
      const { history } = core
      const preposition = isCounted && hasTimes(history) ? 'by' : 'at'
      clauses.push(`${did} ${preposition} ${(isCounted ? answeredAt : calledAt)(history, core.row[i])}${remark}`)
      continue
    }
    const isMeanwhile = core.returns[i - 1] > core.calls[i]
    clauses.push(
      `${isMeanwhile ? 'meanwhile' : isLater(core, i) ? laterBy(core, i) : 'then'} ${remark === '' ? did : did.replace(/,$/, '')}${remark}`,
    )
  }
  const left = core.length - clauses.length
  // Removes a clause's final comma, because joining the clauses adds one.
  const parts = clauses.map((clause) => clause.replace(/,$/, ''))
  const last = parts.pop() ?? ''
  const listed = parts.length === 0 ? last : `${parts.join(', ')}, and ${last}`
  const before = left > 0 ? `after ${plural(left, 'earlier operation')}, ` : ''
  return capital(`${before}${listed}: ${rule}.`)
}

/** The nanoseconds from the latest return of an earlier operation to the call of the `i`th operation. */
function gapBefore(core: Part, i: number): number {
  const { callTime, returnTime } = core.history.operations
  const ended = lastReturn(core, i)
  return ended === undefined ? 0 : callTime[core.row[i]] - returnTime[ended]
}

const isLater = (core: Part, i: number): boolean => core.returns[i - 1] < core.calls[i] && gapBefore(core, i) > 0

/** Formats the time since the latest return of an earlier operation: `1.0 ms later`. */
const laterBy = (core: Part, i: number): string =>
  hasTimes(core.history) ? `${duration(gapBefore(core, i))} later` : 'later'

function lastReturn({ returns, row }: Part, i: number): number | undefined {
  let last: number | undefined
  for (let before = 0; before < i; before++)
    if (returns[before] !== NEVER && (last === undefined || returns[before] > returns[last])) last = before
  return last === undefined ? undefined : row[last]
}

function didOf(part: Part, i: number): string {
  const { history, key } = part
  const { operations } = history
  const row = part.row[i]
  const f = functionOf(history, row)
  const where = `${phrase('on', key)}${phrase('at', history.nodes[operations.node[row]])}`
  const client = who(history, row)
  const input = inputOf(history, row)
  if (operations.outcome[row] === INFO) {
    return `${client} called ${f}${input === null ? '' : ` of ${show(input)}`}${where}, which may have taken effect,`
  }
  // If a row stands for several operations (see `Expansion`), the output of each of them is only in the part. The
  // history has one output for the whole row.
  const output = part.output[i] === NO_OUTPUT ? input : jsonOf(part, part.output[i])
  const elements = elementsOf(output)
  if (f === 'read' && elements !== undefined && elements.length > LONG_READ) {
    return `${client} read ${count(elements.length)} elements${ofInterest(part, elements)}${where}`
  }
  return `${client} ${operationText(f, input, output)}${where}`
}

/** Longer reads are described by their length and the relevant elements. */
const LONG_READ = 12

function ofInterest({ history, row, input }: Part, read: readonly Json[]): string {
  const held = new Set(read.map((each) => history.values.id(each) as number))
  const added = new Set<number>()
  for (const [i, r] of row.entries()) {
    if (meaningOf(functionOf(history, r))?.accumulates === true) added.add(input[i])
  }
  const named = (ids: readonly number[]): string =>
    ids
      .slice(0, 3)
      .map((id) => show(history.values.json(id as ValueId)))
      .join(', ')
  const missing = [...added].filter((id) => !held.has(id))
  const there = [...added].filter((id) => held.has(id))
  if (added.size > 0)
    return missing.length > 0 ? `, ${named(missing)} not among them,` : `, ${named(there)} among them,`
  return `, the last of them ${show(read[read.length - 1])},`
}

function operationText(f: string, input: Json, output: Json): string {
  const { effect, takes, answers, did } = meaningOf(f) ?? {}
  if (effect === 'acquires') return `${did}${typeof output === 'number' ? ` with token ${output}` : ''}`
  if (effect === 'releases') return `${did}`
  if (effect === 'takes' && did !== undefined && output === null) return `${did} and found nothing`
  if (effect === 'drains' && output === null) return `${did} until nothing was left`
  if (effect === 'moves' && did !== undefined) return `${did} ${movement(input)}`
  const argument = input === null ? '' : ` ${show(input)}`
  const got = answers === 'value' || show(output) !== show(input) ? ` and got ${show(output)}` : ''
  if (did === undefined) return `called ${f}${argument}${got}`
  if (takes !== 'nothing') return `${did} ${show(input)}${got}`
  return `${did} ${show(output)}${typeof input === 'number' ? ` from ${input} on` : ''}`
}

const movement = (value: Json): string => {
  const { from, to, amount } = isObject(value) ? value : {}
  return `${show(amount)} from ${show(from)} to ${show(to)}`
}

/**
 * Returns a remark, such as `which nobody had enqueued`, if an operation returned a value that no function of `givers`
 * added. `output` is the id of the operation's answer. If the row stands for several operations, such as a drain,
 * `output` is the id of one item of the row's answer.
 */
export function unheardOf(
  history: History,
  row: number,
  output: number,
  { givers, given, initial }: { readonly givers: readonly string[]; readonly given: string; readonly initial: Json },
): string | undefined {
  const { key, input, outcome } = history.operations
  const value = history.values.json(output as ValueId)
  const { effect } = meaningOf(functionOf(history, row)) ?? {}
  const elements = effect === 'reads' ? elementsOf(value) : undefined
  const wanted = new Set(elements?.map((each) => history.values.id(each) as number) ?? [output])
  if (value === null) return undefined
  for (const each of Array.isArray(initial) ? initial : []) wanted.delete(history.values.id(each))
  const failed = new Set<number>()
  for (let i = 0; i < history.operations.length; i++) {
    if (key[i] !== key[row] || !wanted.has(input[i]) || !givers.includes(functionOf(history, i))) continue
    if (outcome[i] === FAIL) failed.add(input[i])
    else wanted.delete(input[i])
  }
  const [first] = wanted
  if (first === undefined) return undefined
  const which = elements !== undefined ? `of which ${show(history.values.json(first as ValueId))} ` : 'which '
  return failed.has(first) ? `${which}was ${given} only by an operation that failed` : `${which}nobody had ${given}`
}

export function listOf(list: readonly Accounted[]): string {
  const listed = list.slice(0, 5).map(({ value, key }) => `${show(value)}${key === undefined ? '' : ` (${key})`}`)
  const more = list.length - listed.length
  return more > 0 ? `${listed.join(', ')} and ${more} more` : listed.join(', ')
}

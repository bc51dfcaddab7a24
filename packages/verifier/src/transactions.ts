import { isList, listOf, textOf, textsOf } from './history.ts'
import { type Counts, type Model, objectsOf, type Step, type Transaction } from './model.ts'
import { unknownFunction } from './objects.ts'
import { isObject, type Json, refuse, Undecided } from './proof.ts'

/**
 * How transactions take effect. `serial`: at a single moment (Papadimitriou 1979). `snapshot`: each reads the state
 * committed at its start, and writes at its commit (Berenson et al. 1995). `committed`: each read sees some of the
 * transactions committed before it, each as a whole (Adya 1999, PL-2).
 */
export type Rule = 'serial' | 'snapshot' | 'committed'

/** Returns the name that a `Counts` function expects for an element of a list or a value of a register. */
export const nameOf = (key: string, text: string): string => `${key} ${text}`

/** Transactions of lists with appends, or of registers. */
export const transactions = (kind: 'lists' | 'registers', rule: Rule): Model => ({
  family: 'transactions',
  view(operation, { initial = null }) {
    const { f, outcome, input, answer, line, key } = operation
    if ((f !== 'txn' && f !== 'transact') || key !== 'null') return unknownFunction(operation)
    if (outcome === 'fail') return []
    const micros = (outcome === 'ok' ? answer : undefined) ?? input
    if (!isList(micros)) return refuse(`line ${line}: a transaction must be a list`)
    // A read is unknown if its transaction is unanswered or if it lacks a value.
    const isKnown = (at: number): boolean => micros === answer && listOf(micros[at]).length > 2
    const steps = micros.map((step) => stepOf(step, kind, initial)).filter(({ isRead }, at) => !isRead || isKnown(at))
    const moments = rule === 'snapshot' ? (['start', 'commit'] as const) : (['once'] as const)
    return moments.map((at) => ({ kind: 'transaction', line, steps, at }))
  },
  start(initial, counts) {
    if (kind === 'lists' && initial() !== null) return refuse('the initial value of lists must be empty')
    const shows = kind === 'lists' ? showsList(rule, counts) : showsRegister(rule, counts, initial)
    return objectsOf(
      (): Committed => ({ held: {}, lengths: {}, open: {} }),
      (now, action) => {
        if (action.kind !== 'transaction' || (action.at === 'commit' && now.open[action.line] === undefined))
          return false
        const written = writtenBy(action, (read, own) => action.at === 'commit' || shows(read, now, own))
        if (written === undefined) return false
        if (action.at === 'start') now.open[action.line] = []
        return (
          action.at === 'start' ||
          commit(now, action.line, written, (key, texts) => {
            const kept = kind === 'lists' ? texts.filter((text) => counts(nameOf(key, text))) : texts.slice(-1)
            const all = kind === 'lists' || rule === 'committed' ? (now.held[key] ?? []) : []
            for (const text of kept) all.push(text)
            now.held[key] = all
            if (rule === 'committed') now.lengths[key] = Object.assign(now.lengths[key] ?? {}, { [all.length]: true })
          })
        )
      },
    )
  },
})

/** A map gives registers different initial values. */
const firstOf = (initial: Json, key: string): string =>
  textOf(isObject(initial) ? memberOf(initial, String(JSON.parse(key))) : initial)

const memberOf = (held: { readonly [member: string]: Json }, name: string): Json | undefined =>
  Object.hasOwn(held, name) ? held[name] : undefined

function stepOf(json: Json, kind: 'lists' | 'registers', initial: Json): Step {
  const [f, name, value = null]: readonly Json[] = isList(json) ? json : []
  const isRead = f === 'r' || f === 'read'
  if (!isRead && (kind === 'lists' ? f !== 'append' : f !== 'w' && f !== 'write'))
    throw new Undecided(`the verifier does not cover ${textOf(json)} in a transaction`)
  const key = textOf(name)
  if (kind === 'lists') return { isRead, key, texts: isRead ? textsOf(value) : [textOf(value)] }
  // In a register, null stands for the initial value.
  return { isRead, key, texts: [value === null ? firstOf(initial, key) : textOf(value)] }
}

/** The committed state, by key: the elements of a list, or the values of a register. */
interface Committed {
  readonly held: { [key: string]: string[] }
  /** By key: the lengths of its list after transactions. A read of another length saw only a part of a transaction. */
  readonly lengths: { [key: string]: { [length: number]: boolean } }
  /** By open transaction: the keys that others committed since its start. */
  readonly open: { [line: number]: string[] }
}

/** Whether a read agrees with the state and with earlier writes of the same transaction. */
type Shows = (read: Step, now: Committed, own: readonly string[]) => boolean

const showsRegister =
  (rule: Rule, counts: Counts, initial: () => Json): Shows =>
  ({ key, texts: [text = ''] }, { held }, own) => {
    if (own.length > 0 && rule !== 'committed') return text === own.at(-1)
    if (own.includes(text) || !counts(nameOf(key, text))) return true
    const values = [firstOf(initial(), key), ...(held[key] ?? [])]
    return rule === 'committed' ? values.includes(text) : values.at(-1) === text
  }

const showsList =
  (rule: Rule, counts: Counts): Shows =>
  ({ key, texts }, { held, lengths }, all) => {
    const [there, own] = [held[key] ?? [], all.filter((text) => counts(nameOf(key, text)))]
    const counted = texts.filter((text) => counts(nameOf(key, text)))
    if (!counted.every((text, at) => text === (at < there.length ? there[at] : own[at - there.length]))) return false
    if (rule !== 'committed') return counted.length === there.length + own.length
    // The returned elements must end with the last element of some transaction. Otherwise, the read saw only a part of
    // a transaction (Adya 1999, G1b).
    return counted.length === 0 || counted.length > there.length || lengths[key]?.[counted.length] === true
  }

/** Returns the values that a transaction wrote, by key; undefined if one of its reads does not satisfy `fits`. */
function writtenBy({ steps }: Transaction, fits: (read: Step, own: readonly string[]) => boolean): Written | undefined {
  const written = new Map<string, string[]>()
  for (const step of steps) {
    const own = written.get(step.key) ?? []
    if (step.isRead && !fits(step, own)) return undefined
    if (!step.isRead) own.push(...step.texts)
    if (own.length > 0) written.set(step.key, own)
  }
  return written
}

type Written = ReadonlyMap<string, readonly string[]>

function commit(
  now: Committed,
  line: number,
  written: Written,
  keep: (key: string, texts: readonly string[]) => void,
): boolean {
  const lost = now.open[line] ?? []
  delete now.open[line]
  for (const [key, texts] of written) {
    // First committer wins: two overlapping transactions must not write the same key (Berenson et al. 1995).
    if (lost.includes(key)) return false
    for (const keys of Object.values(now.open)) keys.push(key)
    keep(key, texts)
  }
  return true
}

import { acceptSources, refuteSources } from './causal.ts'
import { operationsOn, refute, type Subject } from './core.ts'
import { acceptFinal } from './final.ts'
import { acceptGuarantees, comprises, hasGuarantees } from './guarantees/models.ts'
import { type History, readHistory, textOf } from './history.ts'
import { type IsolationLevel, implies, impliesIsolation, isolationOf } from './levels.ts'
import { logModel } from './log.ts'
import { everything, isSure, type Model } from './model.ts'
import { elementModels, lock, register } from './objects.ts'
import { type LevelProof, type ProofHead, parseProof, Refused, refuse, Undecided, undecided } from './proof.ts'
import { createReplay } from './replay.ts'
import { type DeadEnd, deadEnds, type findOrder } from './search.ts'
import { bank, counter } from './sums.ts'
import { type Rule, transactions } from './transactions.ts'

/** The result for the proof of one level. */
export interface Finding {
  readonly level: string
  readonly result: 'met' | 'violated'
  /** `undecided`: the verifier does not support the level, or the proof is too large. */
  readonly verdict: 'accepted' | 'refused' | 'undecided'
  /** What was accepted, which rule is broken first, or why the level is undecided. */
  readonly why: string
  /** The lines of the core's operations; empty without a core. */
  readonly core: readonly number[]
}

/** Returns a finding as a sentence. Several levels with equal findings can share one sentence. */
export function sentenceOf(
  { level, result, verdict, why, core }: Finding,
  levels: readonly string[] = [level],
): string {
  const claim = `${levels.join(', ')} ${levels.length === 1 ? 'is' : 'are'} ${result}`
  const sentences = { accepted: claim, refused: `not shown that ${claim}`, undecided: `unknown whether ${claim}` }
  return `${sentences[verdict]}: ${why}${core.length === 0 ? '' : `, see ${core.length === 1 ? 'line' : 'lines'} ${core.join(', ')} of the history`}`
}

export interface Verification {
  readonly head: ProofHead
  /** The findings, in the order of levels in the proof. */
  readonly findings: readonly Finding[]
}

/**
 * Verifies a proof of a history, whose JSON lines may be split anywhere. `sha256` is the hash of the history's bytes.
 *
 * @throws Refused if the proof is incomplete, or belongs to a different history.
 * @throws Unreadable if the proof is not a proof, or the history is not one that the verifier reads.
 */
export function verify(input: {
  readonly history: Iterable<string>
  readonly sha256: string
  readonly proof: string
}): Verification {
  const { head, levels } = parseProof(input.proof)
  if (head.history !== `sha256:${input.sha256}`)
    return refuse(`the proof is of another history, ${head.history}; this one is sha256:${input.sha256}`)
  if (levels.length === 0) return refuse('the proof is cut off: it has no entry for any level')
  const history = readHistory(input.history)
  const { model = head.model, initial = head.initial } = history.header
  if (model !== head.model || textOf(initial) !== textOf(head.initial))
    return refuse(
      `the header of the history names the model ${textOf(model)} and the first value ${textOf(initial)}; the proof names others`,
    )
  const accepts = createVerifier(history, head)
  const nameOf = ({ level, result }: LevelProof): string => `${level} ${result}`
  const names = [...new Set(levels.map(nameOf))]
  return { head, findings: names.map((name) => accepts(levels.filter((each) => nameOf(each) === name))) }
}

/**
 * Creates a function that verifies the proof of one level per call. A proof may refer to levels that earlier calls
 * accepted.
 */
export function createVerifier(history: History, head: ProofHead): (entries: readonly LevelProof[]) => Finding {
  const accepted: Finding[] = []
  return (entries) => {
    const [{ level, result } = refuse('no level')] = entries
    const before = accepted.filter((each) => each.result === result)
    const core = entries.flatMap((entry) => ('core' in entry ? entry.core.toSorted((a, b) => a - b) : []))
    const finding = { level, result, core, ...verdictOf(() => accept({ history, head }, entries, before)) }
    if (finding.verdict === 'accepted') accepted.push(finding)
    return finding
  }
}

function verdictOf(accepts: () => string): Pick<Finding, 'verdict' | 'why'> {
  try {
    return { verdict: 'accepted', why: accepts() }
  } catch (error) {
    if (error instanceof Refused) return { verdict: 'refused', why: error.message }
    if (error instanceof Undecided) return { verdict: 'undecided', why: error.message }
    // JavaScript throws RangeError at its limits for the stack, numbers and lists.
    if (error instanceof RangeError) return { verdict: 'undecided', why: `a limit of JavaScript: ${error.message}` }
    throw error
  }
}

type Given = Pick<Subject, 'history' | 'head'>

/** Verifies proofs of one level. Returns a text that says what was accepted. @throws Refused, or Undecided */
function accept(given: Given, entries: readonly LevelProof[], accepted: readonly Finding[]): string {
  const texts: string[] = []
  const orders: Order[] = []
  for (const entry of entries) {
    if ('by' in entry) texts.push(followsFrom(given, entry, accepted))
    else if (hasGuarantees(given.head) && ('core' in entry || 'whole' in entry))
      texts.push(acceptGuarantees(given.history, given.head, entry.level, 'core' in entry ? entry.core : undefined))
    else if ('core' in entry) texts.push(acceptCore(given, entry.level, entry.core))
    else if ('order' in entry) orders.push(entry)
    else if ('sources' in entry && isWeak(given, entry.level))
      texts.push(acceptSources(given.history, given.head, entry.level, entry.sources))
    else if ('final' in entry) texts.push(acceptFinal(given.history, given.head, entry.level, entry.result))
    else undecided(`the verifier does not cover ${entry.level}`)
  }
  if (orders.length > 0) texts.push(acceptOrders(given, orders))
  return texts.join('; ')
}

type Order = Extract<LevelProof, { readonly order: readonly number[] }>

function followsFrom(
  { head }: Given,
  entry: Extract<LevelProof, { readonly by: string }>,
  accepted: readonly Finding[],
): string {
  const { level, result, by } = entry
  if (!accepted.some((each) => each.level === by))
    return refuse(`the proof assumes that ${by} is ${result}, but no earlier entry proves this`)
  const [strong, weak] = result === 'met' ? [by, level] : [level, by]
  const [one, other] = areTransactions(head) ? [isolationOf(strong), isolationOf(weak)] : []
  const follows =
    one !== undefined && other !== undefined
      ? impliesIsolation(one, other)
      : comprises(head, strong, weak) || implies(strong, weak)
  return follows ? `because ${by} is ${result}` : refuse(`${strong} does not imply ${weak}`)
}

function acceptCore(given: Given, level: string, core: readonly number[]): string {
  const these = core.length === 1 ? 'this operation admits' : `these ${core.length} operations admit`
  if (!isWeak(given, level)) return `${these} no order (${refute(subjectOf(given, level), core)} steps tried)`
  const named = operationsOn(given.history, core)
  return `${these} no explanation (${refuteSources(given.history, given.head, level, named)} tried)`
}

/**
 * Returns the failing orders of an accepted core, for each possible initial value. Returns none if the level does not
 * require one order of all operations.
 */
export function ordersOf(given: Given, level: string, core: readonly number[]): readonly DeadEnd[] {
  const found: DeadEnd[] = []
  const list: typeof findOrder = (...of) => ({ exists: false, tried: found.push(...deadEnds(...of)) })
  if (!isWeak(given, level) && !hasGuarantees(given.head)) refute(subjectOf(given, level), core, list)
  return found
}

/** Returns whether a level is a rule about the sources of reads instead of one order of all operations. */
const isWeak = ({ head }: Given, level: string): boolean =>
  head.model === 'register' && implies('sequential', level) && level !== 'sequential'

function acceptOrders(given: Given, orders: readonly Order[]): string {
  const [{ level } = refuse('no order')] = orders
  const { history, head, model, keeps } = subjectOf(given, level)
  if (keeps !== 'real time' && orders.length > 1) return refuse(`a proof of ${level} has exactly one order`)
  const view = (operation: History['operations'][number]) => model.view(operation, head)
  const replay = createReplay(history, keeps, view, isSure)
  // `first` is the initial value for the order that is being replayed. An object is created with this value when its
  // key first occurs in an order.
  let first = head.initial ?? orders[0]?.start
  const objects = model.start(() => first ?? null, everything)
  let count = 0
  for (const { order, start } of orders) {
    first = head.initial === undefined ? start : head.initial
    if (first === undefined) return refuse('the proof does not say what the object held at first')
    replay.go(order, objects)
    count += order.length
  }
  replay.end()
  return `an order of ${count} ${count === 1 ? 'operation' : 'operations'} explains every answer`
}

/** @throws Undecided for a model or a level that the verifier does not cover. */
function subjectOf(given: Given, level: string): Subject {
  const { history, head } = given
  const isolation = areTransactions(head) ? isolationOf(level) : undefined
  const keeps = isolation?.keeps ?? (level === 'linearizable' ? 'real time' : 'clients')
  if ((keeps === 'clients' || head.model === 'lock') && !history.hasClients)
    throw new Undecided('not every operation names its client')
  if (isolation !== undefined) return { ...given, keeps, model: transactions(kindOf(head), ruleOf(isolation)) }
  const model = models.get(head.model)
  if (model !== undefined && (level === 'linearizable' || level === 'sequential')) return { ...given, keeps, model }
  throw new Undecided(`the verifier does not cover ${level} for ${head.model}`)
}

const models: ReadonlyMap<string, Model> = new Map(
  Object.entries({
    ...elementModels,
    ...{ register, lock, counter, bank, log: logModel(false), 'dense-log': logModel(true) },
    'multi-register': transactions('registers', 'serial'),
  }),
)

const LISTS = 'list-append'

const areTransactions = ({ model }: ProofHead): boolean => model === LISTS || model === 'rw-register'

const kindOf = ({ model }: ProofHead) => (model === LISTS ? 'lists' : 'registers')

const rules: ReadonlyMap<string, Rule> = new Map([
  ['serializable', 'serial'],
  // PL-2.99 differs from PL-3 only in predicates (Adya 1999), which the verifier does not read.
  ['repeatable-read', 'serial'],
  ['snapshot-isolation', 'snapshot'],
  ['read-committed', 'committed'],
])

const ruleOf = ({ isolation }: IsolationLevel): Rule =>
  rules.get(isolation) ?? undecided(`the verifier does not cover ${isolation}`)

import { type Counterexample, type CounterexampleCycle, MOST_OPERATIONS } from '../../verdict/verdict.ts'
import { CYCLE } from '../../verdict/words.ts'
import { versionForUpdate } from '../anomalies/lost-updates.ts'
import { NO_KEY, RT, RW, SO, WR, WW } from '../graph/edges.ts'
import type { CycleStep, Situation } from '../levels/situation.ts'
import type { Finding, ReadAnomaly } from '../record/findings.ts'
import type { TransactionRecord } from '../record/record.ts'
import { NO_VERSION, type Versions } from '../record/versions.ts'
import { becauseOf, createNames, keyText, microText } from './words.ts'

/** A counterexample but for its level. */
export type Told = Omit<Counterexample, 'level'>

const rows = (transactions: readonly number[]): Told['operations'] =>
  [...new Set(transactions)].sort((a, b) => a - b).map((operation) => ({ operation, role: 'core' }))

const kindNames: { readonly [kind: number]: CounterexampleCycle['edge'] } = {
  [WW]: 'ww',
  [WR]: 'wr',
  [RW]: 'rw',
  [SO]: 'session',
  [RT]: 'real time',
}

const GUESS = ' No read shows the order of some of these writes; any other order leads to another cycle.'

/** Tells a cycle: why each transaction comes before the next. */
export function tellCycle(
  record: TransactionRecord,
  versions: Versions,
  anomaly: string,
  steps: readonly CycleStep[],
  isGuess = false,
): Told {
  const name = createNames(record.history)
  const because = steps.map((step) => becauseOf(record, versions, step, name))
  const story = storyOf(record, versions, steps)
  const keys = [...new Set(steps.flatMap(({ key }) => (key === NO_KEY ? [] : [keyText(record, key)])))]
  return {
    sentence: `${story === undefined ? anomaly : `${anomaly}, ${story}`}: ${because.join('; ')}. ${CYCLE}${isGuess ? GUESS : ''}${cureOf(record, story)}`,
    operations: rows(steps.map(({ from }) => from)),
    keys,
    anomaly,
    story,
    cycle: steps.map(({ from, to, kind, key }, at) => ({
      before: from,
      after: to,
      edge: kindNames[kind] ?? 'rw',
      key: key === NO_KEY ? undefined : keyText(record, key),
      because: becauseOf(record, versions, steps[at], createNames(record.history)),
    })),
  }
}

/** What would have prevented it, for transactions of SQL. */
const cureOf = ({ history }: TransactionRecord, story: Story | undefined): string =>
  story === undefined || history.transactionNotes === undefined ? '' : ` ${cures[story]}`

/** Tells a read that is wrong by itself. */
export function tellFinding(record: TransactionRecord, { anomaly, transaction, micro, other }: Finding): Told {
  const name = createNames(record.history)
  const second = other < 0 ? -1 : transactionOf(record, other)
  const reader = name(transaction)
  const did = microText(record, micro)
  const writer = second < 0 ? '' : second === transaction ? 'it' : name(second)
  const what = other < 0 ? '' : microText(record, other)
  return {
    sentence: `${anomaly}: ${sentencesFor(record, micro)[anomaly]({ reader, did, writer, what })}.`,
    operations: rows([transaction, ...(second < 0 ? [] : [second])]),
    keys: [keyText(record, record.key[micro])],
    culprit: transaction,
    anomaly,
  }
}

interface Parts {
  readonly reader: string
  readonly did: string
  readonly writer: string
  readonly what: string
}

type Sentences = { readonly [anomaly in ReadAnomaly]: (parts: Parts) => string }

const sentences: Sentences = {
  'torn-append': ({ reader, did, writer, what }) =>
    `${reader} ${did}: ${writer} ${what} there, and an element that it appended to the same key earlier is missing or comes later`,
  'incompatible-order': ({ reader, did, writer, what }) =>
    `${reader} ${did}, and ${writer} ${what}: neither list begins with the other`,
  'duplicate-elements': ({ reader, did, what }) => `${reader} ${did}, with an element twice that was once ${what}`,
  'unwritten-read': ({ reader, did }) => `${reader} ${did}, with an element that no transaction appended`,
  G1a: ({ reader, did, writer, what }) => `${reader} ${did}: ${writer} ${what} and was aborted`,
  G1b: ({ reader, did, writer, what }) =>
    `${reader} ${did}: ${writer} ${what} and then appended to the key again, so this was never its last version`,
  'future-read': ({ reader, did, what }) => `${reader} ${did}, and ${what} itself only after that`,
  'dirty-update': ({ reader, did, writer, what }) => `${reader} ${did} after ${writer} ${what} and was aborted`,
  internal: ({ reader, did }) => `${reader} ${did}, which does not end with what it had itself appended before`,
  'non-repeatable-read': ({ reader, did, what }) => `${reader} ${what} and then ${did}`,
}

/** Of registers, where those of lists do not fit. */
const ofRegisters: Sentences = {
  ...sentences,
  'unwritten-read': ({ reader, did }) => `${reader} ${did}, which no transaction wrote`,
  G1b: ({ reader, did, writer, what }) =>
    `${reader} ${did}: ${writer} ${what} and then wrote the key again, so this was never its last version`,
  internal: ({ reader, did, what }) =>
    `${reader} ${did} right after it had itself ${what.replace(/^wrote/, 'written')}`,
}

const sentencesFor = ({ list }: TransactionRecord, micro: number): Sentences =>
  list[micro] < 0 ? ofRegisters : sentences

/** The transaction of a micro-operation. */
export function transactionOf({ starts, length }: TransactionRecord, micro: number): number {
  let low = 0
  let high = length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle] <= micro) low = middle
    else high = middle - 1
  }
  return low
}

/** What is shown if transactions contradict each other in more ways than one cycle. */
export function tellAmong(record: TransactionRecord, transactions: readonly number[]): Told {
  const name = createNames(record.history)
  const shown = transactions.slice(0, MOST_OPERATIONS)
  const named = shown.slice(0, MOST_NAMED).map(name).join(', ')
  const more = transactions.length > MOST_NAMED ? ` and ${transactions.length - MOST_NAMED} more` : ''
  return {
    sentence: `no order of ${named}${more} explains what they read.`,
    operations: rows(shown),
    keys: [],
    uncut:
      shown.length < transactions.length
        ? { why: 'size', among: transactions.length, standsAlone: false }
        : { why: 'time', among: transactions.length, standsAlone: false },
  }
}

const MOST_NAMED = 8

/** What is shown if no short cycle was found: transactions that lie on cycles together. */
export function tellComponent({ core }: Situation): Told {
  const all = core.transaction.filter((t, node) => t >= 0 && core.component[node] === 0)
  const shown = [...all].sort((a, b) => a - b).slice(0, MOST_OPERATIONS)
  return {
    sentence: `${all.length.toLocaleString('en-US')} transactions lie on cycles together; no short one was found in the time given.`,
    operations: rows(shown),
    keys: [],
    uncut: { why: 'time', among: all.length, standsAlone: false },
  }
}

/** What a developer calls a cycle. */
type Story = 'lost update' | 'write skew' | 'read skew' | 'long fork' | 'stale read'

/** The story of a cycle; undefined if it has none of its own. */
function storyOf(record: TransactionRecord, versions: Versions, steps: readonly CycleStep[]): Story | undefined {
  const kinds = steps.map(({ kind }) => kind)
  const readWrites = kinds.filter((kind) => kind === RW).length
  if (steps.length === 2) {
    const [one, other] = steps
    if (readWrites === 2 && one.key !== other.key) return 'write skew'
    if (readWrites === 1 && kinds.includes(WW) && one.key === other.key) {
      const { from, key } = one.kind === RW ? one : other
      return versionForUpdate(record, versions, from, key) === NO_VERSION ? 'read skew' : 'lost update'
    }
    if (readWrites === 1 && kinds.includes(WR)) return 'read skew'
    if (readWrites === 1 && (kinds.includes(RT) || kinds.includes(SO))) return 'stale read'
  }
  if (steps.length === 4 && readWrites === 2 && kinds.filter((kind) => kind === WR).length === 2) return 'long fork'
  return undefined
}

/** What prevents it in a database, by SQL. */
const cures: { readonly [story in Story]: string } = {
  'lost update': 'Prevent it with SELECT … FOR UPDATE, with SET n = n + 1, or with REPEATABLE READ and a retry.',
  'write skew': 'Prevent it with SERIALIZABLE and a retry, or with SELECT … FOR UPDATE of all rows that decide.',
  'read skew': 'Prevent it with REPEATABLE READ, or read both in one statement.',
  'long fork': 'Prevent it by reading at one node, with SERIALIZABLE.',
  'stale read': 'Prevent it by reading at the primary.',
}

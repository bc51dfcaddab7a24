import { count } from '@chaosproxy/history'
import { ascending } from '../../encoding/lists.ts'
import {
  asCore,
  type Counterexample,
  MOST_OPERATIONS,
  type TransactionArrow,
  type TransactionStory,
} from '../../verdict/verdict.ts'
import { CYCLE, capital } from '../../verdict/words.ts'
import { NO_KEY, RT, RW, SO, WR, WW } from '../graph/edges.ts'
import type { Contradiction, CycleStep, Situation, Violation } from '../levels/situation.ts'
import type { Finding, ReadAnomaly } from '../record/findings.ts'
import { APPEND, READ, type TransactionRecord, transactionOf } from '../record/record.ts'
import type { Versions } from '../record/versions.ts'
import { MOST_NAMED, proofsOfCycle, proofsText } from './proofs.ts'
import { proofsOfRead } from './proofs-of-reads.ts'
import { cyclicVersions, storyOfCycle, storyOfRead } from './stories.ts'
import {
  becauseOf,
  createNames,
  type DrawnOrder,
  drawn,
  drawnFinding,
  drawnWhole,
  haveReadTheSame,
  keyText,
  microText,
  NO_ROW,
  rowsOfStep,
} from './words.ts'

export type Explanation = Omit<Counterexample, 'level'>

const rowsOf = (transactions: readonly number[]): Explanation['operations'] => asCore(ascending(transactions))

const kindNames: { readonly [kind: number]: TransactionArrow['edge'] } = {
  [WW]: 'ww',
  [WR]: 'wr',
  [RW]: 'rw',
  [SO]: 'session',
  [RT]: 'real time',
}

const GUESS =
  ' The order of some writes is not known. Every possible order leads to a contradiction; one of these contradictions is shown.'

/** Formats a title as `Write skew (G2-item)`, or the anomaly alone. */
function titleOf(anomaly: string, { name }: TransactionStory): string {
  if (name === undefined) return anomaly
  return name.replaceAll(' ', '-') === anomaly ? capital(name) : `${capital(name)} (${anomaly})`
}

export function explainCycle(
  record: TransactionRecord,
  versions: Versions,
  anomaly: string,
  steps: readonly CycleStep[],
  { isGuess = false, among, proves, isCut = true }: Omit<Violation, 'result' | 'cycle'> = {},
  story: TransactionStory = storyOfCycle(record, versions, steps),
): Explanation {
  const proofs = proofsOfCycle(record, versions, steps, { among, proves, isCut })
  const transactions = [...steps.map(({ from }) => from), ...proofs.map(({ transaction }) => transaction)]
  const name = createNames(record.history, transactions)
  const orders = steps.map((step): DrawnOrder => {
    const rows = rowsOfStep(record, versions, step)
    const brief = createNames(record.history, transactions)
    return {
      ...{ from: step.from, to: step.to, rows, edge: kindNames[step.kind] ?? 'rw' },
      key: step.key === NO_KEY ? undefined : keyText(record, step.key),
      because: becauseOf(record, step, rows, brief),
    }
  })
  const because =
    story.name === 'lost update' || story.name === 'unseen change'
      ? lostUpdateOf(record, steps, orders, { name, areSame: haveReadTheSame(record, versions, steps) })
      : (skewOf(record, orders, name) ??
        `${steps.map((step, at) => becauseOf(record, step, orders[at].rows, name)).join('; ')}. ${CYCLE}`)
  return {
    sentence: `${titleOf(anomaly, story)}: ${because}${isGuess ? GUESS : ''}${proofsText(record, proofs, name)}`,
    operations: rowsOf(transactions),
    keys: [...new Set(orders.flatMap(({ key }) => key ?? []))],
    anomaly,
    story,
    transactions: drawn(record, transactions, orders, proofs),
    ...uncutOf(among ?? [], true, isCut),
  }
}

/** Describes two transactions that each read a version that the other replaced. */
function skewOf(
  record: TransactionRecord,
  orders: readonly DrawnOrder[],
  name: (t: number) => string,
): string | undefined {
  if (orders.length !== 2) return undefined
  const [one, other] = orders.toSorted((a, b) => a.from - b.from)
  const rows = [one.rows.from, one.rows.to, other.rows.from, other.rows.to]
  if (one.edge !== 'rw' || other.edge !== 'rw' || rows.includes(NO_ROW)) return undefined
  const did = ({ from, rows }: DrawnOrder, { rows: next }: DrawnOrder): string =>
    `${name(from)} ${microText(record, rows.from)} and ${microText(record, next.to)}`
  return `${did(one, other)}; ${did(other, one)}. Neither saw what the other wrote.`
}

/**
 * Describes how an update was lost: which transaction read and wrote, and which transaction overwrote without reading.
 */
function lostUpdateOf(
  record: TransactionRecord,
  steps: readonly CycleStep[],
  orders: readonly DrawnOrder[],
  { name, areSame }: { readonly name: (t: number) => string; readonly areSame: boolean },
): string {
  const at = steps.findIndex(({ kind }) => kind === RW)
  const [missed, next] = [orders[at], orders[1 - at]]
  if (missed === undefined || next === undefined) return CYCLE
  const [loser, winner] = [missed.to, missed.from]
  const read = microText(record, missed.rows.from)
  // An update is lost only if both transactions read the same version before they wrote. Appends lose nothing, because
  // they do not overwrite each other.
  const isLost = areSame && !record.kind.includes(APPEND)
  if (next.edge === 'rw') {
    const other = microText(record, next.rows.from)
    const both = areSame
      ? `${name(loser)} and ${name(winner)} both ${read}`
      : `${name(loser)} ${other}, and ${name(winner)} ${read}`
    return `${both}; ${name(loser)} ${microText(record, missed.rows.to)}, and ${name(winner)} ${microText(record, next.rows.to)}. Neither saw what the other wrote${isLost ? ', so one of the updates is lost' : ''}.`
  }
  const both = areSame ? `${name(loser)} and ${name(winner)} both ${read}` : `${name(winner)} ${read}`
  return `${both}; ${name(loser)} ${microText(record, next.rows.from)}, and ${name(winner)} then ${microText(record, next.rows.to)} without having seen it.${isLost ? ` The update of ${name(loser)} is lost.` : ''}`
}

export function explainFinding(record: TransactionRecord, finding: Finding): Explanation {
  const { anomaly, transaction, micro, other } = finding
  const second = other < 0 ? transaction : transactionOf(record, other)
  const proofs = proofsOfRead(record, finding)
  const transactions = [transaction, second, ...proofs.map((proof) => proof.transaction)]
  const name = createNames(record.history, transactions)
  const story = storyOfRead(record, finding)
  const reader = name(transaction)
  const did = microText(record, micro)
  const writer = other < 0 ? '' : second === transaction ? 'it' : name(second)
  const what = other < 0 ? '' : microText(record, other)
  const sentence = sentencesFor(record, micro)[anomaly]({ reader, did, writer, what })
  const isWrite = other >= 0 && record.kind[other] !== READ
  return {
    sentence: `${titleOf(anomaly, story)}: ${sentence}.${proofsText(record, proofs, name)}`,
    operations: rowsOf(transactions),
    keys: [keyText(record, record.key[micro])],
    culprit: transaction,
    anomaly,
    story,
    transactions: drawnFinding(record, {
      ...{ transaction, micro, other, second, proofs },
      because: sentence,
      isWrite,
    }),
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
  'duplicate-elements': ({ reader, did, writer, what }) =>
    `${reader} ${did}, with an element twice; ${writer} ${what} only once`,
  'unwritten-read': ({ reader, did }) => `${reader} ${did}, with an element that no transaction appended`,
  G1a: ({ reader, did, writer, what }) => `${reader} ${did}: ${writer} ${what} and was aborted`,
  G1b: ({ reader, did, writer, what }) =>
    `${reader} ${did}: ${writer} ${what} and then appended to the key again, so this was only an intermediate version`,
  'future-read': ({ reader, did, what }) => `${reader} ${did}, and ${what} itself only after that`,
  'dirty-update': ({ reader, did, writer, what }) => `${reader} ${did} after ${writer}, which was rolled back, ${what}`,
  internal: ({ reader, did }) =>
    `${reader} ${did}, although the list must end with the earlier appends of the same transaction`,
  'non-repeatable-read': ({ reader, did, what }) => `${reader} ${what} and then ${did}`,
}

const ofRegisters: Sentences = {
  ...sentences,
  'unwritten-read': ({ reader, did }) => `${reader} ${did}, which no transaction wrote`,
  G1b: ({ reader, did, writer, what }) =>
    `${reader} ${did}: ${writer} ${what} and then wrote the key again, so this was only an intermediate version`,
  internal: ({ reader, did, what }) =>
    `${reader} ${did} right after it had itself ${what.replace(/^wrote/, 'written')}`,
}

const sentencesFor = ({ list }: TransactionRecord, micro: number): Sentences =>
  list[micro] < 0 ? ofRegisters : sentences

/** Describes transactions whose contradiction is more than a single cycle. */
export function explainAmong(
  record: TransactionRecord,
  transactions: readonly number[],
  { standsAlone = false, isCut = false }: Pick<Violation, 'standsAlone' | 'isCut'> = {},
): Explanation {
  const drawn = ascending(transactions).slice(0, MOST_OPERATIONS)
  const name = createNames(record.history, drawn)
  const named = drawn.slice(0, MOST_NAMED).map(name).join(', ')
  const more = transactions.length > MOST_NAMED ? ` and ${transactions.length - MOST_NAMED} more` : ''
  return {
    sentence: `no order of ${named}${more} explains what they read.`,
    operations: rowsOf(drawn),
    keys: [],
    transactions: drawnWhole(record, drawn),
    ...uncutOf(transactions, standsAlone && drawn.length === transactions.length, isCut),
  }
}

/**
 * Describes two versions of a key. According to the assumptions that the user granted, each of them precedes the other.
 */
export function explainContradiction(record: TransactionRecord, { micros, assumed }: Contradiction): Explanation {
  const transactions = ascending([...new Set(micros.map((micro) => transactionOf(record, micro)))])
  const name = createNames(record.history, transactions)
  const [one, other] = micros.map((micro) => `${name(transactionOf(record, micro))} ${microText(record, micro)}`)
  return {
    sentence: `Cyclic versions: ${one}; ${other}. By ${assumed.join(' and ')}, each of these versions comes before the other.`,
    operations: rowsOf(transactions),
    keys: [keyText(record, record.key[micros[0]])],
    anomaly: 'cyclic-versions',
    story: cyclicVersions,
    transactions: drawnWhole(record, transactions),
  }
}

function uncutOf({ length }: readonly number[], standsAlone: boolean, isCut: boolean): Pick<Explanation, 'uncut'> {
  if (standsAlone && isCut) return {}
  return { uncut: { why: length > MOST_OPERATIONS ? 'size' : 'time', among: length, standsAlone } }
}

/** Describes transactions that are on cycles, if no short cycle was found. */
export function explainComponent({ core, record }: Situation): Explanation {
  const all = core.transaction.filter((t, node) => t >= 0 && core.component[node] === 0)
  const drawn = ascending(all).slice(0, MOST_OPERATIONS)
  return {
    sentence: `${count(all.length)} transactions lie on common cycles; no short cycle was found within the time limit.`,
    operations: rowsOf(drawn),
    keys: [],
    transactions: drawnWhole(record, drawn),
    uncut: { why: 'time', among: all.length, standsAlone: false },
  }
}

import { NULL, type TransactionNote } from '@chaosproxy/history'
import type { Budget } from '../../limits/budget.ts'
import { notRecorded } from '../../verdict/reason.ts'
import { CHECKED, unknownBecause, type Verdict } from '../../verdict/verdict.ts'
import { type CycleClassName, cycleClasses, nameOf } from '../anomalies/classes.ts'
import { CycleSearch, shortest } from '../anomalies/search.ts'
import { type Explanation, explainAmong, explainCycle, explainFinding } from '../explanation/counterexample.ts'
import { isAcyclic } from '../graph/components.ts'
import { coreOf } from '../graph/core.ts'
import { type EdgeKind, EdgeList, maskOf, RW, WR, WW } from '../graph/edges.ts'
import { graphOf } from '../graph/graph.ts'
import { isAcyclicBy, noTwoReadWrites } from '../graph/states.ts'
import { versionEdges } from '../graph/version-edges.ts'
import type { CycleStep } from '../levels/situation.ts'
import type { Finding } from '../record/findings.ts'
import type { Inference } from '../record/inference.ts'
import { ABORTED, READ, type TransactionRecord, WRITE } from '../record/record.ts'
import { INITIAL } from '../record/versions.ts'
import { DECLARED, requestedLevel, SERIALIZABLE, SNAPSHOT, UNPROMISING } from './requested-levels.ts'

/**
 * Decides whether each transaction got the level that it asked for. An order between two transactions counts if these
 * levels promise it:
 *
 * - At every level, a transaction that overwrites or reads a version commits after the writer of the version.
 * - A transaction that asked for a snapshot begins after the commits that it read from (wr edges), and before the
 *   commits that replace a version that it read (rw edges). Snapshot isolation allows only cycles that contain two
 *   consecutive rw edges.
 * - A transaction that asked for a snapshot may insert a row that another transaction deleted after the snapshot. It
 *   need not begin after the deletion, because PostgreSQL refuses only changes of rows that were changed after the
 *   snapshot.
 * - If two transactions asked for serializable, and one overwrote a version that the other read, the whole reading
 *   transaction precedes the overwriting one. This applies only to cells that no transaction at a lower level may have
 *   written, because a database need not notice a write of such a transaction in between.
 */
export function decideDeclared(
  record: TransactionRecord,
  inference: Inference,
  notes: readonly (TransactionNote | undefined)[],
  budget: Budget,
): Verdict {
  if (notes.some((note) => note?.isolation === UNPROMISING)) return unknownBecause(NOT_PROMISED)
  const levels = Uint8Array.from(notes, requestedLevel)
  const wrong = wrongRead(record, inference, levels)
  if (wrong !== undefined) return violated(levels, explainFinding(record, wrong))
  const { edges, nodes } = versionEdges(record, inference.versions)
  const insertions = insertionsAfterDeletions(record, inference.versions, notes, levels)
  budget.look(edges.length)
  const counting = (isPromised: (from: number, to: number, key: number) => boolean): EdgeList => {
    const kept = new EdgeList(edges.length)
    for (let e = 0; e < edges.length; e++) {
      const [from, to, key, kind] = [edges.from[e], edges.to[e], edges.key[e], edges.kind[e] as EdgeKind]
      const isOfInsertion = kind === WW && insertions.size > 0 && insertions.has(pairOf(from, to, key))
      const counts = kind === RW ? isPromised(from, to, key) : !isOfInsertion
      if (counts) kept.add(from, to, kind, key)
    }
    return kept
  }
  const ofSnapshots = counting((from) => levels[from] >= SNAPSHOT)
  if (!isAcyclicBy(graphOf(ofSnapshots, nodes), EVERY_KIND, noTwoReadWrites)) return broken(ofSnapshots, FOR_SNAPSHOTS)
  const others = othersWrite(record, levels)
  const areSerial = (from: number, to: number) => levels[from] === SERIALIZABLE && levels[to] === SERIALIZABLE
  const ofSerial = counting((from, to, key) => areSerial(from, to) && others[key] === 0)
  if (!isAcyclic(graphOf(ofSerial, nodes), EVERY_KIND)) return broken(ofSerial, FOR_SERIAL)
  const isMet = isAcyclic(graphOf(counting(areSerial), nodes), EVERY_KIND)
  return isMet ? CHECKED : unknownBecause(MIXED)

  function broken(kept: EdgeList, classes: readonly CycleClassName[]): Verdict {
    const core = coreOf(graphOf(kept, nodes), record.length)
    const steps = shortestOf(new CycleSearch(core, record), classes)
    const explanation =
      steps === undefined
        ? explainAmong(
            record,
            Array.from(core.transaction).filter((t, node) => t >= 0 && core.component[node] === 0),
          )
        : explainCycle(record, inference.versions, nameOf(steps), steps)
    return violated(levels, explanation)
  }
}

const pairOf = (from: number, to: number, key: number): string => `${from} ${to} ${key}`

/**
 * Returns the pairs (see `pairOf`) of a transaction that deleted a row, and a transaction that asked for a snapshot and
 * inserted the row again.
 */
function insertionsAfterDeletions(
  { length, starts, kind, key, value }: TransactionRecord,
  versions: Inference['versions'],
  notes: readonly (TransactionNote | undefined)[],
  levels: Uint8Array,
): ReadonlySet<string> {
  const { of, writer, ordered } = versions
  const isDeletion = new Uint8Array(writer.length)
  for (let row = 0; row < starts[length]; row++)
    if (kind[row] === WRITE && of[row] > INITIAL) isDeletion[of[row]] = value[row] === NULL ? 1 : 0
  const pairs = new Set<string>()
  for (let t = 0; t < length; t++) {
    if (levels[t] !== SNAPSHOT) continue
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      const [version, k] = [of[row], key[row]]
      if (kind[row] !== WRITE || version < 0) continue
      const before = Math.min(version, ordered[k]) - 1
      const isAfterDeletion = before >= versions.starts[k] && isDeletion[before] === 1
      if (isAfterDeletion && isInsertion(notes[t], row - starts[t])) pairs.add(pairOf(writer[before], t, k))
    }
  }
  return pairs
}

/** Reports whether an INSERT statement performed the micro-operation `micro`. */
function isInsertion(note: TransactionNote | undefined, micro: number): boolean {
  let end = 0
  const statement = note?.statements.find(([, count]) => {
    end += count
    return micro < end
  })
  return statement !== undefined && /^insert\b/i.test(statement[0])
}

const NOT_PROMISED = notRecorded(
  'transactions asked for READ UNCOMMITTED, at which MySQL promises nothing. Let all of them ask for another level',
)

const MIXED = notRecorded(
  'transactions that asked for serializable form a cycle, but transactions at lower levels wrote the same rows, and a database promises nothing about such rows. Let all that write these rows ask for serializable',
)

const EVERY_KIND = maskOf(WW, WR, RW)
const FOR_SNAPSHOTS: readonly CycleClassName[] = ['G0', 'G1c', 'G-single-item', 'G-nonadjacent-item']
const FOR_SERIAL: readonly CycleClassName[] = [...FOR_SNAPSHOTS, 'G2-item']

/**
 * Finds the first of the `classes`, in the order of `cycleClasses`, that has a cycle in the searched graph. Returns a
 * shortest cycle of this class.
 */
function shortestOf(search: CycleSearch, classes: readonly CycleClassName[]): readonly CycleStep[] | undefined {
  for (const cycle of cycleClasses) {
    if (!classes.includes(cycle.name)) continue
    const found = search.find(cycle)
    if (found.size > 0) return shortest(found.values())
  }
  return undefined
}

/**
 * Returns an anomaly of a single read, if there is one: an anomaly that every level excludes, or a non-repeatable read
 * in a transaction that requested a snapshot.
 */
function wrongRead(
  { starts, kind, key, length }: TransactionRecord,
  { findings, versions: { of } }: Inference,
  levels: Uint8Array,
): Finding | undefined {
  const always = findings.names().find((name) => name !== 'non-repeatable-read')
  if (always !== undefined) return findings.first(always)
  for (let transaction = 0; transaction < length; transaction++) {
    if (levels[transaction] < SNAPSHOT) continue
    const first = new Map<number, number>()
    for (let micro = starts[transaction]; micro < starts[transaction + 1]; micro++) {
      if (kind[micro] !== READ || of[micro] < INITIAL) continue
      const other = first.get(key[micro])
      if (other === undefined) first.set(key[micro], micro)
      else if (of[other] !== of[micro]) return { anomaly: 'non-repeatable-read', transaction, micro, other }
    }
  }
  return undefined
}

/** By cell: 1 if a transaction may have written it without asking for serializable. */
function othersWrite({ length, status, starts, kind, key, keys }: TransactionRecord, levels: Uint8Array): Uint8Array {
  const others = new Uint8Array(keys.length)
  for (let t = 0; t < length; t++) {
    if (status[t] === ABORTED || levels[t] === SERIALIZABLE) continue
    for (let row = starts[t]; row < starts[t + 1]; row++) if (kind[row] !== READ) others[key[row]] = 1
  }
  return others
}

const LEVEL_NAMES = ['read committed', 'repeatable read', 'serializable']

/** `CURE` does not suggest another level, because the database did not even provide the requested one. */
const CAUSE = 'The database allowed what the requested levels forbid.'
const CURE =
  'Look for what may lower the level: a standby, a pooler or a setting of the database. Otherwise, it is a bug of the database.'

/** Returns a violation of the declared level. Its remedy concerns the database. */
function violated(levels: Uint8Array, { story, ...explanation }: Explanation): Verdict {
  const transactions = explanation.operations.map(({ operation }) => operation)
  const ran = explanation.culprit !== undefined ? [explanation.culprit] : transactions
  const requests = ran
    .slice(0, MOST_NAMED)
    .map((t) => `T${transactions.indexOf(t) + 1} asked for ${LEVEL_NAMES[levels[t]]}`)
  const title = story?.title ?? 'A transaction did not get the level that it asked for'
  return {
    result: 'violated',
    counterexample: {
      ...explanation,
      level: DECLARED,
      sentence: `${explanation.sentence} ${requests.join(', ')}, which forbids this.`,
      story: { name: story?.name, title, cause: CAUSE, cure: CURE, refusedBy: DECLARED },
    },
  }
}

const MOST_NAMED = 8

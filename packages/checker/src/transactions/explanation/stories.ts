import type { TransactionStory } from '../../verdict/verdict.ts'
import { versionForUpdate } from '../anomalies/lost-updates.ts'
import { RT, RW, SO, WR, WW } from '../graph/edges.ts'
import { forms, type Isolation, type IsolationLevel } from '../levels/ladder.ts'
import type { CycleStep } from '../levels/situation.ts'
import type { Finding, ReadAnomaly } from '../record/findings.ts'
import { NO_LIST } from '../record/read-lists.ts'
import { APPEND, eachRow, type TransactionRecord, transactionOf, UNKNOWN } from '../record/record.ts'
import { NO_VERSION, type Versions } from '../record/versions.ts'
import { haveReadTheSame, NO_ROW, readBefore, rowsOfStep } from './words.ts'

/** A story, with the weakest level that excludes the anomaly. */
type Story = Omit<TransactionStory, 'refusedBy'> & {
  readonly refusedBy: Isolation
  readonly sqlCure?: string | undefined
  /** Replaces `sqlCure` if the server is MySQL or MariaDB. */
  readonly innodbCure?: string
}

const UNCOMMITTED = {
  cure: 'Show nobody else a change before its transaction has committed.',
  sqlCure: 'Use READ COMMITTED or stronger. If you already do, this is a bug of the database.',
}

const IN_ONE_STEP =
  'Change the value in one statement (SET n = n - 1), read it with SELECT … FOR UPDATE, compare a version column'

/** https://dev.mysql.com/doc/refman/8.4/en/innodb-consistent-read.html */
const SNAPSHOT_OF_INNODB =
  'at REPEATABLE READ with plain SELECTs only. FOR UPDATE, FOR SHARE and reads of rows that the transaction changed show the newest commits, not the snapshot. With innodb_snapshot_isolation, MariaDB fails instead.'

const lostUpdate: Story = {
  name: 'lost update',
  title: 'An update was lost',
  cause:
    'Two transactions read the same version and both wrote it: the later write replaced the other without having seen it.',
  cure: 'Change the value in one step, lock what is read, or compare its version before it is written.',
  sqlCure: `${IN_ONE_STEP}, or use REPEATABLE READ or SERIALIZABLE and retry.`,
  innodbCure: `${IN_ONE_STEP}, or use SERIALIZABLE and retry. REPEATABLE READ does not prevent it, except in MariaDB with innodb_snapshot_isolation.`,
  refusedBy: 'cursor-stability',
}

/** Like a lost update, but the transactions append, which overwrites nothing. */
const blindAppend: Story = {
  ...lostUpdate,
  title: 'Two transactions appended to the same version of a list',
  cause: 'Two transactions read the same version and both appended to it: the later one had not seen the other.',
}

const UNSEEN =
  'It read one version, another transaction wrote a newer one, and it then wrote without having seen the newer one.'

/** A variant of a lost update: the two transactions did not read the same version before they wrote. */
const overwrittenUnseen: Story = {
  ...lostUpdate,
  name: 'unseen change',
  title: 'A transaction overwrote a change that it had not seen',
  cause: UNSEEN,
}

const appendedUnseen: Story = {
  ...overwrittenUnseen,
  title: 'A transaction appended to a list that had changed since it read it',
}

const staleCheck: Story = {
  name: 'stale check',
  title: 'A transaction updated a value that had changed since it read it',
  cause:
    'The transaction read the value, another transaction changed it, and the server computed the new value from the changed one.',
  cure: 'Check and change the value in one step, or lock the value before reading it.',
  sqlCure:
    'Put the condition into the UPDATE (SET n = n - 1 WHERE id = 1 AND n >= 1) and check how many rows it changed; or read the row with SELECT … FOR UPDATE; or use SERIALIZABLE and retry.',
  refusedBy: 'cursor-stability',
}

const writeSkew: Story = {
  name: 'write skew',
  title: 'Transactions did not see each other’s changes',
  cause: 'Each transaction decided by values that it had read, and another transaction changed these values.',
  cure: 'Lock what is read, or check before the commit that it has not changed; if it has, roll back and retry.',
  sqlCure: 'Use SERIALIZABLE and retry, or lock what is read with SELECT … FOR UPDATE.',
  refusedBy: 'serializable',
}

const readSkew: Story = {
  name: 'read skew',
  title: 'A transaction saw half of another’s changes',
  cause: 'Its reads are of two moments: one before and one after the other transaction committed.',
  cure: 'Read everything as of one moment, from a snapshot.',
  sqlCure: 'Read at REPEATABLE READ, or in one statement.',
  innodbCure: `Read in one statement, or ${SNAPSHOT_OF_INNODB}`,
  refusedBy: 'read-atomic',
}

const longFork: Story = {
  name: 'long fork',
  title: 'Two readers saw two commits in opposite orders',
  cause: 'Each reader saw a snapshot that lacks what the other one saw, as if there were two databases.',
  cure: 'Read at one node, or use a database with one order of snapshots for all nodes.',
  refusedBy: 'prefix',
}

const nonRepeatableRead: Story = {
  name: 'non-repeatable read',
  title: 'A transaction read one key twice and saw two versions',
  cause: 'Its two reads are not of one moment.',
  cure: 'Read the key once, or from a snapshot.',
  sqlCure: 'Use REPEATABLE READ, or read the key once.',
  innodbCure: `Read the key once, or ${SNAPSHOT_OF_INNODB}`,
  refusedBy: 'read-atomic',
}

const APPLIED = 'Read from the node that committed the change, or let reads wait until their node has applied it'

const READ_AFTER_APPLYING = {
  cure: `${APPLIED}.`,
  sqlCure: `${APPLIED}.`,
  innodbCure: `${APPLIED} (wsrep_sync_wait in a Galera cluster).`,
}

const staleRead: Story = {
  name: 'stale read',
  title: 'A transaction missed an earlier commit',
  cause: 'It read an older version, as on a node that has not applied the commit yet.',
  ...READ_AFTER_APPLYING,
  refusedBy: 'read-atomic',
}

const lostAppend: Story = {
  name: 'missing append',
  title: 'No later read has a committed append',
  cause: 'No read that began after the commit has the element: it was lost, or every node that was read is behind.',
  cure: 'Answer a commit only after a majority of the nodes has stored it. Only a node that has stored all answered commits may take over.',
  refusedBy: 'read-atomic',
}

const ownWriteMissed: Story = {
  name: 'own write not seen',
  title: 'A client did not see its own committed change',
  cause:
    'A later transaction of the same client read an older version, as on a node that has not applied the commit yet.',
  ...READ_AFTER_APPLYING,
  refusedBy: 'read-atomic',
}

const circularRead: Story = {
  name: 'circular read',
  title: 'Two transactions saw each other’s changes',
  cause: 'Each transaction read or replaced what the other had not committed yet.',
  ...UNCOMMITTED,
  refusedBy: 'read-committed',
}

const dirtyWrite: Story = {
  name: 'dirty write',
  title: 'The writes of two transactions are interleaved',
  cause: 'Each replaced what the other had not committed yet.',
  cure: 'No isolation level of a database allows this: it is a bug, or the writes were not in one transaction.',
  refusedBy: 'read-uncommitted',
}

const reversedWrites: Story = {
  name: 'reversed writes',
  title: 'A later write was put before an earlier one',
  cause:
    'The versions are in another order than the transactions, as if ordered by the clock of a node that is behind.',
  cure: 'Let one log or one leader order the writes, not the clocks of nodes.',
  refusedBy: 'read-uncommitted',
}

const readAhead: Story = {
  name: 'read ahead',
  title: 'A transaction saw what a later one wrote',
  cause: 'The reader comes before the writer in the record, but read what the writer wrote.',
  cure: 'Compare the clocks of the clients (--skew), and record every attempt at a write.',
  refusedBy: 'read-committed',
}

const otherCycle = (refusedBy: Isolation): Story => ({
  name: undefined,
  title: 'No order of the transactions explains what they read',
  cause: 'What the transactions read and wrote contradicts every order of them.',
  cure: 'Run these transactions at a stronger isolation level, and retry those that the database refuses.',
  refusedBy,
})

/** The versions of a key that `--assume` puts in both orders. */
export const cyclicVersions: TransactionStory = {
  name: 'cyclic versions',
  title: 'The reads contradict what --assume grants',
  cause: 'What was read does not agree with the assumed order of the versions of a key.',
  cure: 'If the database does not promise what is assumed, leave --assume out.',
  refusedBy: 'read-uncommitted',
}

const REPORT_IT = 'This is a bug of the database, or some clients or a restore were not recorded.'

const dirtyRead: Story = {
  name: 'dirty read',
  title: 'A transaction read a value that was rolled back',
  cause: 'It read a change of another transaction, which was rolled back.',
  ...UNCOMMITTED,
  refusedBy: 'read-committed',
}

/**
 * A transaction read a change after the transaction that made the change had been reported as failed, but before the
 * change was undone.
 */
const readAfterRollback: Story = {
  ...dirtyRead,
  cause: 'It read a change of another transaction after that transaction had been reported as rolled back.',
  cure: 'Report a transaction as failed only if it certainly had no effect; after a timeout or a lost connection, say that its outcome is unknown. If it was rolled back, undo all of its changes.',
  sqlCure: undefined,
}

const ofReads: { readonly [anomaly in ReadAnomaly]: Story } = {
  'non-repeatable-read': nonRepeatableRead,
  G1a: dirtyRead,
  G1b: {
    name: 'intermediate read',
    title: 'A transaction read a value that was never committed',
    cause: 'The writer replaced the value before it committed.',
    ...UNCOMMITTED,
    refusedBy: 'read-committed',
  },
  'dirty-update': {
    name: 'dirty update',
    title: 'A transaction built on a change that was rolled back',
    cause: 'A transaction changed what another one had changed, and the other one was rolled back.',
    ...UNCOMMITTED,
    refusedBy: 'read-committed',
  },
  internal: {
    name: 'own write not seen',
    title: 'A transaction did not see its own write',
    cause: 'A read did not return what the same transaction had written before it.',
    cure: 'Let each read in a transaction return what that transaction wrote before it.',
    sqlCure: 'Send each transaction over one connection. If you already do, this is a bug of the database.',
    refusedBy: 'read-atomic',
  },
  'future-read': {
    name: 'future read',
    title: 'A transaction read what it wrote only afterwards',
    cause: 'The read returned a value that its transaction had not written yet.',
    cure: REPORT_IT,
    refusedBy: 'read-committed',
  },
  'unwritten-read': {
    name: 'unwritten read',
    title: 'A transaction read a value that nothing wrote',
    cause: 'No recorded transaction wrote the value.',
    cure: REPORT_IT,
    refusedBy: 'read-committed',
  },
  'incompatible-order': {
    name: 'incompatible order',
    title: 'Two reads show different orders of one list',
    cause: 'Neither list begins with the other: an append was lost, or nodes disagree about the order.',
    cure: REPORT_IT,
    refusedBy: 'read-uncommitted',
  },
  'duplicate-elements': {
    name: 'duplicate elements',
    title: 'One append took effect twice',
    cause: 'A list has an element twice that was appended once, as after a retry.',
    cure: 'Make retries idempotent, with a key that the database keeps unique.',
    refusedBy: 'read-uncommitted',
  },
  'torn-append': {
    name: 'torn append',
    title: 'A transaction took effect only in part',
    cause: 'A list contains the later append of a transaction, but not an earlier append of the same transaction.',
    cure: REPORT_IT,
    refusedBy: 'read-uncommitted',
  },
}

export function storyOfRead(record: TransactionRecord, { anomaly, transaction, other }: Finding): TransactionStory {
  const { returnEvent } = record.history.operations
  const hasFailedBefore = other >= 0 && returnEvent[transactionOf(record, other)] < record.invoked[transaction]
  return storyFor(record, anomaly === 'G1a' && hasFailedBefore ? readAfterRollback : ofReads[anomaly])
}

function storyFor({ history }: TransactionRecord, { sqlCure, innodbCure, ...story }: Story): Story {
  const notes = history.transactionNotes
  if (notes === undefined || sqlCure === undefined) return story
  const isInnodb = [...notes.values()].some(({ isolation }) => isolation?.endsWith(' of InnoDB'))
  return { ...story, cure: (isInnodb ? innodbCure : undefined) ?? sqlCure }
}

export function storyOfCycle(
  record: TransactionRecord,
  versions: Versions,
  steps: readonly CycleStep[],
): TransactionStory {
  const story = storyFor(record, recognised(record, versions, steps))
  const kinds = steps.map(({ kind }) => kind)
  const [realTime, sessions, neither] = forms
  const form = kinds.includes(RT) ? realTime : kinds.includes(SO) ? sessions : neither
  const kept = form === realTime ? 'real time' : form === sessions ? 'the order of each client' : undefined
  // The cycle excludes only the orders that keep real time, or the order of each client. The title of a story without a
  // name must say so, because other orders may explain the transactions.
  const own = story.name === undefined && kept !== undefined ? { title: `${story.title} and keeps ${kept}` } : {}
  return { ...story, ...own, refusedBy: form.prefixed(story.refusedBy) }
}

function recognised(record: TransactionRecord, versions: Versions, steps: readonly CycleStep[]): Story {
  const kinds = steps.map(({ kind }) => kind)
  const readWrites = kinds.filter((kind) => kind === RW).length
  const has = (kind: CycleStep['kind']): boolean => kinds.includes(kind)
  if (readWrites === 0) return withoutMissed(record, versions, steps)
  const [one, other] = steps
  const [same, unseen] = record.kind.includes(APPEND) ? [blindAppend, appendedUnseen] : [lostUpdate, overwrittenUnseen]
  const update = haveReadTheSame(record, versions, steps) ? same : unseen
  if (readWrites === 2 && steps.length === 2 && one.key === other.key) return update
  if (readWrites === steps.length) return writeSkew
  if (steps.length === 2) {
    if (has(WW) && one.key === other.key) {
      const [missed, next] = one.kind === RW ? [one, other] : [other, one]
      if (versionForUpdate(record, versions, missed.from, missed.key) === NO_VERSION) return staleCheck
      return hasReadAgain(record, versions, missed, next) ? nonRepeatableRead : update
    }
    if (has(WR)) return halfSeen(record, versions, steps)
    if (isInNoRead(record, versions, steps)) return lostAppend
    if (has(RT)) return staleRead
    if (has(SO)) return ownWriteMissed
  }
  const isForked =
    steps.length === 4 && kinds.every((kind, at) => kind === (kinds[0] === RW ? [RW, WR] : [WR, RW])[at % 2])
  if (isForked) return longFork
  // If no write of the cycle replaced another, a weaker level already excludes the cycle: `causal` instead of
  // `parallel-snapshot-isolation`, and `prefix` instead of `snapshot-isolation`.
  if (readWrites === 1) return otherCycle(has(WW) ? 'parallel-snapshot-isolation' : 'causal')
  if (kinds.some((kind, at) => kind === RW && kinds[(at + 1) % kinds.length] === RW)) return otherCycle('serializable')
  return otherCycle(has(WW) ? 'snapshot-isolation' : 'prefix')
}

/** Whether the transaction that missed a change read the key again before it wrote, and saw another value. */
function hasReadAgain(record: TransactionRecord, versions: Versions, missed: CycleStep, next: CycleStep): boolean {
  const { value } = record
  const again = readBefore(record, rowsOfStep(record, versions, next).to, missed.from)
  return (
    again !== NO_ROW && value[again] !== UNKNOWN && value[again] !== value[rowsOfStep(record, versions, missed).from]
  )
}

/** Whether no read shows the missed append, though several transactions read the list after its commit. */
function isInNoRead(record: TransactionRecord, versions: Versions, steps: readonly CycleStep[]): boolean {
  const missed = steps.find(({ kind }) => kind === RW)
  if (missed === undefined) return false
  const { to: append } = rowsOfStep(record, versions, missed)
  const key = record.key[append]
  if (!isUnread(record, versions, append)) return false
  const readers = new Set<number>()
  eachRow(record, (row, t) => {
    if (record.key[row] === key && record.list[row] !== NO_LIST && record.invoked[t] > record.completed[missed.to])
      readers.add(t)
  })
  return readers.size > 1
}

/** Returns the story of a cycle in which no transaction missed a change. */
function withoutMissed(record: TransactionRecord, versions: Versions, steps: readonly CycleStep[]): Story {
  const isRead = steps.some(({ kind }) => kind === WR)
  if (steps.every(({ kind }) => kind !== RT && kind !== SO)) return isRead ? circularRead : dirtyWrite
  // In a longer cycle, no single step contradicts the order of the transactions.
  if (steps.length > 2) return otherCycle(isRead ? 'read-committed' : 'read-uncommitted')
  if (isRead) return readAhead
  const write = steps.find(({ kind }) => kind === WW)
  // An append that no read shows is placed after all appends that reads show. It is then reported as lost, not as
  // reordered.
  const isMissing = write !== undefined && isUnread(record, versions, rowsOfStep(record, versions, write).to)
  return isMissing ? { ...lostAppend, refusedBy: reversedWrites.refusedBy } : reversedWrites
}

const isUnread = (record: TransactionRecord, versions: Versions, row: number): boolean =>
  record.kind[row] === APPEND && versions.of[row] >= versions.ordered[record.key[row]]

/**
 * Returns the story of a cycle that violates `refusedBy`, but no weaker level, because only `refusedBy` puts the writes
 * of the cycle in this order. Such a cycle does not prove that uncommitted changes were read or overwritten, so a
 * nameless story replaces a story that says so.
 */
export const storyAt = (refusedBy: IsolationLevel, story: TransactionStory): TransactionStory => ({
  ...(story.name === circularRead.name || story.name === dirtyWrite.name ? otherCycle('serializable') : story),
  refusedBy,
})

/**
 * Returns the story of a transaction that saw a write of another transaction, but missed a write of the same
 * transaction. If both writes have the same key, this is a non-repeatable read. If the transaction saw the one before
 * it missed the other, a level weaker than read atomic already excludes the cycle.
 */
function halfSeen(record: TransactionRecord, versions: Versions, steps: readonly CycleStep[]): Story {
  const [missed, seen] = [RW, WR].map((wanted) => {
    const step = steps.find(({ kind }) => kind === wanted)
    if (step === undefined) return NO_ROW
    const rows = rowsOfStep(record, versions, step)
    return wanted === RW ? rows.from : rows.to
  })
  const story = steps[0]?.key === steps[1]?.key ? nonRepeatableRead : readSkew
  return { ...story, refusedBy: seen < missed ? 'monotonic-atomic-view' : 'read-atomic' }
}

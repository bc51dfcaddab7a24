import type { OperationRow } from '@chaosproxy/checker'
import { txnOf } from '@chaosproxy/checker/effects'
import { FAIL, type History, type Json, OK } from '@chaosproxy/history'
import { clientOf, coreOf, missedText, nameText, valueText, wasBefore } from '../operation-words.ts'
import type { FindLoss } from './loss.ts'

/**
 * Finds the loss of multi-register transactions: `p1 saw only a part of what p0 wrote`, or a confirmed write that a
 * later transaction missed.
 */
export const multiRegisterLoss: FindLoss = ({ history, counterexample }) => {
  const { culprit } = counterexample
  const txns = txnsOf(history)
  const read = txns.find(({ row }) => row === culprit)
  if (read === undefined || !read.isOk || read.reads.length === 0) return undefined
  const core = coreOf(counterexample)
  const others = txns.filter(({ row }) => row !== culprit && core.includes(row))
  const wrong = { history, txns, read, others }
  const title =
    (others.length === 0 ? fromNowhere(history, txns, read) : undefined) ??
    changing(history, read) ??
    halfSeen(wrong) ??
    unseen(wrong) ??
    crossed(wrong) ??
    `No order of the transactions explains what ${clientOf(history, read.row)} read`
  return { title }
}

interface Held {
  readonly register: string
  /** As JSON. */
  readonly text: string
  readonly value: Json
}

interface Txn {
  readonly row: OperationRow
  readonly isOk: boolean
  readonly reads: readonly Held[]
  /** The last value written to each register. */
  readonly writes: readonly Held[]
}

/** `read`: a transaction whose answers are impossible. `others`: the other transactions of the contradiction. */
interface WrongRead {
  readonly history: History
  readonly txns: readonly Txn[]
  readonly read: Txn
  readonly others: readonly Txn[]
}

function txnsOf(history: History): readonly Txn[] {
  const { length, outcome } = history.operations
  const txns: Txn[] = []
  for (let row = 0; row < length; row++) {
    if (outcome[row] === FAIL) continue
    const isOk = outcome[row] === OK
    const reads: Held[] = []
    const writes = new Map<string, Held>()
    for (const { f, register, value } of txnOf(history, row)) {
      if (value === undefined) continue
      const held = { register, text: JSON.stringify(value), value }
      if (f === 'write') writes.set(register, held)
      else if (!writes.has(register)) reads.push(held)
    }
    txns.push({ ...{ row, isOk, reads }, writes: [...writes.values()] })
  }
  return txns
}

/** Describes a read of a value that nobody had written. */
function fromNowhere(history: History, txns: readonly Txn[], { row, reads }: Txn): string | undefined {
  const strange = reads.find((read) => read.value !== null && writersOf(txns, read).length === 0)
  if (strange === undefined) return undefined
  const held = `${nameText(strange.register, 24)} = ${valueText(strange.value, 24)}`
  return `${clientOf(history, row)} read ${held}, which nobody had written`
}

/** Describes a register that changed between two reads of the transaction. */
function changing(history: History, { row, reads }: Txn): string | undefined {
  const firsts = new Map<string, string>()
  for (const { register, text } of reads) {
    const first = firsts.get(register) ?? text
    if (first !== text)
      return `${clientOf(history, row)} read two values of ${nameText(register, 24)} in one transaction`
    firsts.set(register, first)
  }
  return undefined
}

/** Describes a transaction that the read saw only in part. */
function halfSeen({ history, txns, read, others }: WrongRead): string | undefined {
  const half = others.find(
    (txn) =>
      !wasBefore(history, read.row, txn.row) &&
      read.reads.some((held) => {
        const writers = writersOf(txns, held)
        return writers.length === 1 && writers[0] === txn
      }) &&
      read.reads.some((held) => isOlder(history, txns, held, txn)),
  )
  return half && `${clientOf(history, read.row)} saw only a part of what ${clientOf(history, half.row)} wrote`
}

/** Describes a write that was confirmed before the reader began, and that the reader did not see. */
function unseen({ history, txns, read, others }: WrongRead): string | undefined {
  for (const txn of others) {
    if (!txn.isOk || !wasBefore(history, txn.row, read.row)) continue
    const held = read.reads.find((each) => isOlder(history, txns, each, txn))
    if (held !== undefined)
      return missedText(history, { change: txn.row, read: read.row }, `write to ${nameText(held.register, 24)}`)
  }
  return undefined
}

/**
 * Finds two transactions that disagree on the order of changes: each missed a change that the other had made or seen.
 */
function crossed({ history, txns, read, others }: WrongRead): string | undefined {
  const who = (other: Txn): string => `${clientOf(history, other.row)} and ${clientOf(history, read.row)}`
  const misses = (one: Txn, other: Txn): boolean => one.reads.some((held) => isOlder(history, txns, held, other))
  const mutual = others.find((other) => other.isOk && misses(read, other) && misses(other, read))
  if (mutual !== undefined) return `${who(mutual)} each missed what the other had written`
  const missed = others.filter((txn) => misses(read, txn))
  const sees = (one: Txn, txn: Txn): boolean => one.reads.some((held) => writersOf(txns, held).includes(txn))
  const fork = others.find(
    (other) =>
      other.isOk &&
      missed.some((txn) => sees(other, txn)) &&
      others.some((txn) => sees(read, txn) && misses(other, txn)),
  )
  return fork && `${who(fork)} saw the same writes in different orders`
}

const writersOf = (txns: readonly Txn[], { register, text }: Held): readonly Txn[] =>
  txns.filter(({ writes }) => writes.some((write) => write.register === register && write.text === text))

/** Whether `txn` certainly replaced the held value: all writers of this value had returned before `txn` began. */
function isOlder(history: History, txns: readonly Txn[], held: Held, txn: Txn): boolean {
  const own = txn.writes.find(({ register }) => register === held.register)
  if (own === undefined || own.text === held.text) return false
  return writersOf(txns, held).every(({ row, isOk }) => isOk && wasBefore(history, row, txn.row))
}

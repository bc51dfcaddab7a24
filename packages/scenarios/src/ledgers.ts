import { canonical, isObject, type Json, membersOf, readsWhole, replacesWhole, writtenValue } from '@chaosproxy/history'
import type { Done, Ledger, Money, Standing } from './story.ts'
import { valueWords } from './words.ts'

// The promises in this file are checked only against the answers that clients received.

/**
 * Clients never spend more than was paid in. Both a negative addition and a change to a smaller balance are spending.
 */
export const spentOnce = (key: string): Ledger => ({
  promise: 'Never more is spent than was paid in.',
  stands(done, money) {
    let [paid, spent] = [0, 0]
    for (const change of onKey(done, key).map(changeOf)) {
      if (change > 0) paid += change
      else spent -= change
    }
    if (paid === 0) return undefined
    return { says: `spent ${valueWords(spent, money)} of ${valueWords(paid, money)}`, broken: spent > paid }
  },
})

function changeOf({ input: { f, value } }: Done): number {
  if (typeof value === 'number') return replacesWhole(f) || f === 'add' ? value : 0
  const [old, next] = Array.isArray(value) ? value : []
  return typeof old === 'number' && typeof next === 'number' ? next - old : 0
}

/** At most one client gets the item: only one compare-and-set finds it free. */
export const soldOnce = (key: string): Ledger => ({
  promise: `${key} is sold once.`,
  stands(done) {
    const buyers = onKey(done, key).flatMap(({ input: { f, value } }) =>
      f === 'cas' && Array.isArray(value) && value[0] === null ? [valueWords(value[1] ?? null)] : [],
    )
    if (buyers.length === 0) return undefined
    return { says: `${key} sold to ${buyers.join(' and to ')}`, broken: buyers.length > 1 }
  },
})

const NEVER_OLDER = 'Once a value is confirmed or seen, everyone sees it until it is replaced.'

/** A read never returns a value older than one that was confirmed or read before. */
export const neverOlder = (key: string, promise: string = NEVER_OLDER): Ledger => ({
  promise,
  stands(done, money) {
    const about = onKey(done, key)
    const written = about.flatMap((each) => (each.input.f === 'read' ? [] : [canonical(writtenBy(each))]))
    const ageOf = (each: Done): number => written.lastIndexOf(canonical(writtenBy(each)))
    const reads = about.filter(({ input }) => input.f === 'read')
    for (const read of reads) {
      const newest = newestBefore(read, about, ageOf)
      if (newest !== undefined && ageOf(read) < ageOf(newest)) return broken(newest, read, money)
    }
    const last = about.at(-1)
    return last === undefined ? undefined : { says: knowledgeWords(last, money), broken: false }
  },
})

const newestBefore = (read: Done, about: readonly Done[], ageOf: (each: Done) => number): Done | undefined =>
  about
    .filter(({ returnedAt }) => returnedAt <= read.calledAt)
    .reduce<Done | undefined>(
      (best, each) => (best === undefined || ageOf(each) > ageOf(best) ? each : best),
      undefined,
    )

const broken = (newest: Done, read: Done, money: Money | undefined): Standing => ({
  says: `${knowledgeWords(newest, money)}; then ${knowledgeWords(read, money)}`,
  broken: true,
})

const knowledgeWords = (each: Done, money: Money | undefined): string =>
  each.input.f === 'read'
    ? `${each.who} sees ${valueWords(each.value, money)}`
    : `${valueWords(writtenBy(each), money)} confirmed to ${each.who}`

const writtenBy = ({ input: { f, value: requested }, value }: Done): Json =>
  readsWhole(f) ? value : writtenValue(f, requested)

/** A read returns at least the sum of the additions that were confirmed before it began. */
export const allCounted = (key: string): Ledger => ({
  promise: 'Every addition is counted.',
  stands(done, money) {
    const about = onKey(done, key)
    for (const read of about) {
      if (read.input.f !== 'read' || typeof read.value !== 'number') continue
      const added = addedIn(about.filter(({ returnedAt }) => returnedAt <= read.calledAt))
      if (read.value < added)
        return { says: `added ${valueWords(added, money)}, counted ${valueWords(read.value, money)}`, broken: true }
    }
    return about.length === 0 ? undefined : { says: `added ${valueWords(addedIn(about), money)}`, broken: false }
  },
})

const addedIn = (done: readonly Done[]): number =>
  done.reduce((sum, { input: { f, value } }) => sum + (f === 'add' && typeof value === 'number' ? value : 0), 0)

/** No addition is counted twice: no read returns more than the sum of all additions. */
export const countedOnce = (key: string): Ledger => ({
  promise: 'Every addition is counted once.',
  stands(done, money) {
    const about = onKey(done, key)
    const added = addedIn(about)
    const most = Math.max(0, ...about.map(({ input, value }) => (input.f === 'read' ? Number(value) : 0)))
    if (about.length === 0) return undefined
    return most > added
      ? { says: `added ${valueWords(added, money)}, counted ${valueWords(most, money)}`, broken: true }
      : { says: `added ${valueWords(added, money)}`, broken: false }
  },
})

/** No client overwrites another client's addition. A client adds by reading a value and then writing the sum. */
export const nothingOverwritten = (key: string): Ledger => ({
  promise: 'No addition is overwritten.',
  stands(done, money) {
    const seen = new Map<string, number>()
    let [meant, written] = [0, 0]
    for (const { who, input, value } of onKey(done, key)) {
      const [old, next] =
        input.f === 'cas' && Array.isArray(input.value) ? input.value : [seen.get(who) ?? 0, input.value]
      if (readsWhole(input.f)) {
        if (typeof value === 'number') seen.set(who, value)
      } else if (typeof old === 'number' && typeof next === 'number') {
        meant += next - old
        written = next
      }
    }
    if (meant === 0) return undefined
    return {
      says: `${valueWords(meant, money)} came, ${valueWords(written, money)} in the books`,
      broken: written < meant,
    }
  },
})

/** No more than `amount` is taken from the account. */
export const paidOnce = (account: string, amount: number): Ledger => ({
  promise: 'A payment is made once.',
  stands(done, money) {
    const balances = done.flatMap(({ input, value }) => (input.f === 'read' ? balanceIn(value, account) : []))
    const [opening, last] = [balances[0], Math.min(...balances)]
    if (opening === undefined || balances.length < 2) return undefined
    const paid = opening - last
    return { says: `${valueWords(amount, money)} due, ${valueWords(paid, money)} paid`, broken: paid > amount }
  },
})

const balanceIn = (accounts: Json, account: string): number[] => {
  const balance = membersOf(accounts)[account]
  return typeof balance === 'number' ? [balance] : []
}

/** Transfers keep the total: every read of all accounts finds the same sum. */
export const moneyKept: Ledger = {
  promise: 'Money moves; none is lost, none is made.',
  stands(done, money) {
    const sums = done.flatMap(({ input, value }) => (input.f === 'read' ? sumIn(value) : []))
    const [first, last] = [sums[0], sums.find((sum) => sum !== sums[0]) ?? sums[0]]
    if (first === undefined || last === undefined) return undefined
    return { says: `${valueWords(last, money)} of ${valueWords(first, money)} on the accounts`, broken: last !== first }
  },
}

function sumIn(accounts: Json): number[] {
  if (!isObject(accounts)) return []
  return [
    Object.values(accounts).reduce<number>((sum, balance) => sum + (typeof balance === 'number' ? balance : 0), 0),
  ]
}

/** Reads give the same answer on all nodes if no change happens between them. */
export const sameEverywhere = (key: string): Ledger => ({
  promise: 'Every node gives the same answer.',
  stands(done, money) {
    const about = onKey(done, key)
    const [first, ...others] = about.slice(about.findLastIndex(({ input }) => input.f !== 'read') + 1)
    if (first === undefined) return undefined
    const other = others.find(({ value }) => canonical(value) !== canonical(first.value))
    const says = knowledgeWords(first, money)
    return other === undefined
      ? { says, broken: false }
      : { says: `${says}; then ${knowledgeWords(other, money)}`, broken: true }
  },
})

/** A client that has read a value of the key `effect` reads the given value of the key `cause` afterwards. */
export const causeFirst = (effect: string, cause: { readonly key: string; readonly value: Json }): Ledger => ({
  promise: `Whoever sees the ${effect} sees the ${cause.key} ${valueWords(cause.value)}.`,
  stands(done, money) {
    const seen = done.filter(({ input, value }) => input.f === 'read' && input.key === effect && value !== null)
    for (const read of onKey(done, cause.key)) {
      const before = seen.find(({ who, returnedAt }) => who === read.who && returnedAt <= read.calledAt)
      if (read.input.f === 'read' && before !== undefined && canonical(read.value) !== canonical(cause.value))
        return {
          says: `${read.who} sees the ${effect}, in the ${cause.key} ${valueWords(read.value, money)}`,
          broken: true,
        }
    }
    const [first] = seen
    return first && { says: `${first.who} sees the ${effect}`, broken: false }
  },
})

const onKey = (done: readonly Done[], key: string): readonly Done[] => done.filter(({ input }) => input.key === key)

/** The sum of the values that all keys have after their last writes is never zero. */
export const someLeft = (what: string): Ledger => ({
  promise: `At least one is ${what}.`,
  stands(done) {
    const last = new Map<string, number>()
    for (const each of done) {
      const value = each.input.f === 'read' ? undefined : writtenBy(each)
      if (typeof value === 'number' && each.input.key !== undefined) last.set(each.input.key, value)
    }
    if (last.size === 0) return undefined
    const left = [...last.values()].reduce((sum, value) => sum + value, 0)
    return { says: `${left === 0 ? 'nobody' : left} ${what}`, broken: left === 0 }
  },
})

/** No two readers see two writes in opposite orders. */
export const oneOrder = (one: string, other: string): Ledger => ({
  promise: 'All readers agree on what came first.',
  stands(done) {
    const reads = done.filter(({ input }) => input.f === 'read')
    const [before, after] = [firstSeen(reads, one, other), firstSeen(reads, other, one)]
    if (before !== undefined && after !== undefined)
      return { says: `${before} sees ${one} first, ${after} sees ${other} first`, broken: true }
    const first = before === undefined ? other : one
    const who = before ?? after
    return who === undefined ? undefined : { says: `${who} sees ${first} first`, broken: false }
  },
})

/** Finds a reader that saw one write and later missed another. */
const firstSeen = (reads: readonly Done[], seen: string, missed: string): string | undefined =>
  onKey(reads, missed).find(
    (read) =>
      read.value === null &&
      onKey(reads, seen).some(
        ({ who, value, returnedAt }) => who === read.who && value !== null && returnedAt <= read.calledAt,
      ),
  )?.who

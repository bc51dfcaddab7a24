import { type Json, nanos } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import {
  allCounted,
  causeFirst,
  countedOnce,
  moneyKept,
  neverOlder,
  nothingOverwritten,
  paidOnce,
  sameEverywhere,
  soldOnce,
  spentOnce,
} from '../../src/ledgers.ts'
import type { Done, Ledger } from '../../src/story.ts'

/** An operation of Ana. `from` and `to`: the times of its call and its return, in seconds. */
const done = (f: string, value: Json, from: number, to: number, answer: Json = value): Done => ({
  ...{ who: 'Ana', calledAt: nanos(from * 1e9), returnedAt: nanos(to * 1e9) },
  input: { f, key: 'x', value: f === 'read' ? null : value },
  value: answer,
})
const read = (value: Json, from: number, to: number): Done => done('read', value, from, to)

const stands = (ledger: Ledger, ...all: readonly Done[]) => ledger.stands(all, 'dollars')

describe('the promise "what was paid in is spent once"', () => {
  const ledger = spentOnce('x')

  test('a negative addition, and a compare-and-set to a smaller value, count as spending', () => {
    const paid = done('add', 10, 0, 1)
    expect(stands(ledger, paid)).toEqual({ says: 'spent $0 of $10', broken: false })
    expect(stands(ledger, paid, done('add', -10, 1, 2))).toEqual({ says: 'spent $10 of $10', broken: false })
    expect(stands(ledger, paid, done('add', -10, 1, 2), done('add', -5, 2, 3))).toEqual({
      says: 'spent $15 of $10',
      broken: true,
    })
    expect(stands(ledger, paid, done('cas', [10, 0], 1, 2), done('cas', [10, 5], 1, 2))).toMatchObject({
      broken: true,
    })
  })

  test('the promise about payments is undefined before the first payment into the account', () => {
    expect(stands(ledger)).toBeUndefined()
    expect(stands(ledger, { ...done('add', 10, 0, 1), input: { f: 'add', key: 'y', value: 10 } })).toBeUndefined()
  })
})

test('the promise "a free seat is sold once" is broken if a second client buys the seat', () => {
  const ledger = soldOnce('x')
  expect(stands(ledger, read(null, 0, 1))).toBeUndefined()
  const sold = done('cas', [null, 'Ana'], 0, 1)
  expect(stands(ledger, sold)).toEqual({ says: 'x sold to Ana', broken: false })
  expect(stands(ledger, sold, done('cas', ['Ana', 'Ben'], 1, 2))).toMatchObject({ broken: false })
  expect(stands(ledger, sold, done('cas', [null, 'Ben'], 1, 2))).toEqual({
    says: 'x sold to Ana and to Ben',
    broken: true,
  })
})

describe('the promise "nobody sees less than was confirmed or seen before"', () => {
  const ledger = neverOlder('x')
  const [first, second] = [done('write', 'new', 0, 1), done('write', 'paid', 2, 3)]

  test('the promise "nobody sees less" is broken by a read of a value from before a confirmed write', () => {
    expect(stands(ledger, first, second)).toEqual({ says: 'paid confirmed to Ana', broken: false })
    expect(stands(ledger, first, second, read('paid', 4, 5))).toEqual({ says: 'Ana sees paid', broken: false })
    expect(stands(ledger, first, second, read('new', 4, 5))).toEqual({
      says: 'paid confirmed to Ana; then Ana sees new',
      broken: true,
    })
    expect(stands(ledger, first, second, read(null, 4, 5))).toMatchObject({ broken: true })
  })

  test('the promise "nobody sees less" allows the old value during a write until a read returns the new value', () => {
    const beside = read('new', 2, 3)
    expect(stands(ledger, first, beside, second)).toMatchObject({ broken: false })
    const long = done('write', 'paid', 2, 9)
    expect(stands(ledger, first, read('paid', 3, 4), read('new', 5, 6), long)).toEqual({
      says: 'Ana sees paid; then Ana sees new',
      broken: true,
    })
  })

  test('the promise "nobody sees less" remains broken after a later read of the newest value', () => {
    expect(stands(ledger, first, second, read('new', 4, 5), read('paid', 6, 7))).toMatchObject({ broken: true })
  })
})

test('the promise "all is counted" is broken by a read that lacks an earlier addition', () => {
  const ledger = allCounted('x')
  const added = [done('add', 10, 0, 1), done('add', 8, 2, 3)]
  expect(ledger.stands([], undefined)).toBeUndefined()
  expect(ledger.stands(added, undefined)).toEqual({ says: 'added 18', broken: false })
  expect(ledger.stands([...added, read(18, 4, 5)], undefined)).toMatchObject({ broken: false })
  expect(ledger.stands([...added, read(10, 2, 3)], undefined)).toMatchObject({ broken: false })
  expect(ledger.stands([...added, read(10, 4, 5)], undefined)).toEqual({
    says: 'added 18, counted 10',
    broken: true,
  })
})

test('the promise "nothing is counted twice" is broken by a read above the sum of additions', () => {
  const ledger = countedOnce('x')
  expect(stands(ledger)).toBeUndefined()
  const added = done('add', 1, 0, 1)
  expect(stands(ledger, read(0, 0, 1), added, read(1, 2, 3))).toEqual({ says: 'added $1', broken: false })
  expect(stands(ledger, added, read(2, 2, 3))).toEqual({ says: 'added $1, counted $2', broken: true })
})

describe('the promise "no addition is overwritten"', () => {
  const ledger = nothingOverwritten('x')
  const by = (who: string, each: Done): Done => ({ ...each, who })
  const opening = by('Ana', done('write', 10, 0, 1))
  const reads = [by('Ana', read(10, 1, 2)), by('Ben', read(10, 1, 2))]
  const first = by('Ana', done('write', 15, 3, 4))

  test('the promise about additions is broken by a writer that overwrites an addition without having read it', () => {
    expect(stands(ledger, ...reads)).toBeUndefined()
    expect(stands(ledger, opening, ...reads, first)).toEqual({ says: '$15 came, $15 in the books', broken: false })
    expect(stands(ledger, opening, ...reads, first, by('Ben', done('write', 13, 5, 6)))).toEqual({
      says: '$18 came, $13 in the books',
      broken: true,
    })
  })

  test('a write after a new read, and a compare-and-set, keep the promise that no addition is overwritten', () => {
    const again = [by('Ben', read(15, 4, 5)), by('Ben', done('write', 18, 5, 6))]
    expect(stands(ledger, opening, ...reads, first, ...again)).toMatchObject({ broken: false })
    expect(stands(ledger, opening, ...reads, first, by('Ben', done('cas', [15, 18], 5, 6)))).toEqual({
      says: '$18 came, $18 in the books',
      broken: false,
    })
  })
})

test('the promise "a payment is made once" is broken if the amount is paid twice', () => {
  const ledger = paidOnce('a', 40)
  expect(stands(ledger, read({ a: 100, b: 0 }, 0, 1))).toBeUndefined()
  expect(stands(ledger, read({ a: 100, b: 0 }, 0, 1), read({ a: 60, b: 40 }, 2, 3))).toEqual({
    says: '$40 due, $40 paid',
    broken: false,
  })
  expect(stands(ledger, read({ a: 100, b: 0 }, 0, 1), read({ a: 20, b: 80 }, 2, 3))).toEqual({
    says: '$40 due, $80 paid',
    broken: true,
  })
})

test('the promise "no money is lost" is broken if the sum of the accounts falls', () => {
  expect(stands(moneyKept, read('closed', 0, 1))).toBeUndefined()
  const opening = read({ a: 100, b: 0 }, 0, 1)
  expect(stands(moneyKept, opening, read({ a: 60, b: 40 }, 2, 3))).toMatchObject({ broken: false })
  expect(stands(moneyKept, opening, read({ a: 60, b: 0 }, 2, 3))).toEqual({
    says: '$60 of $100 on the accounts',
    broken: true,
  })
})

test('the promise "all nodes give the same answer" is broken by two different reads without a change between them', () => {
  const ledger = sameEverywhere('x')
  expect(stands(ledger, done('add', 1, 0, 1))).toBeUndefined()
  expect(stands(ledger, read(2, 0, 1), read(2, 2, 3))).toEqual({ says: 'Ana sees $2', broken: false })
  expect(stands(ledger, read(1, 0, 1), done('add', 1, 1, 2), read(2, 2, 3))).toMatchObject({ broken: false })
  expect(stands(ledger, read(2, 0, 1), read(1, 2, 3))).toEqual({ says: 'Ana sees $2; then Ana sees $1', broken: true })
})

test('a promise made with causeFirst is broken only if a client sees the effect and then misses the cause', () => {
  const ledger = causeFirst('photo', { key: 'album', value: 'closed' })
  const of = (key: string, each: Done, who = 'Ana'): Done => ({ ...each, who, input: { ...each.input, key } })
  const photo = of('photo', read('party', 2, 3))
  expect(stands(ledger, of('album', read('open', 0, 1)), of('photo', read(null, 1, 2)))).toBeUndefined()
  expect(stands(ledger, of('album', read('open', 0, 1)), photo)).toEqual({ says: 'Ana sees the photo', broken: false })
  expect(stands(ledger, photo, of('album', read('open', 4, 5), 'Ben'))).toMatchObject({ broken: false })
  expect(stands(ledger, photo, of('album', read('closed', 4, 5)))).toMatchObject({ broken: false })
  expect(stands(ledger, photo, of('album', read('open', 4, 5)))).toEqual({
    says: 'Ana sees the photo, in the album open',
    broken: true,
  })
})

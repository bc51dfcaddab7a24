import { type EventInput, historyFromEvents, type Json } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { randomFrom } from '../../../testing/src/random-history.ts'
import { checkHistory } from '../checking.ts'

// A bank after an outage. Clients got no answer to many transfers; half of these took effect, all at the same moment.

const ACCOUNTS = ['a', 'b', 'c', 'd', 'e']
const initial = Object.fromEntries(ACCOUNTS.map((account) => [account, 1_000_000]))
const OUTAGE = 24

/** Rounds of overlapping transfers, each with a read. An outage separates two of the rounds. */
function afterOutage(seed: number, outage = OUTAGE): { events: EventInput[]; balances: Record<string, number> } {
  const random = randomFrom(seed)
  const below = (most: number) => Math.floor(random() * most)
  const balances: Record<string, number> = { ...initial }
  const events: EventInput[] = []
  let id = 0
  const transfer = (): Json => {
    const from = below(ACCOUNTS.length)
    const to = (from + 1 + below(ACCOUNTS.length - 1)) % ACCOUNTS.length
    return { from: ACCOUNTS[from]!, to: ACCOUNTS[to]!, amount: 1 + below(20_000), id: id++ }
  }
  const make = (value: Json): void => {
    const { from, to, amount } = value as { from: string; to: string; amount: number }
    balances[from]! -= amount
    balances[to]! += amount
  }
  const round = (reader: number): void => {
    const transfers = Array.from({ length: 4 }, transfer)
    for (const [i, value] of transfers.entries()) events.push({ process: i, type: 'invoke', f: 'transfer', value })
    events.push({ process: reader, type: 'invoke', f: 'read', value: null })
    const included = below(transfers.length + 1)
    transfers.slice(0, included).forEach(make)
    events.push({ process: reader, type: 'ok', f: 'read', value: { ...balances } })
    transfers.slice(included).forEach(make)
    for (const [i, value] of transfers.entries()) events.push({ process: i, type: 'ok', f: 'transfer', value })
  }
  for (let i = 0; i < 50; i++) round(4)
  const unknown = Array.from({ length: outage }, transfer)
  for (const [i, value] of unknown.entries()) events.push({ process: 100 + i, type: 'invoke', f: 'transfer', value })
  for (const [i, value] of unknown.entries()) events.push({ process: 100 + i, type: 'info', f: 'transfer', value })
  unknown.filter((_, i) => i % 2 === 0).forEach(make)
  for (let i = 0; i < 50; i++) round(4)
  return { events, balances }
}

test('check finds a bank linearizable if an outage leaves transfers of unknown outcome and only some took effect', () => {
  for (const seed of [1, 2, 3]) {
    const { events } = afterOutage(seed)
    const { linearizable } = checkHistory(historyFromEvents(events), { model: 'bank', initial }).levels
    expect(linearizable.result).toBe('met')
  }
})

test('check finds a violation if no choice of transfers of unknown outcome explains a read', () => {
  // The outage has only 6 transfers, so the search can try every subset of them. With many more, it would end without
  // an answer.
  const { events, balances } = afterOutage(4, 6)
  const wrong = { ...balances, a: balances['a']! - 1, b: balances['b']! + 1 }
  events.push(
    { process: 4, type: 'invoke', f: 'read', value: null },
    { process: 4, type: 'ok', f: 'read', value: wrong },
  )
  const { linearizable } = checkHistory(historyFromEvents(events), { model: 'bank', initial }).levels
  expect(linearizable.result).toBe('violated')
})

import { createRandom } from '@chaosproxy/faults'
import type { EventInput, Json } from '@chaosproxy/history'
import { historyFromEvents } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { checkHistory } from '../checking.ts'

const initial = { a: 100_000, b: 100_000, c: 100_000 }
const accounts = ['a', 'b', 'c'] as const

type Balances = { [account in (typeof accounts)[number]]: number }

/**
 * Returns a history of transfers and reads in a bank. The bank executes each of them when it is called. Sometimes the
 * network duplicates a transfer, and the outcome of the copy is unknown. Some replies are lost.
 */
function repeated(rounds: number, clients: number): EventInput[] {
  const random = createRandom(1)
  const balances: Balances = { ...initial }
  const events: EventInput[] = []
  let id = 0
  let processes = clients
  const processOf = Array.from({ length: clients }, (_, client) => client)
  for (let round = 0; round < rounds; round++) {
    const answers = processOf.map((process, client): (() => void) => {
      if (random.chance(0.3)) {
        events.push({ process, type: 'invoke', f: 'read', value: null })
        const seen = { ...balances }
        return () => events.push({ process, type: 'ok', f: 'read', value: seen })
      }
      const [from, to] = [random.pick(accounts), random.pick(accounts)]
      const amount = 1 + random.integer(20_000)
      const isDone = balances[from] >= amount
      if (isDone) {
        balances[from] -= amount
        balances[to] += amount
      }
      const transfer = { f: 'transfer', value: { from, to, amount, id: id++ } satisfies Json }
      events.push({ process, type: 'invoke', ...transfer })
      const isCopied = random.chance(0.1)
      if (isCopied) events.push({ process: processes, type: 'invoke', ...transfer })
      if (isCopied) events.push({ process: processes++, type: 'info', f: 'transfer' })
      if (!random.chance(0.05)) return () => events.push({ process, type: isDone ? 'ok' : 'fail', ...transfer })
      processOf[client] = processes++
      return () => events.push({ process, type: 'info', f: 'transfer' })
    })
    for (const answer of answers) answer()
  }
  return events
}

describe('transfers duplicated by the network', () => {
  test('transfers duplicated by the network leave a long history of a bank linearizable', () => {
    const { linearizable } = checkHistory(historyFromEvents(repeated(150, 10)), { model: 'bank', initial }).levels
    expect(linearizable.result).toBe('met')
  })

  const transfer = { f: 'transfer', value: { from: 'a', to: 'b', amount: 5, id: 1 } }
  const read = (a: number): EventInput[] => [
    { process: 9, type: 'invoke', f: 'read', value: null },
    { process: 9, type: 'ok', f: 'read', value: { a, b: 20 - a } },
  ]
  const resultOf = (events: readonly EventInput[]) =>
    checkHistory(historyFromEvents(events), { model: 'bank', initial: { a: 10, b: 10 } }).levels.linearizable.result

  test('a duplicate of a transfer may take effect even if the original was refused', () => {
    const refused: EventInput[] = [
      { process: 0, type: 'invoke', ...transfer },
      { process: 1, type: 'invoke', ...transfer },
      { process: 0, type: 'fail', ...transfer },
    ]
    expect(resultOf([...refused, ...read(10), ...read(5)])).toBe('met')
    expect(resultOf([...refused, ...read(5), ...read(10)])).toBe('violated')
  })

  test('a duplicated transfer violates linearizability if both copies take effect', () => {
    const done: EventInput[] = [
      { process: 0, type: 'invoke', ...transfer },
      { process: 1, type: 'invoke', ...transfer },
      { process: 0, type: 'ok', ...transfer },
    ]
    expect(resultOf([...done, ...read(5)])).toBe('met')
    expect(resultOf([...done, ...read(0)])).toBe('violated')
  })

  test('a duplicated transfer violates linearizability if a read after its acknowledgement does not show it', () => {
    const later: EventInput[] = [
      { process: 0, type: 'invoke', ...transfer },
      { process: 0, type: 'ok', ...transfer },
      { process: 1, type: 'invoke', ...transfer },
    ]
    expect(resultOf([...later, ...read(10), ...read(5)])).toBe('violated')
    expect(resultOf([...later, ...read(5)])).toBe('met')
  })
})

import type { WitnessedTransaction } from '@chaosproxy/simulated-postgresql'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { apart } from '../../src/postgresql/judged.ts'

const transaction = fc.record({
  group: fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: undefined }),
  cells: fc.array(fc.constantFrom('x', 'y', 'z', 'u', 'v', 'w'), { maxLength: 3 }),
})

const keysOf = ({ group, statements }: WitnessedTransaction): readonly string[] => [
  ...statements.flatMap(({ accesses }) => accesses.map(({ cell }) => `cell ${cell}`)),
  ...(group === undefined ? [] : [`request ${group}`]),
]

test('the function `apart` groups two transactions together if and only if a chain of shared cells or requests connects them', () => {
  fc.assert(
    fc.property(fc.array(transaction, { maxLength: 12 }), (drawn) => {
      const all = drawn.map(({ group, cells }) => ({
        group,
        statements: [{ accesses: cells.map((cell) => ({ cell })) }],
      }))
      const transactions = all as unknown as readonly WitnessedTransaction[]
      const connectedTo = (first: WitnessedTransaction): readonly WitnessedTransaction[] => {
        const found = new Set([first])
        for (const one of found)
          for (const other of transactions) if (keysOf(one).some((key) => keysOf(other).includes(key))) found.add(other)
        return transactions.filter((each) => found.has(each))
      }
      const parts = apart(transactions)
      expect(parts.flat().length).toBe(transactions.length)
      for (const part of parts) for (const each of part) expect(part).toEqual(connectedTo(each))
      const lasts = parts.map((part) => transactions.indexOf(part.at(-1) as WitnessedTransaction))
      expect(lasts).toEqual([...lasts].sort((one, other) => one - other))
    }),
  )
})

import type { WitnessedTransaction } from '@chaosproxy/simulated-postgresql'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { apart, withoutRetried } from '../../src/postgresql/judged.ts'

const transaction = fc.record({
  group: fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: undefined }),
  cells: fc.array(fc.constantFrom('x', 'y', 'z', 'u', 'v', 'w'), { maxLength: 3 }),
})

const keysOf = ({ group, statements }: WitnessedTransaction): readonly string[] => [
  ...statements.flatMap(({ accesses }) => accesses.map(({ cell }) => `cell ${cell}`)),
  ...(group === undefined ? [] : [`request ${group}`]),
]

test('`apart` groups two transactions together exactly if a chain of shared cells or requests connects them', () => {
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

test('withoutRetried omits an attempt that its request repeats, but keeps a read on which the final write depends', () => {
  const did = (group: string, ...accesses: readonly (readonly ['r' | 'w', string])[]) => ({
    group,
    statements: [{ accesses: accesses.map(([does, cell]) => ({ does, cell })) }],
  })
  const left = (...all: readonly ReturnType<typeof did>[]) => {
    const kept = withoutRetried(all as unknown as readonly WitnessedTransaction[])
    return all.flatMap((each, index) => (kept.includes(each as never) ? [index] : []))
  }
  const [read, change] = [() => did('a', ['r', 'x']), () => did('a', ['r', 'x'], ['w', 'x'])]
  const other = () => did('b', ['w', 'x'])
  expect(left(read(), other(), read(), change())).toEqual([1, 2, 3])
  expect(left(read(), other(), change())).toEqual([0, 1, 2])
  expect(left(did('a', ['r', 'x'], ['r', 'y']), read(), change())).toEqual([0, 1, 2])
  expect(left(read(), did('b', ['r', 'x']), other())).toEqual([0, 1, 2])
  expect(left(read(), other(), read())).toEqual([0, 1, 2])
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChunkQueue } from '../../src/tcp/chunk-queue.ts'

test('a chunk queue returns its bytes in order, however the reader divides them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 50 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 25 })),
      fc.infiniteStream(fc.boolean()),
      (chunks, sizes, pushNext) => {
        const queue = new ChunkQueue()
        const waiting = chunks.map((chunk) => Buffer.from(chunk))
        const expected = Buffer.concat(waiting)
        const taken: Buffer[] = []
        while (waiting.length > 0 || queue.length > 0) {
          const next = pushNext.next().value ? waiting.shift() : undefined
          if (next !== undefined) queue.push(next, 0)
          const head = queue.head()
          if (head === undefined) continue
          const left = head.content.length - head.offset
          const piece = queue.take(Math.min(left, sizes.next().value ?? 1)) as Buffer
          taken.push(piece)
        }
        expect(Buffer.concat(taken).equals(expected)).toBe(true)
        expect([queue.length, queue.bytes, queue.memoryBytes]).toEqual([0, 0, 0])
      },
    ),
  )
})

test('a chunk queue keeps its order even if it never becomes empty', () => {
  const queue = new ChunkQueue()
  queue.push(Buffer.from([0]), 0)
  const wrong: number[] = []
  for (let i = 1; i < 10_000; i++) {
    queue.push(Buffer.from([i & 0xff]), i)
    const [taken] = queue.take(1) as Buffer
    if (taken !== ((i - 1) & 0xff) || queue.length !== 1 || queue.bytes !== 1) wrong.push(i)
  }
  expect(wrong).toEqual([])
})

test('a chunk queue counts the memory of each chunk, not only its bytes', () => {
  const queue = new ChunkQueue()
  for (let i = 0; i < 1000; i++) queue.push(Buffer.from([1]), 0)
  expect(queue.bytes).toBe(1000)
  expect(queue.memoryBytes).toBeGreaterThan(100_000)
})

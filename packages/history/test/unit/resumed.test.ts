import fc from 'fast-check'
import { expect, test } from 'vitest'
import { resumed } from '../../src/files/stored/resumed.ts'

const bytesOf = (size: number) => Uint8Array.from({ length: size }, (_, i) => i % 251)

async function collected(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

test('a resumed stream that breaks anywhere delivers each byte once', async () => {
  const breaks = fc.array(fc.record({ after: fc.nat(400), how: fc.constantFrom('error', 'end') }), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(fc.nat(900), fc.nat(900), breaks, fc.integer({ min: 1, max: 90 }), async (a, b, left, step) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)]
      const whole = bytesOf(1_000)
      const trouble = [...left]
      async function* open(at: number) {
        // After several connections in a row that deliver nothing, the store counts as unreachable.
        const next = trouble.shift()
        const until = next === undefined ? whole.length : at + Math.max(1, next.after)
        for (let i = at; i < Math.min(until, whole.length); i += step)
          yield whole.slice(i, Math.min(i + step, until, whole.length))
        if (next?.how === 'error') throw new Error('the connection broke')
      }
      const stream = resumed({
        from,
        to,
        open: async (at) => open(at),
        isPassing: () => true,
        wait: async () => {},
      })
      expect(await collected(stream)).toEqual(Buffer.from(whole.slice(from, to)))
    }),
  )
})

test.each(['error', 'end'])('a resumed stream gives up after six attempts without a byte (%s)', async (how) => {
  let opened = 0
  const waits: number[] = []
  const stream = resumed({
    from: 0,
    to: 10,
    async open(at) {
      opened += 1
      return (async function* () {
        if (at === 0) yield new Uint8Array(4)
        if (how === 'error') throw new Error('the connection broke')
      })()
    },
    isPassing: () => true,
    wait: async (ms) => waits.push(ms),
  })
  await expect(collected(stream)).rejects.toThrow(how === 'error' ? 'the connection broke' : /^$/)
  expect(opened).toBe(1 + 6)
  expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200])
})

test('a resumed stream ends at the first error that a retry cannot fix', async () => {
  let opened = 0
  const stream = resumed({
    from: 0,
    to: 10,
    async open() {
      opened += 1
      throw new Error('forbidden')
    },
    isPassing: () => false,
    wait: async () => {},
  })
  await expect(collected(stream)).rejects.toThrow('forbidden')
  expect(opened).toBe(1)
})

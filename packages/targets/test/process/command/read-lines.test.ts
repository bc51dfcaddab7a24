import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { readLines } from '../../../src/command/read-lines.ts'

/** Writes the chunks, ends the stream if requested, and resolves with the lines. */
async function linesOf(chunks: readonly (string | Uint8Array)[], ends = true) {
  const stream = new PassThrough()
  const lines: string[] = []
  const reader = readLines(stream, (line) => lines.push(line))
  for (const chunk of chunks) stream.write(chunk)
  if (ends) stream.end()
  await new Promise((read) => setImmediate(read))
  if (ends) await new Promise((ended) => (stream.readableEnded ? ended(undefined) : stream.once('end', ended)))
  return { lines, reader }
}

test('readLines joins lines and characters that arrive in pieces', async () => {
  const bytes = Buffer.from('{"text":"é€😀"}\n')
  const { lines } = await linesOf(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))
  expect(lines).toEqual(['{"text":"é€😀"}'])
})

test('readLines ends a line only at a line feed, and drops a carriage return before the line feed', async () => {
  const { lines } = await linesOf(['one\r\ntwo \u2028 three\nfour\r', '\n\nfive'])
  expect(lines).toEqual(['one', 'two \u2028 three', 'four', '', 'five'])
})

test('readLines returns the text of an incomplete line on request', async () => {
  const { lines, reader } = await linesOf(['whole\n{"half":'], false)
  expect(lines).toEqual(['whole'])
  expect(reader.unended(0)).toBe('{"half":')
  expect(reader.unended(1e9)).toBeUndefined()
})

test('readLines keeps the beginning of a line that is too long for memory', async () => {
  const megabytes = Array.from({ length: 40 }, () => 'x'.repeat(2 ** 20))
  const { lines } = await linesOf([...megabytes, '\nnext\n'])
  expect(lines.map(({ length }) => length)).toEqual([2 ** 25, 4])
})

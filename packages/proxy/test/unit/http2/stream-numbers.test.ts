import { FRAME, goaway, resetStream, streamOf } from '@chaosproxy/wire/http2'
import { expect, test } from 'vitest'
import { StreamNumbers } from '../../../src/http2/stream-numbers.ts'

function headers(stream: number): Buffer {
  const frame = resetStream(stream, 0)
  frame[3] = FRAME.headers
  return frame
}

test('requests keep their stream numbers while they are sent in order', () => {
  const numbers = new StreamNumbers()
  for (const stream of [1, 3, 13]) {
    const frame = headers(stream)
    expect(numbers.toServer(numbers.arrived(frame))).toBe(frame)
    expect(numbers.toClient(frame)).toBe(frame)
  }
})

test('StreamNumbers renumbers overtaken requests in the order in which they reach the server', () => {
  const numbers = new StreamNumbers()
  for (const stream of [1, 3, 9, 11]) numbers.arrived(headers(stream))
  const opened = [9, 1, 11, 3].map((stream) => streamOf(numbers.toServer(headers(stream))))
  expect(opened).toEqual([1, 3, 9, 11])
  // All frames of a stream to the server get the number that the stream's first frame got. Frames to the client get the
  // number that the client chose.
  expect([9, 1, 11, 3].map((stream) => streamOf(numbers.toServer(headers(stream))))).toEqual(opened)
  expect(opened.map((stream) => streamOf(numbers.toClient(resetStream(stream, 0))))).toEqual([9, 1, 11, 3])
  expect(streamOf(numbers.toServer(numbers.arrived(headers(13))))).toBe(13)
})

test('a GOAWAY to the client names the highest client stream that the server may have processed', () => {
  const numbers = new StreamNumbers()
  for (const stream of [1, 3, 5]) numbers.arrived(headers(stream))
  for (const stream of [5, 3, 1]) numbers.toServer(headers(stream))
  // The client's stream 5 has the number 1 at the server.
  expect(numbers.toClient(goaway(1, 0)).readUInt32BE(9)).toBe(5)
  expect(numbers.toClient(goaway(3, 0)).readUInt32BE(9)).toBe(5)
})

test('a GOAWAY that is too short to name a stream reaches the client unchanged', () => {
  const numbers = new StreamNumbers()
  for (const stream of [1, 3]) numbers.arrived(headers(stream))
  for (const stream of [3, 1]) numbers.toServer(headers(stream))
  const frame = goaway(1, 0).subarray(0, 12)
  expect(numbers.toClient(frame)).toBe(frame)
})

import { readHttp } from './http-stream.ts'
import { type ReadMessage, type ReadStream, textOf } from './read-message.ts'
import type { Stream } from './stream.ts'

const NOTHING: ReadStream = { messages: [], unreadableFromMs: undefined }

/**
 * Reads a stream by its apparent protocol: HTTP/1, lines of JSON, or else chunk by chunk.
 *
 * @param requests the stream of the requests.
 */
export function readStream(stream: Stream, requests: Stream | undefined): ReadStream {
  const [first] = stream.pieces
  if (first === undefined) return NOTHING
  const http = readHttp(stream, requests)
  if (http !== undefined) return http
  return first.positionBytes === 0 && first.bytes[0] === OPENING_BRACE ? readLines(stream) : readChunks(stream)
}

const OPENING_BRACE = 0x7b
const LINE_FEED = 0x0a

function readLines(stream: Stream): ReadStream {
  const messages: ReadMessage[] = []
  let open: Buffer[] = []
  let openedAtMs: number | undefined
  let nextBytes = 0
  for (const { positionBytes, sizeBytes, bytes, atMs } of stream.pieces) {
    if (positionBytes !== nextBytes || bytes.length < sizeBytes) return { messages, unreadableFromMs: atMs }
    nextBytes += sizeBytes
    let start = 0
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      const line = Buffer.concat([...open, bytes.subarray(start, end)])
      const message = lineMessage(line, openedAtMs ?? atMs, positionBytes + end + 1)
      if (message === undefined) return { messages, unreadableFromMs: atMs }
      messages.push(message)
      open = []
      openedAtMs = undefined
      start = end + 1
    }
    if (start === bytes.length) continue
    open.push(bytes.subarray(start))
    openedAtMs ??= atMs
  }
  return { messages, unreadableFromMs: openedAtMs }
}

/** Reads a line as a message; undefined if the line is not JSON. */
function lineMessage(line: Buffer, sentAtMs: number, endBytes: number): ReadMessage | undefined {
  const text = line.toString()
  try {
    const parsed: unknown = JSON.parse(text)
    const type = typeof parsed === 'object' && parsed !== null && 'type' in parsed ? parsed.type : undefined
    return { type: typeof type === 'string' ? type : 'message', text, sentAtMs, endBytes }
  } catch {
    return undefined
  }
}

/** Reads each chunk as a message. A value that is split across two chunks may be missed. */
function readChunks(stream: Stream): ReadStream {
  const messages = stream.pieces.map(({ bytes, sizeBytes, positionBytes, atMs }): ReadMessage => {
    const text = textOf(bytes)
    const commands = text === undefined ? [] : commandsIn(text)
    return {
      type: commands.length === 0 ? `${sizeBytes} bytes` : commands.slice(0, MOST_NAMED).join(', '),
      // The delimiters of RESP words are not content.
      text: commands.length === 0 ? text : text?.replaceAll(/^[*$]\d+\r$/gm, ''),
      sentAtMs: atMs,
      endBytes: positionBytes + sizeBytes,
    }
  })
  return { messages, unreadableFromMs: stream.pieces[0]?.atMs }
}

/** The description of a chunk names at most this many of its commands. */
const MOST_NAMED = 3

/** Returns the distinct names of the commands in a chunk of RESP. */
function commandsIn(text: string): readonly string[] {
  if (!/^\*\d+\r\n\$/.test(text)) return []
  const names = Array.from(text.matchAll(/\*\d+\r\n\$\d+\r\n([\w.-]+)\r\n/g), ([, name = '']) => name.toUpperCase())
  return [...new Set(names)]
}

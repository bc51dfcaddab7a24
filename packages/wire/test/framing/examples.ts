import { FrameReader } from '../../src/framing/frame-reader.ts'
import type { Direction, Framing } from '../../src/framing/framing.ts'
import { jsonLines } from '../../src/framing/json-lines.ts'
import { parseFraming } from '../../src/parse-framing.ts'
import { resp } from '../../src/resp/resp.ts'
import { websocket } from '../../src/websocket/websocket.ts'
import { createMessageScanner } from '../../src/websocket/websocket-scanner.ts'

export const latin = (text: string) => Buffer.from(text, 'latin1')

/** Returns the parts that a reader delivers, with whole messages in brackets. */
export function readAll(
  framing: Framing,
  chunks: readonly Buffer[],
  { direction = 'requests' as Direction, max = 1000 } = {},
) {
  const reader = new FrameReader({ scanner: framing.scanner(direction), maxFrameBytes: max })
  const out: { whole: boolean; bytes: Buffer }[] = []
  const sink = {
    frame: (bytes: Buffer) => void out.push({ whole: true, bytes: Buffer.from(bytes) }),
    loose: (bytes: Buffer) => void out.push({ whole: false, bytes: Buffer.from(bytes) }),
  }
  for (const chunk of chunks) {
    const scratch = Buffer.from(chunk)
    reader.read(scratch, sink)
    // Overwrites the memory, as a source does when it reads into the memory again.
    scratch.fill(0)
  }
  return { reader, out, messages: out.filter(({ whole }) => whole).map(({ bytes }) => bytes.toString('latin1')) }
}

export function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const edges = [0, ...[...at].map((n) => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i], end))
}

/** Joins adjacent parts that are not whole messages, because their boundaries depend on how the stream was cut. */
export function normal(out: readonly { whole: boolean; bytes: Buffer }[]): string[] {
  const joined: string[] = []
  let loose = ''
  for (const { whole, bytes } of [...out, { whole: true, bytes: latin('') }]) {
    if (!whole) {
      loose += bytes.toString('latin1')
      continue
    }
    if (loose !== '') joined.push(`loose ${loose}`)
    loose = ''
    joined.push(bytes.toString('latin1'))
  }
  return joined
}

export const respExamples = [
  '+OK\r\n',
  '-ERR no such thing\r\n',
  ':42\r\n',
  '$-1\r\n',
  '$0\r\n\r\n',
  '$7\r\na\r\nb\0\xff\n\r\n',
  '*-1\r\n',
  '*0\r\n',
  '*2\r\n$3\r\nGET\r\n$1\r\nx\r\n',
  '*3\r\n*1\r\n:1\r\n$-1\r\n*2\r\n+a\r\n-b\r\n',
  '_\r\n',
  '#t\r\n',
  ',3.25\r\n',
  '(3492890328409238509324850943850943825024385\r\n',
  '!5\r\nwrong\r\n',
  '=7\r\ntxt:abc\r\n',
  '%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n',
  '~2\r\n:1\r\n:2\r\n',
  '>2\r\n+message\r\n+hello\r\n',
  '|1\r\n+ttl\r\n:3600\r\n*1\r\n:1\r\n',
  '*1\r\n|1\r\n+k\r\n+v\r\n:7\r\n',
]
export const inlineExamples = ['PING\r\n', '\r\n', '\n', 'get x\n']

export const prefixes = [1, 2, 3, 4].flatMap((lengthFieldLength) =>
  (['big', 'little'] as const).flatMap((byteOrder) =>
    [0, -lengthFieldLength, 1].map((lengthAdjustment) =>
      parseFraming(
        { kind: 'length-prefixed', lengthFieldLength, byteOrder, lengthAdjustment, lengthFieldOffset: 1 },
        'x',
      ),
    ),
  ),
)
export const bodies = ['', 'a', 'hello', '\0\x01\n'.repeat(30)]

/**
 * Frames after the upgrade: a whole message, a message in fragments with a ping between them, a long, an empty, and a
 * compressed message.
 */
export const frames = (masked: boolean) => {
  const mask = masked ? '\x07\xff\x30\x01' : ''
  const lengthOf = (n: number) => String.fromCharCode(n | (masked ? 0x80 : 0))
  const long = (n: number) => String.fromCharCode(126 | (masked ? 0x80 : 0), n >> 8, n & 0xff)
  return [
    `\x81${lengthOf(5)}${mask}hello`,
    `\x82${long(300)}${mask}${'x'.repeat(300)}`,
    `\x82${lengthOf(127)}\0\0\0\0\0\0\0\x03${mask}abc`,
    `\x01${lengthOf(1)}${mask}a\x89${lengthOf(2)}${mask}hi\x00${lengthOf(0)}${mask}\x80${lengthOf(1)}${mask}b`,
    `\xc1${lengthOf(2)}${mask}zz`,
    `\x8a${lengthOf(0)}${mask}`,
    `\x88${lengthOf(2)}${mask}\x03\xe8`,
  ]
}
export const messagesOnly: Framing = { ...websocket, scanner: createMessageScanner }

export const corpora: {
  readonly name: string
  readonly framing: Framing
  readonly direction: Direction
  readonly examples: readonly string[]
}[] = [
  { name: 'RESP requests', framing: resp, direction: 'requests', examples: [...respExamples, ...inlineExamples] },
  { name: 'RESP responses', framing: resp, direction: 'responses', examples: respExamples },
  {
    name: 'JSON lines',
    framing: jsonLines,
    direction: 'requests',
    examples: ['{"a":1}\n', '\n', '[]\r\n', 'not JSON\n'],
  },
  { name: 'WebSocket requests', framing: messagesOnly, direction: 'requests', examples: frames(true) },
  { name: 'WebSocket responses', framing: messagesOnly, direction: 'responses', examples: frames(false) },
  ...prefixes.map((framing, i) => ({
    name: `length prefix ${i}`,
    framing,
    direction: 'requests' as const,
    examples: bodies
      .map((body) => {
        try {
          return framing.write({ base64: latin(body).toString('base64') }, 'requests').toString('latin1')
        } catch {
          return ''
        }
      })
      .filter((message) => message !== ''),
  })),
]

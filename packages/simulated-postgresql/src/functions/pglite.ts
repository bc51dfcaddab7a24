import type { Calculated, Calculator } from '../types/calculator.ts'

/** Starts PostgreSQL in WebAssembly, an optional peer dependency: it takes 0.7 GB of memory and seconds to start. */
export async function startCalculator(): Promise<Calculator> {
  const { PGlite } = await import('@electric-sql/pglite')
  const database = await PGlite.create()
  await database.exec("set timezone to 'UTC'")
  const prepared = new Map<string, string>()
  let named = 0
  let zone = 'UTC'
  const send = (...messages: readonly Buffer[]): Buffer =>
    Buffer.from(database.execProtocolRawSync(Buffer.concat([...messages, message('S')])))
  const ask = (query: string, oids: readonly number[], texts: readonly (string | null)[]): Calculated => {
    const key = `${query} ${oids.join()}`
    const known = prepared.get(key)
    const name = known ?? `c${named++}`
    const parsing = known === undefined ? [parse(name, query, oids)] : []
    const bytes = send(...parsing, bind(name, texts), message('E', zeroEnded(''), int32(0)))
    // A parsed query stays prepared even if its execution fails.
    if (bytes[0] === PARSED) prepared.set(key, name)
    return answerIn(bytes)
  }
  return {
    rows(query, oids, texts, wanted) {
      if (wanted !== zone) {
        const answer = ask("select set_config('TimeZone', $1, false)", [TEXT], [wanted])
        if ('code' in answer) return answer
        zone = wanted
      }
      return ask(query, oids, texts)
    },
  }
}

const TEXT = 25

// The following functions read and write messages of protocol 3 (PostgreSQL's manual, "Message Formats").

const int16 = (value: number): Buffer => Buffer.from([(value >> 8) & 255, value & 255])

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

const zeroEnded = (text: string): Buffer => Buffer.from(`${text}\0`)

function message(kind: string, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(kind), int32(body.length + 4), body])
}

const parse = (name: string, query: string, oids: readonly number[]): Buffer =>
  message('P', zeroEnded(name), zeroEnded(query), int16(oids.length), ...oids.map(int32))

function bind(name: string, texts: readonly (string | null)[]): Buffer {
  const values = texts.map((text) =>
    text === null ? int32(-1) : Buffer.concat([int32(Buffer.byteLength(text)), Buffer.from(text)]),
  )
  return message('B', zeroEnded(''), zeroEnded(name), int16(0), int16(values.length), ...values, int16(0))
}

/** The length that marks a null value. */
const NULL = 0xffffffff
const PARSED = 0x31
const DATA_ROW = 0x44
const ERROR = 0x45

function answerIn(bytes: Buffer): Calculated {
  const rows: (string | null)[][] = []
  for (let at = 0; at < bytes.length; at += 1 + bytes.readUInt32BE(at + 1)) {
    const body = at + 5
    if (bytes[at] === ERROR) {
      // Every error has a code (`C`) and a message (`M`). So the first fields with these letters belong to this error,
      // although `fields` also contains later messages.
      const fields = bytes.toString('utf8', body).split('\0')
      const field = (letter: string): string => fields.find((each) => each[0] === letter)?.slice(1) ?? ''
      return { code: field('C'), message: field('M') }
    }
    if (bytes[at] === DATA_ROW) rows.push(rowAt(bytes, body))
  }
  return { rows }
}

function rowAt(bytes: Buffer, start: number): (string | null)[] {
  let at = start + 2
  return Array.from({ length: bytes.readUInt16BE(start) }, () => {
    const length = bytes.readUInt32BE(at)
    const from = at + 4
    at = length === NULL ? from : from + length
    return length === NULL ? null : bytes.toString('utf8', from, at)
  })
}

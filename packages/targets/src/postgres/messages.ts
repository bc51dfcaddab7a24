// The messages of PostgreSQL's frontend/backend protocol 3.0, as bytes ("Message Formats" in its manual). Pure.

/** A message of the server. */
export interface ServerMessage {
  /** The byte that identifies the message: `Z` for ReadyForQuery. */
  readonly type: string
  readonly body: Buffer
}

/** Collects the server's messages from chunks of any size. */
export interface MessageReader {
  /** The messages completed by this chunk. @throws Error for bytes that are not a message. */
  read(chunk: Buffer): readonly ServerMessage[]
}

/** Replies to our workloads are small; a longer one is not from a PostgreSQL server. */
const LONGEST_BYTES = 256 * 1024 * 1024
const KNOWN_TYPES = /[RSKZTDCIENA1-3nstGHWdcv]/

export function createMessageReader(): MessageReader {
  let buffered: Buffer = Buffer.alloc(0)
  return {
    read(chunk) {
      buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
      const found: ServerMessage[] = []
      let at = 0
      while (buffered.length - at >= 5) {
        const type = String.fromCharCode(buffered[at] ?? 0)
        const length = buffered.readUInt32BE(at + 1)
        if (!KNOWN_TYPES.test(type) || length < 4 || length > LONGEST_BYTES)
          throw new Error('this is no message of a PostgreSQL server')
        if (buffered.length - at < 1 + length) break
        found.push({ type, body: buffered.subarray(at + 5, at + 1 + length) })
        at += 1 + length
      }
      buffered = buffered.subarray(at)
      return found
    },
  }
}

/** An ErrorResponse or a NoticeResponse. */
export interface ServerReport {
  /** Not localised: ERROR, FATAL, PANIC; WARNING, NOTICE, … */
  readonly severity: string
  /** SQLSTATE. */
  readonly code: string
  readonly message: string
}

export function readReport(body: Buffer): ServerReport {
  const fields = new Map<string, string>()
  for (const field of body.toString('utf8').split('\0')) if (field !== '') fields.set(field[0] ?? '', field.slice(1))
  return {
    severity: fields.get('V') ?? fields.get('S') ?? '',
    code: fields.get('C') ?? '',
    message: fields.get('M') ?? '',
  }
}

/** For example `40001 could not serialize access due to concurrent update`. */
export const reportText = ({ code, message }: ServerReport): string => `${code} ${message}`

/** The columns of a row, as text. */
export function readRow(body: Buffer): (string | null)[] {
  const columns: (string | null)[] = []
  let at = 2
  for (let left = body.readUInt16BE(0); left > 0; left--) {
    const length = body.readInt32BE(at)
    at += 4
    columns.push(length < 0 ? null : body.toString('utf8', at, at + length))
    at += Math.max(length, 0)
  }
  return columns
}

/** Strings that end with a zero byte. */
export const readTexts = (body: Buffer): string[] => body.toString('utf8').split('\0').slice(0, -1)

/** `UPDATE 1` gives 1; undefined for a command that changes no rows. */
export function rowsOf(tag: string): number | undefined {
  const count = /\s(\d+)$/.exec(tag)?.[1]
  return count === undefined ? undefined : Number(count)
}

const PROTOCOL = 3 << 16

export function startupMessage(parameters: { readonly [name: string]: string }): Buffer {
  const texts = Object.entries(parameters).flatMap(([name, value]) => [text(name), text(value)])
  const body = Buffer.concat([int32(PROTOCOL), ...texts, Buffer.from([0])])
  return Buffer.concat([int32(body.length + 4), body])
}

export const passwordMessage = (password: string): Buffer => message('p', text(password))

export const saslInitialMessage = (mechanism: string, response: string): Buffer =>
  message('p', text(mechanism), int32(Buffer.byteLength(response)), Buffer.from(response))

export const saslResponseMessage = (response: string): Buffer => message('p', Buffer.from(response))

/** A simple query: several commands, without parameters. */
export const queryMessage = (sql: string): Buffer => message('Q', text(sql))

/** One command with parameters and results as text. Its Sync ends an implicit transaction. */
export function extendedQuery(sql: string, parameters: readonly (string | null)[]): Buffer {
  const values = parameters.flatMap((value) =>
    value === null ? [int32(-1)] : [int32(Buffer.byteLength(value)), Buffer.from(value)],
  )
  return Buffer.concat([
    message('P', text(''), text(sql), int16(0)),
    message('B', text(''), text(''), int16(0), int16(parameters.length), ...values, int16(0)),
    message('E', text(''), int32(0)),
    message('S'),
  ])
}

export const terminateMessage: Buffer = message('X')

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`)

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

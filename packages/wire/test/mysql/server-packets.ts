import { packetOf } from '../../src/mysql/packet.ts'

// The packets of a server and a client, as bytes.

const int = (value: number, bytes: number): Buffer => {
  const made = Buffer.alloc(bytes)
  made.writeUIntLE(value, 0, bytes)
  return made
}

/** After its length. */
export const counted = (text: string | null): Buffer =>
  text === null ? Buffer.from([0xfb]) : Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)])

export const AUTOCOMMIT = 2
export const IN_TRANSACTION = 1
export const MORE = 8

const PLUGIN = 'mysql_native_password'
/** Every capability that a server can offer. */
const EVERYTHING = 0xffff_ffff

export const SCRAMBLE: Buffer = Buffer.alloc(20, 1)

export const greeting = (
  status = AUTOCOMMIT,
  { version = '10.11.19-MariaDB', plugin = PLUGIN }: { readonly version?: string; readonly plugin?: string } = {},
): Buffer =>
  packetOf({
    sequence: 0,
    payload: Buffer.concat([
      ...[Buffer.from([10]), Buffer.from(`${version}\0`), int(7, 4), SCRAMBLE.subarray(0, 8), Buffer.alloc(1)],
      ...[int(EVERYTHING & 0xffff, 2), Buffer.from([45]), int(status, 2), int(EVERYTHING >>> 16, 2)],
      ...[Buffer.from([21]), Buffer.alloc(6), Buffer.alloc(4, 0xff), SCRAMBLE.subarray(8), Buffer.alloc(1)],
      Buffer.from(`${plugin}\0`),
    ]),
  })

export const login = (name: string, capabilities = 0x38_a208): Buffer => {
  const attributes = Buffer.concat([counted('program_name'), counted(name)])
  return packetOf({
    sequence: 1,
    payload: Buffer.concat([
      ...[int(capabilities, 4), int(0xff_ff_ff, 4), Buffer.from([45]), Buffer.alloc(23), Buffer.from('tester\0')],
      ...[Buffer.from([0]), Buffer.from('test\0'), Buffer.from(`${PLUGIN}\0`)],
      ...[Buffer.from([attributes.length]), attributes],
    ]),
  })
}

export const command = (number: number, rest: Buffer | string = ''): Buffer =>
  packetOf({ sequence: 0, payload: Buffer.concat([Buffer.from([number]), Buffer.from(rest)]) })

export const query = (sql: string): Buffer => command(3, sql)

/** A prepared statement with texts as its parameters. */
export const execute = (statement: number, values: readonly (string | null)[]): Buffer => {
  const nulls = Buffer.alloc((values.length + 7) >> 3)
  values.forEach((value, at) => {
    if (value === null) nulls[at >> 3] = (nulls[at >> 3] ?? 0) | (1 << (at & 7))
  })
  const types = Buffer.concat(values.map(() => int(253, 2)))
  const given = values.flatMap((value) => (value === null ? [] : [counted(value)]))
  const parameters = values.length === 0 ? [] : [nulls, Buffer.from([1]), types, ...given]
  return command(23, Buffer.concat([int(statement, 4), Buffer.from([0]), int(1, 4), ...parameters]))
}

export interface OkPacket {
  readonly affected?: number
  readonly insertId?: number
  readonly status?: number
  readonly warnings?: number
  readonly info?: string
  /** The packet's sequence number; 1 unless a login had additional steps. */
  readonly sequence?: number
  /** A session variable whose change the packet reports, with its new value. */
  readonly changed?: readonly [variable: string, value: string]
}

const SESSION_CHANGED = 0x4000

export const ok = ({
  affected = 0,
  insertId = 0,
  status = AUTOCOMMIT,
  warnings = 0,
  ...rest
}: OkPacket = {}): Buffer => {
  const { info, sequence = 1, changed } = rest
  const states = changed === undefined ? undefined : Buffer.concat(changed.map(counted))
  return packetOf({
    sequence,
    payload: Buffer.concat([
      ...[Buffer.from([0, affected, insertId]), int(status | (states === undefined ? 0 : SESSION_CHANGED), 2)],
      int(warnings, 2),
      ...(info === undefined && states === undefined ? [] : [counted(info ?? '')]),
      ...(states === undefined ? [] : [Buffer.from([states.length + 2, 0, states.length]), states]),
    ]),
  })
}

/** Of an UPDATE. */
export const found = (matched: number, changed: number, status = AUTOCOMMIT): Buffer =>
  ok({ affected: changed, status, info: `Rows matched: ${matched}  Changed: ${changed}  Warnings: 0` })

export const refused = (code: number, message = 'why'): Buffer =>
  packetOf({
    sequence: 1,
    payload: Buffer.concat([Buffer.from([0xff]), int(code, 2), Buffer.from(`#HY000${message}`)]),
  })

const end = (sequence: number, status: number, warnings = 0): Buffer =>
  packetOf({ sequence, payload: Buffer.concat([Buffer.from([0xfe]), int(warnings, 2), int(status, 2)]) })

/** A column of INT, or of the given type. */
const definition = (sequence: number, name: string, type: number): Buffer =>
  packetOf({
    sequence,
    payload: Buffer.concat([
      ...['def', 'test', 'accounts', 'accounts', name, name].map(counted),
      ...[Buffer.from([12]), int(45, 2), int(11, 4), Buffer.from([type]), int(0, 2), Buffer.from([0, 0, 0])],
    ]),
  })

/** Rows of the text protocol. */
export const rows = (
  columns: readonly string[],
  values: readonly (readonly (string | null)[])[],
  { status = AUTOCOMMIT, type = 3, warnings = 0 } = {},
): Buffer =>
  Buffer.concat([
    packetOf({ sequence: 1, payload: Buffer.from([columns.length]) }),
    ...columns.map((name, at) => definition(2 + at, name, type)),
    end(2 + columns.length, status),
    ...values.map((row, at) =>
      packetOf({ sequence: 3 + columns.length + at, payload: Buffer.concat(row.map(counted)) }),
    ),
    end(3 + columns.length + values.length, status, warnings),
  ])

/** The reply to a prepare command. */
export const prepared = (statement: number, columns: number, parameters: number): Buffer => {
  const parts = [
    packetOf({
      sequence: 1,
      payload: Buffer.concat([
        Buffer.from([0]),
        int(statement, 4),
        int(columns, 2),
        int(parameters, 2),
        Buffer.alloc(3),
      ]),
    }),
  ]
  for (const count of [parameters, columns])
    if (count > 0) parts.push(...Array.from({ length: count }, (_, at) => definition(at, '?', 253)), end(9, AUTOCOMMIT))
  return Buffer.concat(parts)
}

import { NotSupported, SqlError } from '../sql/error.ts'
import { undefinedTypeText } from '../sql/undefined.ts'
import { asNumber, asString } from '../types/definitions.ts'
import { formatType, typeOfText } from '../types/format-type.ts'
import { formatUuid, hexOf } from '../types/text.ts'
import { type Builtins, taking } from './builtin.ts'
import type { Env } from './session-facts.ts'

export const SERVER_VERSION = '18.0'

function randomBytes(env: Env, count: number): number[] {
  return Array.from({ length: count }, () => Math.floor(env.session.random() * 256))
}

function uuidOf(bytes: readonly number[], version: number): string {
  const marked = bytes.with(6, ((bytes[6] ?? 0) & 0x0f) | (version << 4)).with(8, ((bytes[8] ?? 0) & 0x3f) | 0x80)
  return formatUuid(hexOf(Uint8Array.from(marked)))
}

/** The first 48 bits are the milliseconds since 1970. */
function timedUuid(env: Env): string {
  const milliseconds = (env.session.clock() + 946_684_800_000_000n) / 1000n
  const time = Array.from({ length: 6 }, (_, i) => Number((milliseconds >> BigInt(40 - 8 * i)) & 255n))
  return uuidOf([...time, ...randomBytes(env, 10)], 7)
}

function randomInteger(low: number, high: number, env: Env): number {
  if (low > high) throw new SqlError('22023', 'lower bound must be less than or equal to upper bound')
  return low + Math.floor(env.session.random() * (high - low + 1))
}

export const SYSTEM: Builtins = {
  pgsql_version: () => `PostgreSQL ${SERVER_VERSION} on a simulator, 64-bit`,
  current_database: (_, env) => env.session.database,
  current_user: (_, env) => env.session.user,
  session_user: (_, env) => env.session.user,
  pg_backend_pid: (_, env) => env.session.pid,
  getdatabaseencoding: () => 'UTF8',
  pg_client_encoding: () => 'UTF8',
  ...taking([asNumber], { PG_encoding_to_char: (encoding) => (encoding === 6 ? 'UTF8' : '') }),
  gen_random_uuid: (_, env) => uuidOf(randomBytes(env, 16), 4),
  uuidv7: (_, env) => timedUuid(env),
  format_type: ([oid = null, typmod = null], env) =>
    oid === null ? null : formatType(env.session.types, asNumber(oid), typmod === null ? undefined : asNumber(typmod)),
  pg_typeof: (_, _env, call) => call.arguments[0]?.domain ?? call.arguments[0]?.oid ?? 0,
  ...taking([asString], {
    to_regtype: (name, { session }) => {
      const oid = typeOfText(session.types, name)
      const error = oid === undefined ? undefinedTypeText(name) : undefined
      if (error instanceof NotSupported) throw error
      return oid ?? null
    },
    to_regclass: (name, { session }) => {
      if (session.relation === undefined) throw new NotSupported('to_regclass')
      try {
        return session.relation(name)
      } catch (error) {
        if (error instanceof SqlError && (error.code === '42P01' || error.code === '3F000')) return null
        throw error
      }
    },
  }),
  pg_get_userbyid: (_, env) => env.session.user,
  pg_num_nulls: (values) => values.filter((value) => value === null).length,
  pg_num_nonnulls: (values) => values.filter((value) => value !== null).length,
  ...taking([asNumber, asNumber], {
    int4random: randomInteger,
    xideq: (a, b) => a === b >>> 0,
    xidneq: (a, b) => a !== b >>> 0,
    cideq: (a, b) => a === b,
  }),
  enum_cmp: ([a = null, b = null], env, call) =>
    Math.sign(env.session.types.typeOf(call.arguments[0]?.oid ?? 0).compare?.(a, b) ?? 0),
}

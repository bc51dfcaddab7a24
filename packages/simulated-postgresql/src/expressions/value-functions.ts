import { NotSupported } from '../sql/error.ts'
import { type Fields, refuseRest } from '../sql/nodes.ts'
import { inDay, momentOf } from '../types/calendar.ts'
import { roundMicros } from '../types/datetime.ts'
import { OID } from '../types/oids.ts'
import type { SqlValue } from '../types/value.ts'
import { sessionZone } from '../types/zone.ts'
import { typeNamed } from './coerce.ts'
import type { Compiled, Env, Scope } from './env.ts'

function local(env: Env): bigint {
  return sessionZone(env.session.setting('TimeZone')).toLocal(env.session.now())
}

/** Compiles `current_date`, `current_timestamp(3)` and other functions written without parentheses. */
export function compileValueFunction(node: Fields<'SQLValueFunction'>, scope: Scope): Compiled {
  const { op = '', typmod = -1, ...rest } = node
  refuseRest('SQLValueFunction', rest)
  const value = (oid: number, evaluate: (env: Env) => SqlValue): Compiled => ({
    type: typeNamed(
      scope,
      oid,
      [OID.timestamp, OID.timestamptz, OID.time].some((moment) => moment === oid) ? typmod : -1,
    ),
    evaluate,
  })
  switch (op) {
    case 'SVFOP_CURRENT_DATE':
      return value(OID.date, (env) => momentOf(local(env)).days)
    case 'SVFOP_CURRENT_TIMESTAMP':
    case 'SVFOP_CURRENT_TIMESTAMP_N':
      return value(OID.timestamptz, (env) => roundMicros(env.session.now(), typmod))
    case 'SVFOP_LOCALTIMESTAMP':
    case 'SVFOP_LOCALTIMESTAMP_N':
      return value(OID.timestamp, (env) => roundMicros(local(env), typmod))
    case 'SVFOP_LOCALTIME':
    case 'SVFOP_LOCALTIME_N':
      return value(OID.time, (env) => roundMicros(inDay(local(env)), typmod))
    case 'SVFOP_CURRENT_ROLE':
    case 'SVFOP_CURRENT_USER':
    case 'SVFOP_USER':
    case 'SVFOP_SESSION_USER':
      return value(OID.name, (env) => env.session.user)
    case 'SVFOP_CURRENT_CATALOG':
      return value(OID.name, (env) => env.session.database)
    case 'SVFOP_CURRENT_SCHEMA':
      return value(OID.name, (env) => env.session.functions.get('current_schema')?.([], env) ?? null)
  }
  throw new NotSupported(op.replace('SVFOP_', ''))
}

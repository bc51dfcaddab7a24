import { FULL_RANGE, INTERVAL_FIELDS } from './interval.ts'
import { numericLimits } from './numeric.ts'
import { OID } from './oids.ts'
import type { Types } from './registry.ts'
import { lengthOfTypmod } from './text.ts'

const NAMES: ReadonlyMap<number, string> = new Map([
  [OID.bool, 'boolean'],
  [OID.int2, 'smallint'],
  [OID.int4, 'integer'],
  [OID.int8, 'bigint'],
  [OID.float4, 'real'],
  [OID.float8, 'double precision'],
  [OID.char, '"char"'],
  // The name of this type is a keyword, but is printed without quotes.
  [OID.json, 'json'],
  [1560, 'bit'],
  [1562, 'bit varying'],
])

/**
 * Prints a type as `format_type` does. The modifier -1 means that the type has no limit. An omitted modifier leaves the
 * limit open. The names of two types differ in these cases: `bpchar` and `character`, `"bit"` and `bit`.
 */
export function formatType(types: Types, oid: number, typmod?: number): string {
  const type = types.find(oid)
  if (type === undefined) return oid === 0 ? '-' : '???'
  if (type.elementOid !== 0 && type.length === -1 && type.name.startsWith('_')) {
    return `${formatType(types, type.elementOid, typmod)}[]`
  }
  switch (oid) {
    case OID.bpchar:
      return typmod === -1 ? 'bpchar' : `character${limit(typmod)}`
    case OID.varchar:
      return `character varying${limit(typmod)}`
    case OID.numeric: {
      const limits = numericLimits(typmod ?? -1)
      return limits === undefined ? 'numeric' : `numeric(${limits.precision},${limits.scale})`
    }
    case OID.bit:
      return typmod === -1 ? '"bit"' : `bit${precision(typmod)}`
    case OID.varbit:
      return `${NAMES.get(oid)}${precision(typmod)}`
    case OID.time:
      return `time${precision(typmod)} without time zone`
    case OID.timetz:
      return `time${precision(typmod)} with time zone`
    case OID.timestamp:
      return `timestamp${precision(typmod)} without time zone`
    case OID.timestamptz:
      return `timestamp${precision(typmod)} with time zone`
    case OID.interval:
      return intervalName(typmod)
  }
  const { schema = 'public' } = type
  return NAMES.get(oid) ?? `${schema === 'public' ? '' : `${quoteIdentifier(schema)}.`}${quoteIdentifier(type.name)}`
}

function limit(typmod = -1): string {
  return typmod > 4 ? `(${lengthOfTypmod(typmod)})` : ''
}

function precision(typmod = -1): string {
  return typmod < 0 ? '' : `(${typmod})`
}

function intervalName(typmod = -1): string {
  if (typmod < 0) return 'interval'
  const range = (typmod >> 16) & FULL_RANGE
  const digits = typmod & 0xffff
  const named = INTERVAL_FIELDS.filter(([bit]) => (range & bit) !== 0).map(([, name]) => name)
  const fields =
    range === FULL_RANGE || named.length === 0
      ? ''
      : ` ${[...new Set([named[0], named[named.length - 1]])].join(' to ')}`
  return `interval${fields}${digits === 0xffff ? '' : `(${digits})`}`
}

const RESERVED = new Set(
  `all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char
  character check coalesce collate collation column concurrently constraint create cross current_catalog current_date
  current_role current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do
  else end except exists extract false fetch float for foreign freeze from full grant greatest group grouping having ilike
  in initially inner inout int integer intersect interval into is isnull join json json_array json_arrayagg json_exists
  json_object json_objectagg json_query json_scalar json_serialize json_table json_value lateral leading least left like
  limit localtime localtimestamp merge_action national natural nchar none normalize not notnull null nullif numeric offset
  on only or order out outer overlaps overlay placing position precision primary real references returning right row
  select session_user setof similar smallint some substring symmetric system_user table tablesample then time timestamp to
  trailing treat trim true union unique user using values varchar variadic verbose when where window with xmlattributes
  xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`
    .trim()
    .split(/\s+/),
)

/** Quotes a name as `quote_ident` does. */
export function quoteIdentifier(name: string): string {
  return /^[a-z_][a-z\d_]*$/.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** The SQL words for types, with their names in pg_type. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['boolean', 'bool'],
  ['smallint', 'int2'],
  ['integer', 'int4'],
  ['int', 'int4'],
  ['bigint', 'int8'],
  ['real', 'float4'],
  ['double precision', 'float8'],
  ['float', 'float8'],
  ['decimal', 'numeric'],
  ['dec', 'numeric'],
  ['character', 'bpchar'],
  ['char', 'bpchar'],
  ['"char"', 'char'],
  ['character varying', 'varchar'],
  ['timestamp without time zone', 'timestamp'],
  ['timestamp with time zone', 'timestamptz'],
  ['time without time zone', 'time'],
  ['time with time zone', 'timetz'],
])

/** Returns the oid of the type that an SQL text names, as for `'…'::regtype`. */
export function typeOfText(types: Types, text: string): number | undefined {
  let name = text.trim().replace(/\s*\(\s*-?\d+(?:\s*,\s*-?\d+)?\s*\)/, '')
  let arrays = 0
  while (/\[\s*\d*\s*\]$/.test(name)) {
    name = name.replace(/\s*\[\s*\d*\s*\]$/, '')
    arrays += 1
  }
  const [, prefix, plain = ''] = /^(?:("(?:[^"]|"")*"|[^".]+)\.)?(.*)$/s.exec(name) ?? []
  const schema = prefix?.startsWith('"') ? prefix.slice(1, -1).replaceAll('""', '"') : prefix?.toLowerCase()
  const folded = plain.startsWith('"') ? plain : plain.toLowerCase().replace(/\s+/g, ' ')
  const found = types.named(ALIASES.get(folded) ?? folded.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"'))
  if (found === undefined || (schema ?? found.schema ?? 'pg_catalog') !== (found.schema ?? 'pg_catalog'))
    return undefined
  return arrays > 0 ? found.arrayOid || undefined : found.oid
}

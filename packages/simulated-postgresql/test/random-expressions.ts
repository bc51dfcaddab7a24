// Generates random SQL expressions from the literals in `LITERALS`. Tests compute each expression with this package and
// with PostgreSQL, and compare the results.

export interface Random {
  below(n: number): number
  pick<T>(all: readonly T[]): T
}

/** Returns a random number generator with 32 bits of state (mulberry32). The same seed gives the same expressions. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  return {
    below: (n) => Math.floor(next() * n),
    pick: (all) => all[Math.floor(next() * all.length)] as (typeof all)[number],
  }
}

export interface RandomStatement {
  readonly sql: string
  /** Whether the statement determines the order of all rows. */
  readonly ordered: boolean
}

export type Kind =
  | 'int'
  | 'big'
  | 'num'
  | 'float'
  | 'text'
  | 'bool'
  | 'date'
  | 'ts'
  | 'tstz'
  | 'interval'
  | 'time'
  | 'jsonb'
  | 'json'
  | 'ints'
  | 'texts'
  | 'uuid'
  | 'bytea'
  | 'range'
  | 'span'
  | 'any'

const KINDS: readonly Kind[] = [
  'int',
  'big',
  'num',
  'float',
  'text',
  'bool',
  'date',
  'ts',
  'tstz',
  'interval',
  'time',
  'jsonb',
  'json',
  'ints',
  'texts',
  'uuid',
  'bytea',
  'range',
  'span',
]

const LITERALS: Readonly<Record<Exclude<Kind, 'any'>, readonly string[]>> = {
  int: [
    '0',
    '1',
    '2',
    '-3',
    '7',
    '42',
    '100',
    '2147483647',
    '(-2147483648)',
    "'5'",
    'null::int',
    '3::smallint',
    '-2::smallint',
    "'12'::int",
  ],
  big: [
    '0::bigint',
    '1::bigint',
    '-9::bigint',
    '5000000000',
    '9223372036854775807',
    '(-9223372036854775808)',
    '17::int8',
  ],
  num: [
    '0.0',
    '1.5',
    '-2.25',
    '3.14159',
    '100.00',
    '0.001',
    '1e10',
    '12345678901234567890.123',
    "'NaN'::numeric",
    '7::numeric(10,2)',
    '-0.5',
    '99.995',
  ],
  float: [
    '0::float8',
    '1.5::float8',
    "'-2.5e3'::float8",
    '0.1::float8',
    "'NaN'::float8",
    "'Infinity'::float8",
    '3::float4',
    '0.3::real',
    '1e-7::float8',
    '123456789.25::float8',
    '1e20::float8',
  ],
  text: [
    "''",
    "'a'",
    "'abc'",
    "'Hello World'",
    "'äöü€'",
    "'  pad '",
    "'12'",
    "'x''y'",
    "'%_'",
    'null::text',
    "'B'::varchar(5)",
    "'ab'::char(4)",
    "'NULL'",
    "'a,b,c'",
    "'foo'::name",
  ],
  bool: ['true', 'false', 'null::boolean', "'t'::bool"],
  range: [
    "'[1,5)'::int4range",
    "'(2,7]'::int4range",
    "'empty'::int4range",
    "'[5,)'::int4range",
    "'(,2)'::int4range",
    "'(,)'::int4range",
    'null::int4range',
    'int4range(0, 42)',
  ],
  span: [
    "'[2024-01-31 10:00,2024-02-29 12:34:56)'::tsrange",
    "'(2000-01-01,]'::tsrange",
    "'empty'::tsrange",
    "'[2024-02-29 12:34:56,2024-02-29 12:34:56]'::tsrange",
    "'(,infinity)'::tsrange",
    'null::tsrange',
  ],
  date: [
    "'2024-02-29'::date",
    "'1999-12-31'::date",
    "'2000-01-01'::date",
    "date '0044-03-15 BC'",
    "'infinity'::date",
    "'2023-11-05'::date",
  ],
  ts: [
    "'2024-02-29 12:34:56.789'::timestamp",
    "'1999-12-31 23:59:59'::timestamp",
    "'2000-01-01'::timestamp",
    "'infinity'::timestamp",
    "'2023-01-31 00:00:00.000001'::timestamp",
  ],
  tstz: [
    "'2024-02-29 12:34:56+02'::timestamptz",
    "'1970-01-01Z'::timestamptz",
    "'2023-06-15 10:00:00-05:30'::timestamptz",
    "'-infinity'::timestamptz",
  ],
  interval: [
    "'1 day'::interval",
    "'1 month'::interval",
    "'-3 days 04:05:06.7'::interval",
    "'1 year 2 mons'::interval",
    "'90 minutes'::interval",
    "'0'::interval",
    "'1.5 days'::interval",
    "'P1Y2M3DT4H5M6S'::interval",
  ],
  time: ["'10:20:30'::time", "'00:00'::time", "'23:59:59.999999'::time"],
  jsonb: [
    `'{"a":1,"b":[1,2,{"c":null}]}'::jsonb`,
    `'[1,"two",3.50,null,true]'::jsonb`,
    `'"str"'::jsonb`,
    `'12'::jsonb`,
    `'null'::jsonb`,
    `'{}'::jsonb`,
    `'{"bb":{"x":"y"},"a":false}'::jsonb`,
    `'[]'::jsonb`,
  ],
  json: [`'{"a": 1,  "b":[1,2]}'::json`, `'[1, "two",{"k":"v"}]'::json`, `'"s"'::json`, `'{"a":1,"a":2}'::json`],
  ints: [
    'array[1,2,3]',
    "'{}'::int[]",
    'array[3,null,1]',
    "'{{1,2},{3,4}}'::int[]",
    'array[5]::int[]',
    "'[0:2]={1,2,3}'::int[]",
  ],
  texts: ["array['a','b']", '\'{x,NULL,"y z"}\'::text[]', 'array[]::text[]', "array['abc','']"],
  uuid: ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "'00000000-0000-0000-0000-000000000000'::uuid"],
  bytea: ["'\\x0102ff'::bytea", "''::bytea", "'abc'::bytea"],
}

type Make = (r: Random, e: (kind: Kind) => string) => string

const OPERATIONS: Readonly<Record<Exclude<Kind, 'any'>, readonly Make[]>> = {
  int: [
    (r, e) => `(${e('int')} ${r.pick(['+', '-', '*', '/', '%', '&', '|', '#', '<<', '>>'])} ${e('int')})`,
    (_r, e) => `(- ${e('int')})`,
    (_r, e) => `(~ ${e('int')})`,
    (r, e) => `${r.pick(['abs', 'sign'])}(${e('int')})::int`,
    (r, e) => `${r.pick(['length', 'octet_length', 'ascii', 'char_length'])}(${e('text')})`,
    (_r, e) => `position(${e('text')} in ${e('text')})`,
    (_r, e) => `strpos(${e('text')}, ${e('text')})`,
    (r, e) => `${r.pick(['cardinality', 'array_ndims'])}(${e('ints')})`,
    (r, e) => `${r.pick(['array_length', 'array_upper', 'array_lower'])}(${e('ints')}, ${r.pick(['1', '2', '0'])})`,
    (_r, e) => `array_position(${e('ints')}, ${e('int')})`,
    (_r, e) => `(${e('ints')})[${e('int')}]`,
    (_r, e) => `(${e('date')} - ${e('date')})`,
    (_r, e) => `(${e('num')})::int`,
    (_r, e) => `(${e('float')})::int`,
    (_r, e) => `(${e('big')})::int`,
    (_r, e) => `(${e('text')})::int`,
    (_r, e) => `(${e('bool')})::int`,
    (_r, e) => `jsonb_array_length(${e('jsonb')})`,
    (r, e) => `${r.pick(['gcd', 'lcm', 'mod', 'div'])}(${e('int')}, ${e('int')})::int`,
    (_r, e) => `num_nulls(${e('any')}, ${e('any')})`,
  ],
  big: [
    (r, e) => `(${e('big')} ${r.pick(['+', '-', '*', '/', '%', '&', '|', '#'])} ${e('big')})`,
    (r, e) => `(${e('big')} ${r.pick(['+', '-', '*', '/', '<<'])} ${e('int')})`,
    (_r, e) => `(${e('int')})::bigint`,
    (_r, e) => `(${e('num')})::bigint`,
    (_r, e) => `(${e('float')})::int8`,
    (_r, e) => `abs(${e('big')})`,
  ],
  num: [
    (r, e) => `(${e('num')} ${r.pick(['+', '-', '*', '/', '%'])} ${e('num')})`,
    (r, e) => `(${e('num')} ${r.pick(['+', '-', '*', '/'])} ${e('int')})`,
    (r, e) => `(${e('big')} ${r.pick(['+', '-', '*', '/'])} ${e('num')})`,
    (r, e) => `${r.pick(['abs', 'ceil', 'floor', 'round', 'trunc', 'sign', 'sqrt', 'trim_scale'])}(${e('num')})`,
    (r, e) => `${r.pick(['round', 'trunc'])}(${e('num')}, ${r.pick(['0', '1', '2', '-1', '5'])})`,
    (_r, e) => `(${e('num')})::numeric(8,2)`,
    (_r, e) => `(${e('float')})::numeric`,
    (_r, e) => `(${e('int')})::numeric`,
    (_r, e) => `(${e('text')})::numeric`,
    (r, e) => `power(${e('num')}, ${r.pick(['2', '3', '-1', '0', '10'])}::numeric)`,
    (r, e) =>
      `extract(${r.pick(['year', 'month', 'day', 'hour', 'minute', 'second', 'epoch', 'dow', 'isodow', 'doy', 'week', 'quarter', 'milliseconds', 'microseconds', 'century', 'decade', 'isoyear', 'millennium'])} from ${e(r.pick(['ts', 'tstz', 'date', 'interval', 'time']))})`,
    (r, e) => `${r.pick(['mod', 'div', 'gcd'])}(${e('num')}, ${e('num')})`,
    (_r, e) => `scale(${e('num')})::numeric`,
    (_r, e) => `width_bucket(${e('num')}, 0.0, 10.0, 5)::numeric`,
  ],
  float: [
    (r, e) => `(${e('float')} ${r.pick(['+', '-', '*', '/'])} ${e('float')})`,
    (r, e) => `(${e('float')} ${r.pick(['+', '-', '*', '/'])} ${e('int')})`,
    (r, e) => `${r.pick(['abs', 'ceil', 'floor', 'round', 'trunc', 'sign', 'sqrt'])}(${e('float')})`,
    (_r, e) => `(${e('num')})::float8`,
    (_r, e) => `(${e('big')})::float8`,
    (_r, e) => `(${e('float')})::float4`,
    (r, e) =>
      `date_part(${r.pick(["'year'", "'epoch'", "'second'", "'dow'"])}, ${e(r.pick(['ts', 'date', 'interval']))})`,
  ],
  text: [
    (_r, e) => `(${e('text')} || ${e('text')})`,
    (_r, e) => `(${e('text')} || ${e('int')})`,
    (r, e) =>
      `${r.pick(['upper', 'lower', 'initcap', 'reverse', 'trim', 'btrim', 'ltrim', 'rtrim', 'quote_ident', 'quote_literal', 'md5'])}(${e('text')})`,
    (r, e) =>
      `${r.pick(['left', 'right', 'repeat', 'lpad', 'rpad', 'substr'])}(${e('text')}, ${r.pick(['0', '1', '2', '5', '-1', '10'])})`,
    (_r, e) => `replace(${e('text')}, ${e('text')}, ${e('text')})`,
    (_r, e) => `translate(${e('text')}, 'abc', 'xy')`,
    (r, e) => `split_part(${e('text')}, ${r.pick(["','", "' '", "''"])}, ${r.pick(['1', '2', '-1', '0'])})`,
    (r, e) => `substring(${e('text')} from ${r.pick(['1', '2', '-1'])} for ${r.pick(['2', '0', '3'])})`,
    (r, e) => `substring(${e('text')} from ${r.pick(["'[a-z]+'", "'(l+)o'", "'\\d+'"])})`,
    (r, e) => `concat(${e('any')}, ${e('any')}${r.below(2) ? `, ${e('text')}` : ''})`,
    (_r, e) => `concat_ws('-', ${e('text')}, ${e('any')}, ${e('int')})`,
    (_r, e) => `(${e('any')})::text`,
    (_r, e) => `(${e('text')})::varchar(3)`,
    (_r, e) => `(${e('text')})::char(3)`,
    (_r, e) => `format('%s-%I-%L', ${e('text')}, 'Ab', ${e('int')})`,
    (_r, e) => `overlay(${e('text')} placing 'ZZ' from 2)`,
    (r, e) =>
      `regexp_replace(${e('text')}, ${r.pick(["'[a-z]'", "'(.)(.)'", "'\\s+'"])}, ${r.pick(["'#'", "'\\2\\1'", "''"])}${r.pick(['', ", 'g'", ", 'gi'"])})`,
    (r, e) =>
      `to_char(${e(r.pick(['ts', 'tstz']))}, ${r.pick(["'YYYY-MM-DD HH24:MI:SS'", "'Mon DD, YYYY'", "'FMDay, FMMonth DD'", "'HH12:MI AM'", "'IYYY-IW-ID'", '\'YYYY"T"MS.US\'', "'Q WW DDD D'"])})`,
    (r, e) =>
      `to_char(${e(r.pick(['int', 'num']))}, ${r.pick(["'999'", "'FM999.00'", "'000000'", "'9,999.99'", "'FM99999999'", "'0.0'"])})`,
    (_r, e) => `(${e('jsonb')} ->> ${e('text')})`,
    (r, e) => `(${e(r.pick(['jsonb', 'json']))} ->> ${r.pick(['0', '1', '-1', "'a'", "'b'"])})`,
    (r, e) => `(${e(r.pick(['jsonb', 'json']))} #>> ${r.pick(["'{a}'", "'{b,0}'", "'{b,2,c}'", "'{}'", "'{bb,x}'"])})`,
    (_r, e) => `array_to_string(${e('texts')}, ',', '*')`,
    (_r, e) => `array_to_string(${e('ints')}, '-')`,
    (_r, e) => `encode(${e('bytea')}, 'hex')`,
    (_r, e) => `encode(${e('bytea')}, 'base64')`,
    (_r, e) => `jsonb_typeof(${e('jsonb')})`,
    (_r, e) => `jsonb_pretty(${e('jsonb')})`,
    (_r, e) => `pg_typeof(${e('any')})::text`,
    (_r, e) => `to_hex(${e('int')})`,
    (_r, e) => `array_dims(${e('ints')})`,
    (r, e) => `(${e(r.pick(['range', 'span']))})::text`,
    (r, e) => `chr(${r.pick(['65', '8364', '97'])}) || ${e('text')}`,
  ],
  bool: [
    (r, e) => {
      const kind = r.pick(KINDS)
      return `(${e(kind)} ${r.pick(['=', '<>', '<', '<=', '>', '>='])} ${e(kind)})`
    },
    (r, e) =>
      `(${e(r.pick(['int', 'big', 'num', 'float']))} ${r.pick(['=', '<>', '<', '<=', '>', '>='])} ${e(r.pick(['int', 'big', 'num', 'float']))})`,
    (r, e) => `(${e(r.pick(['date', 'ts', 'tstz']))} ${r.pick(['=', '<', '>='])} ${e(r.pick(['date', 'ts', 'tstz']))})`,
    (r, e) => `(${e('bool')} ${r.pick(['and', 'or'])} ${e('bool')})`,
    (_r, e) => `(not ${e('bool')})`,
    (r, e) => `(${e('any')} is ${r.pick(['null', 'not null'])})`,
    (r, e) => `(${e('bool')} is ${r.pick(['true', 'not true', 'false', 'not false', 'unknown', 'not unknown'])})`,
    (r, e) =>
      `(${e('text')} ${r.pick(['like', 'not like', 'ilike', 'not ilike'])} ${r.pick(["'%a%'", "'A_c'", "'%'", "''", "'_'", "'h%o%'", "'\\%%'"])})`,
    (r, e) =>
      `(${e('text')} ${r.pick(['~', '!~', '~*', '!~*'])} ${r.pick(["'^a'", "'[0-9]+'", "'l{2}'", "'(foo|abc)'", "'o W'", "'\\d'", "'[[:alpha:]]'", "'b$'"])})`,
    (r, e) => {
      const kind = r.pick(KINDS)
      return `(${e(kind)} is ${r.pick(['', 'not '])}distinct from ${e(kind)})`
    },
    (r, e) => {
      const kind = r.pick(['int', 'num', 'text', 'date', 'float'] as const)
      return `(${e(kind)} ${r.pick(['', 'not '])}in (${e(kind)}, ${e(kind)}, ${e(kind)}))`
    },
    (r, e) => {
      const kind = r.pick(['int', 'num', 'text', 'date', 'ts'] as const)
      return `(${e(kind)} ${r.pick(['', 'not '])}between ${r.pick(['', 'symmetric '])}${e(kind)} and ${e(kind)})`
    },
    (r, e) => `(${e('int')} ${r.pick(['=', '<', '<>', '>='])} ${r.pick(['any', 'all'])}(${e('ints')}))`,
    (r, e) => `(${e('text')} ${r.pick(['=', '<>'])} ${r.pick(['any', 'all'])}(${e('texts')}))`,
    (r, e) => `(${e('ints')} ${r.pick(['@>', '<@', '&&'])} ${e('ints')})`,
    (r, e) => `(${e('jsonb')} ${r.pick(['@>', '<@'])} ${e('jsonb')})`,
    (_r, e) => `(${e('jsonb')} ? ${e('text')})`,
    (r, e) => `(${e('jsonb')} ${r.pick(['?|', '?&'])} ${e('texts')})`,
    (_r, e) => `(${e('int')})::bool`,
    (_r, e) => `(${e('text')})::boolean`,
    (r, e) => `((${e('int')}, ${e('text')}) ${r.pick(['=', '<', '<>', '>='])} (${e('int')}, ${e('text')}))`,
    (_r, e) => `starts_with(${e('text')}, ${e('text')})`,
    (_r, e) => `isfinite(${e('date')})`,
    (r, e) => {
      const kind = r.pick(['range', 'span'] as const)
      return `(${e(kind)} ${r.pick(['&&', '@>', '<@', '<<', '>>', '-|-', '&<', '&>'])} ${e(kind)})`
    },
    (_r, e) => `(${e('range')} @> ${e('int')})`,
    (_r, e) => `(${e('ts')} <@ ${e('span')})`,
    (r, e) =>
      `${r.pick(['isempty', 'lower_inc', 'upper_inc', 'lower_inf', 'upper_inf'])}(${e(r.pick(['range', 'span']))})`,
  ],
  date: [
    (r, e) => `(${e('date')} ${r.pick(['+', '-'])} ${r.pick(['1', '30', '365', '-1'])})`,
    (_r, e) => `(${e('ts')})::date`,
    (_r, e) => `(${e('tstz')})::date`,
    (r, e) =>
      `make_date(${r.pick(['2024', '1999', '-1'])}, ${r.pick(['1', '12'])}, ${r.pick(['1', '29', '31'])}) + 0 * ${e('int')}`,
    (_r, e) => `(${e('text')})::date`,
  ],
  ts: [
    (r, e) => `(${e('ts')} ${r.pick(['+', '-'])} ${e('interval')})`,
    (r, e) => `(${e('date')} ${r.pick(['+', '-'])} ${e('interval')})`,
    (r, e) =>
      `date_trunc(${r.pick(["'year'", "'month'", "'day'", "'hour'", "'week'", "'quarter'", "'minute'", "'decade'", "'century'"])}, ${e('ts')})`,
    (r, e) => `(${e('tstz')} at time zone ${r.pick(["'UTC'", "'+02'", "'EST'", "interval '3 hours'"])})`,
    (_r, e) => `(${e('date')} + ${e('time')})`,
    (_r, e) => `(${e('tstz')})::timestamp`,
    (_r, e) => `(${e('ts')})::timestamp(1)`,
    (r, e) => `${r.pick(['lower', 'upper'])}(${e('span')})`,
    (_r, e) => `date_bin('15 minutes', ${e('ts')}, '2000-01-01'::timestamp)`,
  ],
  tstz: [
    (r, e) => `(${e('tstz')} ${r.pick(['+', '-'])} ${e('interval')})`,
    (r, e) => `date_trunc(${r.pick(["'year'", "'month'", "'day'", "'hour'"])}, ${e('tstz')})`,
    (r, e) => `(${e('ts')} at time zone ${r.pick(["'UTC'", "'-05:30'", "'CET'"])})`,
    (_r, e) => `(${e('ts')})::timestamptz`,
    (r, e) => `to_timestamp(${r.pick(['0', '1700000000', '1.5', '-1'])}) + ${e('interval')}`,
  ],
  interval: [
    (r, e) => `(${e('interval')} ${r.pick(['+', '-'])} ${e('interval')})`,
    (r, e) => `(${e('interval')} ${r.pick(['*', '/'])} ${r.pick(['2', '1.5', '0.1', '-1', '3', '0', '7.3'])})`,
    (_r, e) => `(${e('ts')} - ${e('ts')})`,
    (_r, e) => `(${e('tstz')} - ${e('tstz')})`,
    (_r, e) => `(- ${e('interval')})`,
    (_r, e) => `age(${e('ts')}, ${e('ts')})`,
    (r, e) => `${r.pick(['justify_days', 'justify_hours', 'justify_interval'])}(${e('interval')})`,
    (r, e) => `date_trunc(${r.pick(["'month'", "'day'", "'hour'", "'year'"])}, ${e('interval')})`,
    (_r, e) => `(${e('time')} - ${e('time')})`,
  ],
  time: [(r, e) => `(${e('time')} ${r.pick(['+', '-'])} ${e('interval')})`, (_r, e) => `(${e('ts')})::time`],
  jsonb: [
    (r, e) => `(${e('jsonb')} -> ${r.pick(["'a'", "'b'", '0', '1', '-1', "'zz'"])})`,
    (r, e) => `(${e('jsonb')} #> ${r.pick(["'{a}'", "'{b,0}'", "'{b,2,c}'"])})`,
    (_r, e) => `(${e('jsonb')} || ${e('jsonb')})`,
    (r, e) => `(${e('jsonb')} - ${r.pick(["'a'", '0', '-1', "'{a,b}'::text[]", "'two'"])})`,
    (r, e) => `(${e('jsonb')} #- ${r.pick(["'{a}'", "'{b,0}'"])})`,
    (r, e) =>
      `jsonb_set(${e('jsonb')}, ${r.pick(["'{a}'", "'{b,1}'", "'{0}'", "'{b,2,d}'", "'{new}'"])}, ${e('jsonb')}${r.pick(['', ', false'])})`,
    (r, e) =>
      `jsonb_insert(${e('jsonb')}, ${r.pick(["'{b,1}'", "'{0}'", "'{new}'"])}, ${e('jsonb')}${r.pick(['', ', true'])})`,
    (_r, e) => `to_jsonb(${e('any')})`,
    (_r, e) => `jsonb_build_object('k', ${e('any')}, 'j', ${e('any')})`,
    (_r, e) => `jsonb_build_array(${e('any')}, ${e('any')})`,
    (_r, e) => `(${e('json')})::jsonb`,
    (_r, e) => `jsonb_strip_nulls(${e('jsonb')})`,
    (_r, e) => `(${e('text')})::jsonb`,
  ],
  json: [
    (r, e) => `(${e('json')} -> ${r.pick(["'a'", "'b'", '0', '1', '-1'])})`,
    (_r, e) => `to_json(${e('any')})`,
    (_r, e) => `json_build_object('k', ${e('any')}, ${e('text')}, ${e('any')})`,
    (_r, e) => `json_build_array(${e('any')}, ${e('any')})`,
    (_r, e) => `row_to_json(row(${e('any')}, ${e('any')}))`,
    (_r, e) => `(${e('jsonb')})::json`,
  ],
  ints: [
    (_r, e) => `(${e('ints')} || ${e('int')})`,
    (_r, e) => `(${e('ints')} || ${e('ints')})`,
    (_r, e) => `array_append(${e('ints')}, ${e('int')})`,
    (_r, e) => `array_remove(${e('ints')}, ${e('int')})`,
    (_r, e) => `array_replace(${e('ints')}, ${e('int')}, ${e('int')})`,
    (_r, e) => `array_positions(${e('ints')}, ${e('int')})`,
    (_r, e) => `array[${e('int')}, ${e('int')}]`,
    (r, e) => `(array[${e('int')}, 4, 5])[${r.pick(['1:2', '2:', ':1', '3:9', '0:1'])}]`,
    (_r, e) => `(${e('text')})::int[]`,
  ],
  texts: [
    (r, e) => `string_to_array(${e('text')}, ${r.pick(["','", "''", 'null', "' '"])})`,
    (_r, e) => `(${e('texts')} || ${e('texts')})`,
    (_r, e) => `(${e('ints')})::text[]`,
    (_r, e) => `array[${e('text')}, ${e('text')}]`,
    (r, e) => `regexp_split_to_array(${e('text')}, ${r.pick(["','", "'\\s+'", "'l'"])})`,
    (r, e) => `regexp_match(${e('text')}, ${r.pick(["'(.)(.)'", "'[a-z]+'"])})`,
  ],
  range: [
    (r, e) => `int4range(${e('int')}, ${e('int')}${r.pick(['', ", '[]'", ", '()'", ", '(]'"])})`,
    (r, e) => `(${e('range')} ${r.pick(['*', '+', '-'])} ${e('range')})`,
    (_r, e) => `range_merge(${e('range')}, ${e('range')})`,
    (_r, e) => `(${e('text')})::int4range`,
  ],
  span: [
    (r, e) => `tsrange(${e('ts')}, ${e('ts')}${r.pick(['', ", '[]'", ", '(]'"])})`,
    (r, e) => `(${e('span')} ${r.pick(['*', '+', '-'])} ${e('span')})`,
  ],
  uuid: [(_r, e) => `(${e('uuid')}::text)::uuid`, (_r, e) => `(${e('text')})::uuid`],
  bytea: [
    (_r, e) => `(${e('bytea')} || ${e('bytea')})`,
    (_r, e) => `convert_to(${e('text')}, 'UTF8')`,
    (_r, e) => `decode(${e('text')}, 'hex')`,
    (r, e) => `substring(${e('bytea')} from ${r.pick(['1', '2'])} for 1)`,
  ],
}

const SHARED: readonly ((kind: Exclude<Kind, 'any'>) => Make)[] = [
  (kind) => (_r, e) => `coalesce(${e(kind)}, ${e(kind)})`,
  (kind) => (_r, e) => `nullif(${e(kind)}, ${e(kind)})`,
  (kind) => (r, e) => `${r.pick(['greatest', 'least'])}(${e(kind)}, ${e(kind)})`,
  (kind) => (_r, e) => `case when ${e('bool')} then ${e(kind)} else ${e(kind)} end`,
  (kind) => (_r, e) => `case ${e('int')} when 1 then ${e(kind)} when ${e('int')} then ${e(kind)} end`,
]

export interface ExpressionOptions {
  /**
   * Whether literals are written as subqueries, which PostgreSQL does not compute during planning. The expression is
   * otherwise the same.
   */
  readonly hidden?: boolean
  /** The columns that may replace literals. */
  readonly columns?: (kind: Kind) => readonly string[]
}

/** Returns a random expression with a type of the kind `wanted`. */
export function randomExpression(
  random: Random,
  depth: number,
  options: ExpressionOptions = {},
  wanted: Kind = 'any',
): string {
  const kind = wanted === 'any' ? random.pick(KINDS) : wanted
  // Rarely, chooses an argument of another type, to compare the type errors.
  const chosen = (random.below(60) === 0 ? random.pick(KINDS) : kind) as Exclude<Kind, 'any'>
  if (depth <= 0 || random.below(5) === 0) return leaf(random, chosen, options)
  const inner = (next: Kind) => randomExpression(random, depth - 1, options, next)
  if (random.below(6) === 0) return random.pick(SHARED)(chosen)(random, inner)
  return random.pick(OPERATIONS[chosen])(random, inner)
}

function leaf(random: Random, kind: Exclude<Kind, 'any'>, { hidden, columns }: ExpressionOptions): string {
  const named = columns?.(kind) ?? []
  if (named.length > 0 && random.below(4) > 0) return random.pick(named)
  const literal = random.pick(LITERALS[kind])
  return hidden === true && (kind === 'text' || !/^'[^']*'$/.test(literal)) ? `(select ${literal})` : literal
}

import type { MayTouch } from './action.ts'
import type { PostgresqlSettings } from './settings.ts'
import { isTable, plainWords, type Token, textOf, wordSet } from './sql-tokens.ts'

type Recorded = Pick<PostgresqlSettings['commands'], 'table' | 'functionsRead' | 'dialect'>

interface Touching {
  readonly touches: MayTouch
  readonly why: string
  /** Whether the statement, such as CREATE TRIGGER, may also change rows after the end of its transaction. */
  readonly lasts?: boolean
}

const NOTHING: Touching = { touches: 'nothing', why: '' }

/** Removes the opening brackets at the beginning of a statement, as in `(SELECT 1) UNION (SELECT 2)`. */
const unbracketed = (tokens: readonly Token[]): readonly Token[] => {
  const start = tokens.findIndex(({ text }) => text !== '(')
  return start > 0 ? tokens.slice(start) : tokens
}

/** Returns what a statement may change, if it is not an operation. */
export function analyseOther(all: readonly Token[], { table, functionsRead, dialect }: Recorded): Touching {
  const tokens = unbracketed(all)
  const words = plainWords(tokens)
  const [first = ''] = words
  const called = functionsRead ? undefined : strangeFunction(tokens, dialect?.functions)
  if (called !== undefined)
    return {
      touches: 'everything',
      why: `it calls ${called}(), which may write; if no function that is called writes ${table}, add "functions":"read" beside "table"`,
    }
  if (ALWAYS_HARMLESS.has(first)) return NOTHING
  if (EVERYTHING.has(first)) return everything(`its effect is unknown`)
  const names = tokens.some((token) => isTable(token, table))
  if (!names) return words.includes('cascade') && RIPPLING.has(first) ? everything(`it may reach ${table}`) : NOTHING
  if (first === 'create') {
    const isWatching =
      words.some((word) => word === 'trigger' || word === 'rule') || /\bon schedule\b/.test(words.join(' '))
    if (isWatching) return { ...everything(`from here on ${table} may be written unseen`), lasts: true }
    return isFilledOrHidden(tokens, table)
      ? { ...everything(`from here on ${table} may have other rows`), lasts: true }
      : NOTHING
  }
  const writes = words.some((word) => WRITING.has(word))
  if (READING.has(first) && !writes) return NOTHING
  // FOR UPDATE contains the word UPDATE but writes nothing.
  if (first === 'select' && isLockingOnly(words)) return NOTHING
  if (first === 'copy')
    return isCopiedOut(tokens, words) ? NOTHING : everything('it writes rows that cannot be determined')
  return everything(`it may change rows that are not selected by their primary key`)
}

/** Whether a CREATE TABLE replaces the table, fills it from a query, or hides it behind a temporary table. */
function isFilledOrHidden(tokens: readonly Token[], table: string): boolean {
  const start = tokens.findIndex((token) => isTable(token, table))
  const before = tokens.slice(1, start)
  const kind = textOf(before).replace(/ if not exists\b/, '')
  if (!/\btable( \S+ \.)*$/.test(kind)) return false
  return (
    /\b(replace|temp|temporary)\b/.test(kind) || /^(\( )?select\b|\bas\b/.test(textOf(outside(tokens.slice(start + 1))))
  )
}

/** Returns the tokens outside brackets. If the tokens begin with `(SELECT`, returns this SELECT as well. */
function outside(tokens: readonly Token[]): readonly Token[] {
  let depth = 0
  return tokens.filter(({ text }, at) => {
    if (text === ')') depth--
    const isOutside = depth === 0 || (text === 'select' && at === 1)
    if (text === '(') depth++
    return isOutside
  })
}

/** Whether a COPY only reads, such as `COPY t TO …` or `COPY (SELECT …) TO …`. */
const isCopiedOut = (tokens: readonly Token[], words: readonly string[]): boolean =>
  words.includes('to') && (tokens[1]?.text === '(' ? !mayWrite(tokens.slice(1)) : !words.includes('from'))

const everything = (why: string): Touching => ({
  touches: 'everything',
  why: `${why}. Record the requests to the service with a route table, or keep this statement out of the recording`,
})

const ALWAYS_HARMLESS = wordSet(
  'show set reset listen notify unlisten declare fetch move close lock analyze vacuum reindex comment grant revoke checkpoint cluster prepare security discard load',
)
/** Statements that do not show what they change: their code is in a string, or defined elsewhere. */
const EVERYTHING = wordSet('execute call do commit rollback import refresh')
const RIPPLING = wordSet('drop truncate alter delete')
const READING = wordSet('select values table with explain')
const WRITING = wordSet('insert update delete merge truncate copy into')

export function mayWrite(tokens: readonly Token[]): boolean {
  const words = plainWords(tokens)
  return words.some((word) => WRITING.has(word)) && !(words[0] === 'select' && isLockingOnly(words))
}

const isLockingOnly = (words: readonly string[]): boolean =>
  words.every((word, at) => !WRITING.has(word) || (word === 'update' && ['for', 'key'].includes(words[at - 1] ?? '')))

/** Returns the first called function with unknown effects. `known`: functions without effects. */
export function strangeFunction(all: readonly Token[], known?: ReadonlySet<string>): string | undefined {
  const tokens = unbracketed(all)
  const [first] = tokens
  const isQueryCopied = first?.text === 'copy' && tokens[1]?.text === '('
  if (first?.kind !== 'word' || !(CALLING.has(first.text) || isQueryCopied)) return undefined
  for (let at = 1; at + 1 < tokens.length; at++) {
    const token = tokens[at]
    const next = tokens[at + 1]
    if (token?.kind !== 'word' || next?.kind !== 'symbol' || next.text !== '(') continue
    const before = tokens[at - 1]
    // This parenthesis belongs to columns, an alias, or a type.
    const isNoCall = before?.kind === 'word' ? NO_CALL_AFTER.has(before.text) : before?.text === '::'
    const isPart = isNoCall || (before?.text === '.' && tokens[at - 3]?.text === 'into')
    const isKnown = HARMLESS.has(token.text) || known?.has(token.text) === true
    if (isPart || (!token.quoted && isKnown) || token.text.startsWith('pg_')) continue
    return token.text
  }
  return undefined
}

const CALLING = wordSet('select insert update delete with values explain merge table declare')
const NO_CALL_AFTER = wordSet('into with recursive as conflict')

/** Keywords and functions that can precede a parenthesis. None of them writes to a table. */
const HARMLESS = wordSet(
  [
    'conflict values in any all some exists and or not over filter within on using as by partition when then else case where from select',
    'join returning set with union intersect except having limit offset array row rows cast extract materialized',
    'coalesce nullif greatest least abs ceil ceiling floor round trunc sign sqrt power mod random div ln log exp',
    'count sum avg min max array_agg string_agg json_agg jsonb_agg bool_and bool_or every stddev variance',
    'json_object_agg jsonb_object_agg json_build_object jsonb_build_object json_build_array jsonb_build_array',
    'to_json to_jsonb row_to_json jsonb_set json_array_elements jsonb_array_elements jsonb_array_length jsonb_each',
    'now clock_timestamp statement_timestamp transaction_timestamp current_timestamp localtimestamp timeofday age',
    'date_trunc date_part make_interval make_date to_char to_date to_timestamp to_number justify_interval',
    'lower upper length char_length octet_length concat concat_ws substring substr trim btrim ltrim rtrim replace',
    'left right lpad rpad position strpos split_part regexp_replace regexp_match regexp_matches format md5 sha256',
    'encode decode quote_ident quote_literal reverse repeat ascii chr initcap translate overlay hashtext',
    'gen_random_uuid uuid_generate_v4 nextval currval lastval setval version current_setting set_config current_database',
    'current_schema current_schemas current_user session_user to_regclass format_type obj_description col_description',
    'has_table_privilege has_schema_privilege txid_current row_number rank dense_rank lag lead first_value last_value',
    'unnest generate_series generate_subscripts array_length array_position array_append array_remove cardinality',
    'varchar char numeric decimal bit interval time timestamp float',
  ].join(' '),
)

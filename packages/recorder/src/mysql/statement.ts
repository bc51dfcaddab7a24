import type { ErrorMeaning } from '@chaosproxy/history'
import type { Dialect, OwnMeaning } from '../postgresql/dialect.ts'
import { mayWrite, strangeFunction } from '../postgresql/other-statements.ts'
import type { RequestedIsolation } from '../postgresql/requested-isolation.ts'
import type { RowStatement } from '../postgresql/row-statement.ts'
import { type Token, textOf, wordSet } from '../postgresql/sql-tokens.ts'
import { controlOf } from '../postgresql/statement.ts'
import { judgeCommit, judgeError } from './errors.ts'
import { levelName } from './settings.ts'
import { statementsOf, wordOf } from './sql-tokens.ts'

// This file reads statements whose meaning in MySQL and MariaDB differs from PostgreSQL.

const LEVELS = /(serializable|repeatable[ -]read|read[ -]committed|read[ -]uncommitted)/

/**
 * Returns the isolation level that a statement requests. Without `isForSession`, it is for the next transaction only.
 */
export function isolationIn(tokens: readonly Token[]): RequestedIsolation | undefined {
  const text = textOf(tokens)
  if (!/^set\b/.test(text) || !/isolation/.test(text)) return undefined
  const found = LEVELS.exec(text)?.[1]?.replace('-', ' ')
  const isForNext = /^set (transaction|@ @ (?!session|local|global))/.test(text)
  if (/^set (@ @ )?global/.test(text)) return undefined
  return { level: found === undefined ? undefined : levelName(found), isForSession: !isForNext }
}

function meaningOf(tokens: readonly Token[], what: string, functionsRead: boolean): OwnMeaning | undefined {
  const text = textOf(tokens)
  const control = controlOf(tokens)
  if (control === 'begin') {
    const found = LEVELS.exec(text)?.[1]
    const isolation = found === undefined ? undefined : { level: levelName(found), isForSession: false }
    return { kind: 'control', what, control, name: '', isolation }
  }
  const strange = functionsRead ? undefined : strangeFunction([SELECT, ...tokens.slice(1)], FUNCTIONS)
  const [first = ''] = text.split(' ')
  if (/^set statement\b/.test(text))
    return doubtful(what, UNFOLLOWED_CHANGE, mayWrite(tokens) ? 'everything' : 'nothing')
  if (first === 'set') {
    if (strange !== undefined) return doubtful(what, `it calls ${strange}(), which may write`)
    if (/\bselect\b/.test(text)) return doubtful(what, 'the reads of this statement are not recorded', 'nothing')
    return { kind: 'other', what, touches: 'nothing', why: '', isolation: sessionIsolation(tokens) }
  }
  if (UNFOLLOWED.test(text)) return doubtful(what, UNFOLLOWED_CHANGE)
  return HARMLESS.test(text) ? { kind: 'other', what, touches: 'nothing', why: '' } : undefined
}

const SELECT = wordOf('select')

const sessionIsolation = (tokens: readonly Token[]): RequestedIsolation | undefined => {
  const isolation = isolationIn(tokens)
  return isolation?.isForSession === true ? isolation : undefined
}

const doubtful = (what: string, why: string, touches: 'everything' | 'nothing' = 'everything'): OwnMeaning => ({
  ...{ kind: 'doubtful', what, why, touches, lasts: false },
})

const UNFOLLOWED_CHANGE = 'the changes of this statement are not recorded'
/** Statements that may change rows of tables that they do not name. */
const UNFOLLOWED =
  /^(load|do|call|execute|import|analyze (?!table)|drop (database|schema)|handler|install|uninstall|binlog)\b/
const HARMLESS =
  /^(use|show|desc|describe|explain|help|kill|check|checksum|optimize|repair|analyze table|flush|purge|prepare|deallocate|unlock|get|signal|stop|start (slave|replica)|reset)\b/

function refined(rows: RowStatement): RowStatement {
  if (rows.does !== 'insert' || rows.inserted.length !== 1) return rows
  const key = rows.inserted[0]?.key
  const isGiven = key !== undefined && !(key.kind === 'constant' && (key.text === null || key.text === '0'))
  const isReturned = rows.resultColumns.key !== undefined || rows.resultColumns.values.size > 0
  return isGiven || isReturned ? rows : { ...rows, resultColumns: { key: 0, values: new Map() } }
}

const FUNCTIONS = wordSet(
  [
    'ifnull if isnull last_insert_id row_count found_rows connection_id user database schema uuid uuid_short rand pi',
    'curdate curtime current_date current_time utc_date utc_time utc_timestamp sysdate unix_timestamp from_unixtime',
    'date time year month day hour minute second microsecond week quarter weekday dayofweek dayofmonth dayofyear dayname',
    'monthname date_format time_format str_to_date date_add date_sub adddate subdate datediff timediff timestampdiff',
    'timestampadd last_day makedate maketime to_days from_days convert_tz binary char convert field find_in_set elt',
    'group_concat instr locate mid ucase lcase space strcmp substring_index hex unhex bin oct conv crc32 sha sha1 sha2',
    'truncate json_extract json_unquote json_object json_array json_contains json_length json_set json_insert json_value',
    'json_replace json_remove json_merge_patch json_arrayagg json_objectagg json_valid json_quote json_keys json_type',
    'any_value bit_count bit_and bit_or bit_xor std stddev_pop stddev_samp var_pop var_samp variance values value key',
    'get_lock release_lock is_free_lock is_used_lock release_all_locks sleep benchmark inet_aton inet_ntoa regexp_substr',
    'regexp_like regexp_instr to_base64 from_base64 compress uncompress quote soundex ord asin acos atan sin cos tan cot',
    'degrees radians log2 log10 exp pow int integer bigint smallint tinyint mediumint double varbinary bool boolean',
  ].join(' '),
)

export const mysqlDialect: Dialect = {
  statementsOf,
  meaningOf,
  refined,
  functions: FUNCTIONS,
  judge: ({ code }, isCommit): ErrorMeaning['means'] => (isCommit ? judgeCommit(code) : judgeError(code)),
}

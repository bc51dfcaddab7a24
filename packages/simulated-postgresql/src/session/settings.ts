import { SERVER_VERSION } from '../functions/system.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { undefinedSetting } from '../sql/undefined.ts'
import { roundHalfEven } from '../types/calendar.ts'
import { sessionZone } from '../types/zone.ts'

/**
 * `reported`: to clients, by ParameterStatus. `ms`: the default unit of a number. `fixed`, `restart`: cannot be set.
 * `lower-case`: the value is printed in lower case.
 */
type Mark = 'reported' | 'fixed' | 'restart' | 'ms' | 'lower-case'

interface Setting {
  readonly name: string
  readonly value: string
  readonly marks: readonly Mark[]
}

/** The settings that programs read or set. Most have no effect on an in-memory engine. */
const ROWS: readonly (readonly [name: string, value: string, ...marks: Mark[]])[] = [
  ['server_version', SERVER_VERSION, 'reported', 'fixed'],
  ['server_version_num', '180000', 'fixed'],
  ['server_encoding', 'UTF8', 'reported', 'fixed'],
  ['client_encoding', 'UTF8', 'reported'],
  ['application_name', '', 'reported'],
  ['default_transaction_read_only', 'off', 'reported'],
  ['in_hot_standby', 'off', 'reported', 'fixed'],
  ['is_superuser', 'on', 'reported', 'fixed'],
  ['session_authorization', 'postgres', 'reported'],
  ['role', 'none'],
  ['DateStyle', 'ISO, MDY', 'reported'],
  ['IntervalStyle', 'postgres', 'reported'],
  ['TimeZone', 'UTC', 'reported'],
  ['integer_datetimes', 'on', 'reported', 'fixed'],
  ['standard_conforming_strings', 'on', 'reported'],
  ['search_path', '"$user", public'],
  ['default_transaction_isolation', 'read committed', 'lower-case'],
  ['default_transaction_deferrable', 'off'],
  ['transaction_isolation', 'read committed'],
  ['transaction_read_only', 'off'],
  ['transaction_deferrable', 'off'],
  ['statement_timeout', '0', 'ms'],
  ['lock_timeout', '0', 'ms'],
  ['deadlock_timeout', '1s', 'ms'],
  ['idle_in_transaction_session_timeout', '0', 'ms'],
  ['idle_session_timeout', '0', 'ms'],
  ['client_min_messages', 'notice'],
  ['extra_float_digits', '1'],
  ['bytea_output', 'hex'],
  ['synchronous_commit', 'on'],
  ['max_connections', '100', 'restart'],
  ['max_index_keys', '32', 'fixed'],
  ['max_identifier_length', '63', 'fixed'],
  ['row_security', 'on'],
  ['jit', 'off'],
  ['work_mem', '4MB'],
  ['maintenance_work_mem', '64MB'],
  ['check_function_bodies', 'on'],
  ['xmloption', 'content'],
  ['default_table_access_method', 'heap'],
  ['default_tablespace', ''],
  ['lc_collate', 'C', 'fixed'],
  ['lc_messages', 'C'],
  ['lc_monetary', 'C'],
  ['constraint_exclusion', 'partition'],
  ['wal_level', 'replica', 'restart'],
]

const SETTINGS: readonly Setting[] = ROWS.map(([name, value, ...marks]) => ({ name, value, marks }))

const BY_NAME: ReadonlyMap<string, Setting> = new Map(SETTINGS.map((setting) => [setting.name.toLowerCase(), setting]))

export class Settings {
  readonly #defaults: ReadonlyMap<string, string>
  readonly #values = new Map<string, string>()
  /** Settings that the session has set, but that `ROWS` lacks. After a reset, their value is the empty string. */
  readonly #custom = new Set<string>()
  readonly #changed: (name: string, value: string) => void

  constructor(defaults: ReadonlyMap<string, string>, changed: (name: string, value: string) => void) {
    this.#defaults = new Map([...defaults].map(([name, value]) => [name.toLowerCase(), value]))
    this.#changed = changed
    for (const [name, value] of defaults) checkStyle(name, value)
  }

  get(name: string): string | undefined {
    const key = name.toLowerCase()
    return (
      this.#values.get(key) ??
      this.#defaults.get(key) ??
      BY_NAME.get(key)?.value ??
      (this.#custom.has(key) ? '' : undefined)
    )
  }

  /** Returns the value of a setting. Throws 42704 if it is unknown, unless `missingOk`. */
  show(name: string, missingOk: boolean): string | undefined {
    const value = this.get(name)
    const error = value === undefined ? undefinedSetting(name) : undefined
    if (error !== undefined && (!missingOk || error instanceof NotSupported)) throw error
    const isTime = BY_NAME.get(name.toLowerCase())?.marks.includes('ms')
    return isTime && value !== undefined ? timeText(millisecondsOf(value) ?? 0) : value
  }

  /** Sets or resets a value. The result undoes the change. */
  set(name: string, given: string | undefined): () => void {
    const key = name.toLowerCase()
    const setting = BY_NAME.get(key)
    const value = setting?.marks.includes('lower-case') ? given?.toLowerCase() : given
    if (setting === undefined && !name.includes('.')) throw undefinedSetting(name)
    if (setting?.marks.includes('fixed')) throw new SqlError('55P02', `parameter "${setting.name}" cannot be changed`)
    if (setting?.marks.includes('restart'))
      throw new SqlError('55P02', `parameter "${setting.name}" cannot be changed without restarting the server`)
    if (value !== undefined) checkSetting(name, value)
    // Other roles are refused, because the privileges of roles are not simulated.
    const own = this.#defaults.get('session_authorization')
    if (IDENTITIES.has(key) && value !== undefined && value !== own && (key !== 'role' || value !== 'none'))
      throw new NotSupported(`SET ${setting?.name.replaceAll('_', ' ').toUpperCase()} to another role`)
    if (setting === undefined) this.#custom.add(key)
    const before = this.#values.get(key)
    this.#put(key, value)
    return () => this.#put(key, before)
  }

  #put(key: string, value: string | undefined): void {
    const before = this.get(key)
    if (value === undefined) this.#values.delete(key)
    else this.#values.set(key, value)
    const setting = BY_NAME.get(key)
    const now = this.get(key)
    if (setting?.marks.includes('reported') && now !== before) this.#changed(setting.name, now ?? '')
  }

  resetAll(): void {
    for (const key of [...this.#values.keys()]) this.#put(key, undefined)
  }

  reported(): ReadonlyMap<string, string> {
    return new Map(
      SETTINGS.filter(({ marks }) => marks.includes('reported')).map(({ name }) => [name, this.get(name) ?? '']),
    )
  }

  all(): readonly { readonly name: string; readonly value: string }[] {
    return SETTINGS.map(({ name }) => ({ name, value: this.get(name) ?? '' })).toSorted((a, b) =>
      a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1,
    )
  }

  milliseconds(name: string): number {
    return millisecondsOf(this.get(name) ?? '0') ?? 0
  }
}

export const settingName = (name: string): string => BY_NAME.get(name.toLowerCase())?.name ?? name

/** Throws 22023 if a setting cannot have the value. */
export function checkSetting(name: string, value: string): void {
  const setting = BY_NAME.get(name.toLowerCase())
  if (setting !== undefined) check(setting, value)
}

const IDENTITIES: ReadonlySet<string> = new Set(['role', 'session_authorization'])

const ISOLATION_LEVELS = ['read uncommitted', 'read committed', 'repeatable read', 'serializable']

function check(setting: Setting, value: string): void {
  const invalid = (hint?: string): SqlError =>
    new SqlError(
      '22023',
      `invalid value for parameter "${setting.name}": "${value}"`,
      hint === undefined ? {} : { hint },
    )
  if (setting.marks.includes('ms') && millisecondsOf(value) === undefined)
    throw invalid('Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".')
  if (setting.name.endsWith('transaction_isolation') && !ISOLATION_LEVELS.includes(value.toLowerCase()))
    throw invalid(`Available values: serializable, repeatable read, read committed, read uncommitted.`)
  checkStyle(setting.name, value)
  if (setting.name === 'TimeZone') sessionZone(value)
  if (setting.name === 'client_encoding' && !/^utf-?8$|^unicode$/i.test(value)) throw invalid()
}

/** The supported values of settings that affect the text form of values. */
const STYLES: Readonly<Record<string, RegExp>> = {
  datestyle: /^ *(?:iso|mdy)(?: *, *(?:iso|mdy))* *$/i,
  intervalstyle: /^postgres$/i,
  bytea_output: /^hex$/i,
  extra_float_digits: /^ *[123] *$/,
}

function checkStyle(name: string, value: string): void {
  if (STYLES[name.toLowerCase()]?.test(value) === false) throw new NotSupported(`SET ${name} TO ${value}`)
}

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }

function millisecondsOf(text: string): number | undefined {
  const [, number, unit = 'ms'] = /^\s*(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?\s*$/.exec(text) ?? []
  return number === undefined ? undefined : roundHalfEven(Number(number) * (UNITS[unit] ?? 1))
}

/** Returns a duration as SHOW prints it. The unit is the largest one that gives a whole number. */
function timeText(milliseconds: number): string {
  const units = Object.entries(UNITS).toReversed()
  const [unit, size] = units.find(([, each]) => milliseconds % each === 0) ?? ['ms', 1]
  return milliseconds === 0 ? '0' : `${milliseconds / size}${unit}`
}

/** Returns the settings of a StartupMessage: its parameters, and `-c name=value` in `options`. */
export function startupSettings(startup: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of startup)
    if (!['user', 'database', 'options', 'replication'].includes(name) && !name.startsWith('_pq_'))
      found.set(name, value)
  for (const [, name = '', value = ''] of (startup.get('options') ?? '').matchAll(
    /(?:-c\s*|--)([\w.]+)=((?:\\.|[^\s\\])*)/g,
  ))
    found.set(name.replaceAll('-', '_'), value.replaceAll(/\\(.)/g, '$1'))
  return found
}

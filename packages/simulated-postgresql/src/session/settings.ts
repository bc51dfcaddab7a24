import { SERVER_VERSION } from '../functions/system.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { undefinedSetting } from '../sql/undefined.ts'
import { roundHalfEven } from '../types/calendar.ts'
import { sessionZone } from '../types/zone.ts'

interface Setting {
  readonly name: string
  readonly value: string
  /** Whether the setting is reported to clients (ParameterStatus). */
  readonly reported?: true
  /** The default unit of a numeric value. */
  readonly unit?: 'ms'
  readonly fixed?: true
}

/** The settings that programs read or set. Most have no effect on an in-memory engine. */
const SETTINGS: readonly Setting[] = [
  { name: 'server_version', value: SERVER_VERSION, reported: true, fixed: true },
  { name: 'server_version_num', value: '180000', fixed: true },
  { name: 'server_encoding', value: 'UTF8', reported: true, fixed: true },
  { name: 'client_encoding', value: 'UTF8', reported: true },
  { name: 'application_name', value: '', reported: true },
  { name: 'default_transaction_read_only', value: 'off', reported: true },
  { name: 'in_hot_standby', value: 'off', reported: true, fixed: true },
  { name: 'is_superuser', value: 'on', reported: true, fixed: true },
  { name: 'session_authorization', value: 'postgres', reported: true },
  { name: 'role', value: 'none' },
  { name: 'DateStyle', value: 'ISO, MDY', reported: true },
  { name: 'IntervalStyle', value: 'postgres', reported: true },
  { name: 'TimeZone', value: 'UTC', reported: true },
  { name: 'integer_datetimes', value: 'on', reported: true, fixed: true },
  { name: 'standard_conforming_strings', value: 'on', reported: true },
  { name: 'search_path', value: '"$user", public' },
  { name: 'default_transaction_isolation', value: 'read committed' },
  { name: 'default_transaction_deferrable', value: 'off' },
  { name: 'transaction_isolation', value: 'read committed' },
  { name: 'transaction_read_only', value: 'off' },
  { name: 'transaction_deferrable', value: 'off' },
  { name: 'statement_timeout', value: '0', unit: 'ms' },
  { name: 'lock_timeout', value: '0', unit: 'ms' },
  { name: 'deadlock_timeout', value: '1s', unit: 'ms' },
  { name: 'idle_in_transaction_session_timeout', value: '0', unit: 'ms' },
  { name: 'idle_session_timeout', value: '0', unit: 'ms' },
  { name: 'client_min_messages', value: 'notice' },
  { name: 'extra_float_digits', value: '1' },
  { name: 'bytea_output', value: 'hex' },
  { name: 'synchronous_commit', value: 'on' },
  { name: 'max_connections', value: '100', fixed: true },
  { name: 'max_index_keys', value: '32', fixed: true },
  { name: 'max_identifier_length', value: '63', fixed: true },
  { name: 'row_security', value: 'on' },
  { name: 'jit', value: 'off' },
  { name: 'work_mem', value: '4MB' },
  { name: 'maintenance_work_mem', value: '64MB' },
  { name: 'check_function_bodies', value: 'on' },
  { name: 'xmloption', value: 'content' },
  { name: 'default_table_access_method', value: 'heap' },
  { name: 'default_tablespace', value: '' },
  { name: 'lc_collate', value: 'C', fixed: true },
  { name: 'lc_messages', value: 'C' },
  { name: 'lc_monetary', value: 'C' },
  { name: 'constraint_exclusion', value: 'partition' },
  { name: 'wal_level', value: 'replica', fixed: true },
]

const BY_NAME: ReadonlyMap<string, Setting> = new Map(SETTINGS.map((setting) => [setting.name.toLowerCase(), setting]))

export class Settings {
  readonly #defaults: ReadonlyMap<string, string>
  readonly #values = new Map<string, string>()
  readonly #changed: (name: string, value: string) => void

  constructor(defaults: ReadonlyMap<string, string>, changed: (name: string, value: string) => void) {
    this.#defaults = new Map([...defaults].map(([name, value]) => [name.toLowerCase(), value]))
    this.#changed = changed
    for (const [name, value] of defaults) checkStyle(name, value)
  }

  get(name: string): string | undefined {
    const key = name.toLowerCase()
    return this.#values.get(key) ?? this.#defaults.get(key) ?? BY_NAME.get(key)?.value
  }

  /** Returns the value of a setting. Throws 42704 if it is unknown, unless `missingOk`. */
  show(name: string, missingOk: boolean): string | undefined {
    const value = this.get(name)
    const error = value === undefined ? undefinedSetting(name) : undefined
    if (error !== undefined && (!missingOk || error instanceof NotSupported)) throw error
    const isTime = BY_NAME.get(name.toLowerCase())?.unit === 'ms'
    return isTime && value !== undefined ? shownTime(millisecondsOf(value) ?? 0) : value
  }

  /** Sets or resets a value. The result undoes the change. */
  set(name: string, value: string | undefined): () => void {
    const key = name.toLowerCase()
    const setting = BY_NAME.get(key)
    if (setting === undefined && !name.includes('.')) throw undefinedSetting(name)
    if (setting?.fixed === true) throw new SqlError('55P02', `parameter "${setting.name}" cannot be changed`)
    if (value !== undefined && setting !== undefined) check(setting, value)
    // Other roles are refused, because the privileges of roles are not simulated.
    const own = this.#defaults.get('session_authorization')
    if (IDENTITIES.has(key) && value !== undefined && value !== own && (key !== 'role' || value !== 'none'))
      throw new NotSupported(`SET ${setting?.name.replaceAll('_', ' ').toUpperCase()} to another role`)
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
    if (setting?.reported === true && now !== before) this.#changed(setting.name, now ?? '')
  }

  resetAll(): void {
    for (const key of [...this.#values.keys()]) this.#put(key, undefined)
  }

  reported(): ReadonlyMap<string, string> {
    return new Map(
      SETTINGS.filter((setting) => setting.reported === true).map(({ name }) => [name, this.get(name) ?? '']),
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

const IDENTITIES: ReadonlySet<string> = new Set(['role', 'session_authorization'])

const ISOLATION_LEVELS = ['read uncommitted', 'read committed', 'repeatable read', 'serializable']

function check(setting: Setting, value: string): void {
  const invalid = (hint?: string): SqlError =>
    new SqlError(
      '22023',
      `invalid value for parameter "${setting.name}": "${value}"`,
      hint === undefined ? {} : { hint },
    )
  if (setting.unit === 'ms' && millisecondsOf(value) === undefined)
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

/** Returns a time as SHOW prints it, in the largest unit of which it is a multiple. */
function shownTime(milliseconds: number): string {
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

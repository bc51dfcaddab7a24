import { NotSupported, SqlError } from '../sql/error.ts'
import { isEndless, MICROS_PER_DAY, MICROS_PER_SECOND } from './calendar.ts'
import { type ZoneRules, zoneRules } from './zone-rules.ts'

/** A time zone. Times are microseconds since 2000-01-01, in UTC or local time. */
export interface Zone {
  offsetAt(universal: bigint): number
  toLocal(universal: bigint): bigint
  toUniversal(local: bigint): bigint
}

export function fixedZone(seconds: number): Zone {
  const micros = BigInt(seconds) * MICROS_PER_SECOND
  return {
    offsetAt: () => seconds,
    toLocal: (universal) => shifted(universal, micros),
    toUniversal: (local) => shifted(local, -micros),
  }
}

function shifted(moment: bigint, by: bigint): bigint {
  return isEndless(moment) ? moment : moment + by
}

function changingZone(rules: ZoneRules): Zone {
  const micros = (universal: bigint): bigint => BigInt(rules.offsetAt(universal)) * MICROS_PER_SECOND
  return {
    offsetAt: (universal) => rules.offsetAt(universal),
    toLocal: (universal) => (isEndless(universal) ? universal : universal + micros(universal)),
    // A skipped local time has the offset before the change. A repeated local time has the offset after the change
    // (DetermineTimeZoneOffset).
    toUniversal(local) {
      if (isEndless(local)) return local
      const before = local - micros(local - MICROS_PER_DAY)
      const after = local - micros(local + MICROS_PER_DAY)
      if (before === after) return before
      const beforeHolds = local - micros(before) === before
      const afterHolds = local - micros(after) === after
      if (beforeHolds !== afterHolds) return beforeHolds ? before : after
      return before > after ? before : after
    },
  }
}

/** The abbreviations with a fixed offset that PostgreSQL knows by default, in seconds east of UTC. */
const FIXED: ReadonlyMap<string, number> = new Map(
  Object.entries({
    utc: 0,
    gmt: 0,
    z: 0,
    zulu: 0,
    ut: 0,
    uct: 0,
    wet: 0,
    bst: 1,
    cet: 1,
    met: 1,
    cest: 2,
    mest: 2,
    eet: 2,
    eest: 3,
    est: -5,
    edt: -4,
    cst: -6,
    cdt: -5,
    mst: -7,
    mdt: -6,
    pst: -8,
    pdt: -7,
    jst: 9,
    kst: 9,
    hst: -10,
  }).map(([name, hours]) => [name, hours * 3600]),
)

export function zoneByName(name: string): Zone | undefined {
  const fixed = FIXED.get(name.toLowerCase())
  return fixed === undefined ? fullZone(name) : fixedZone(fixed)
}

function fullZone(name: string): Zone | undefined {
  // In zone names, digits occur only in an offset. The offset is at the end, as in `Etc/GMT+5`, or before the last
  // three letters, as in `EST5EDT`.
  if (/^[a-z]+(?:[/_-][a-z]+)*(?:[+-]?\d{1,2}(?:[a-z]{3})?)?$/i.test(name)) {
    const rules = zoneRules(name)
    if (rules !== undefined) return changingZone(rules)
  }
  // POSIX offsets count west of UTC: '+02' and 'XYZ+2' are two hours behind UTC.
  const posix = /^(?:[a-z]{3,}|<[a-z\d+-]+>)?([+-]?)(\d{1,3})(?::(\d{1,2})(?::(\d{1,2}))?)?$/i.exec(name)
  if (posix) {
    const seconds = Number(posix[2]) * 3600 + Number(posix[3] ?? 0) * 60 + Number(posix[4] ?? 0)
    return fixedZone(posix[1] === '-' ? seconds : -seconds)
  }
  if (/\d.*[a-z]{3}/i.test(name)) throw new NotSupported(`the time zone ${name}`)
  return undefined
}

/** Returns the zone of AT TIME ZONE and of `timezone(text, …)`. */
export function namedZone(name: string): Zone {
  const zone = zoneByName(name)
  if (zone !== undefined) return zone
  // PostgreSQL accepts about two hundred abbreviations of time zones, so this name may be one of them.
  if (/^[a-z]{2,5}$/i.test(name)) throw new NotSupported(`the abbreviation ${name} of a time zone`)
  throw new SqlError('22023', `time zone "${name}" not recognized`)
}

const UTC = fixedZone(0)

/** Returns the zone for a value of TimeZone. A plain number means hours east of UTC. */
export function sessionZone(setting: string | undefined): Zone {
  if (setting === undefined || setting === 'UTC') return UTC
  if (/^[+-]?\d+(\.\d+)?$/.test(setting)) return fixedZone(Math.round(Number(setting) * 3600))
  const zone = fullZone(setting.replace(/^<([+-]\d+(?::\d+)*)>/, 'xyz').replace(/^xyz(?=[+-])/, ''))
  if (zone === undefined) throw new SqlError('22023', `invalid value for parameter "TimeZone": "${setting}"`)
  return zone
}

/** `+00`, `+05:30`, `-03:30:15`. */
export function formatOffset(seconds: number): string {
  const size = Math.abs(seconds)
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60]
  const count = parts[2] !== 0 ? 3 : parts[1] !== 0 ? 2 : 1
  const text = parts
    .slice(0, count)
    .map((part) => part.toString().padStart(2, '0'))
    .join(':')
  return `${seconds < 0 ? '-' : '+'}${text}`
}

import { NotSupported, SqlError } from '../sql/error.ts'

/** Abbreviations of PostgreSQL's default set that always mean the same offset from UTC, in seconds to the east. */
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
    west: 1,
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

const UNIVERSAL = new Set([
  'etc/utc',
  'etc/gmt',
  'etc/uct',
  'etc/zulu',
  'etc/universal',
  'universal',
  'greenwich',
  'gmt0',
])

/** Seconds east of UTC of a zone with a fixed offset, by its name or abbreviation; undefined for a word that is no zone. */
export function zoneByName(name: string): number | undefined {
  const lower = name.toLowerCase()
  const fixed = FIXED.get(lower)
  if (fixed !== undefined) return fixed
  if (UNIVERSAL.has(lower)) return 0
  const etc = /^etc\/gmt([+-])(\d{1,2})$/.exec(lower)
  if (etc) return (etc[1] === '+' ? -1 : 1) * Number(etc[2]) * 3600
  if (/^[a-z]+(\/[a-z_+-]+)+$/.test(lower)) throw new NotSupported(`the time zone ${name}`)
  // POSIX counts to the west: '+02' and 'XYZ+2' are two hours behind UTC.
  const posix = /^(?:[a-z]{3,}|<[a-z\d+-]+>)?([+-]?)(\d{1,3})(?::(\d{1,2})(?::(\d{1,2}))?)?$/.exec(lower)
  if (posix) {
    const seconds = Number(posix[2]) * 3600 + Number(posix[3] ?? 0) * 60 + Number(posix[4] ?? 0)
    return posix[1] === '-' ? seconds : -seconds
  }
  return undefined
}

/** The zone of AT TIME ZONE and of `timezone(text, …)`. */
export function namedZone(name: string): number {
  const offset = zoneByName(name)
  if (offset === undefined) throw new SqlError('22023', `time zone "${name}" not recognized`)
  return offset
}

/** The zone of the setting TimeZone, where a plain number counts hours to the east. */
export function sessionZone(setting: string | undefined): number {
  if (setting === undefined || setting === 'UTC') return 0
  if (/^[+-]?\d+(\.\d+)?$/.test(setting)) return Math.round(Number(setting) * 3600)
  const offset = zoneByName(setting.replace(/^<([+-]\d+(?::\d+)*)>/, 'xyz').replace(/^xyz(?=[+-])/, ''))
  if (offset === undefined) throw new SqlError('22023', `invalid value for parameter "TimeZone": "${setting}"`)
  return offset
}

/** `+00`, `+05:30`, `-03:30:15`. */
export function formatOffset(seconds: number): string {
  const size = Math.abs(seconds)
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60]
  const shown = parts[2] !== 0 ? 3 : parts[1] !== 0 ? 2 : 1
  const text = parts
    .slice(0, shown)
    .map((part) => part.toString().padStart(2, '0'))
    .join(':')
  return `${seconds < 0 ? '-' : '+'}${text}`
}

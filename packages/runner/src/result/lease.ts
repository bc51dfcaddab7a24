import { type Header, millis, millisToNanos, type Nanos } from '@chaosproxy/history'
import { numberAt, textAt } from './parsed.ts'

export interface Lease {
  readonly nanos: Nanos
  /** The setting that says so, as users know it: `lock-ms`. */
  readonly setting: string
}

/** The member of a history's header that keeps it. */
const MEMBER = 'lease'
/** A year; what is longer was not written here. */
const LONGEST_MS = 366 * 86_400_000

/** The member of a history's header that says how long the target's locks last; none if nobody declared it. */
export function leaseMember(
  declared: readonly { readonly name: string; readonly isLeaseMs?: true | undefined }[],
  chosen: { readonly [setting: string]: unknown },
): Header['extra'] {
  const setting = declared.find(({ isLeaseMs }) => isLeaseMs === true)?.name
  const ms = setting === undefined ? undefined : chosen[setting]
  return setting === undefined || typeof ms !== 'number' ? undefined : { [MEMBER]: { setting, ms } }
}

/** The lease of the locks that a history is about; undefined if its header tells of none, or in another form. */
export function leaseOfHeader(header: Header | undefined): Lease | undefined {
  const [setting, ms] = [textAt(header?.extra, MEMBER, 'setting'), numberAt(header?.extra, MEMBER, 'ms')]
  return setting !== undefined && ms !== undefined && ms > 0 && ms <= LONGEST_MS
    ? { setting, nanos: millisToNanos(millis(ms)) }
    : undefined
}
